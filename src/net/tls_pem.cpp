// SPDX-License-Identifier: Apache-2.0
#include "net/tls_pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "net/tls.h"

namespace weir::net {

Pem read_pem(const std::string& file, const std::string& written) {
  if (file.empty()) return {written, ""};
  Pem pem;
  const std::unique_ptr<std::FILE, OpenSslFree<std::fclose>> in(std::fopen(file.c_str(), "rbe"));
  char chunk[4096];
  for (size_t got = 1; in && got > 0;) pem.text.append(chunk, got = std::fread(chunk, 1, sizeof chunk, in.get()));
  if (in && std::ferror(in.get()) == 0) return pem;
  std::string why = std::strerror(errno);
  why.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(why.front())));
  return {"", "open " + file + ": " + why};
}

BioPtr bio_of(const std::string& text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

int no_password(char*, int, int, void*) { return 0; }

std::vector<X509Ptr> certificates_in(const std::string& pem) {
  std::vector<X509Ptr> all;
  const BioPtr bio = bio_of(pem);
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)) all.emplace_back(one);
  ERR_clear_error();
  return all;
}

std::string text_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "?";
  char text[40];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

namespace {

void warn_of(const std::string& file, const char* kind, const std::string& pem, const TlsLog& log) {
  for (const X509Ptr& one : certificates_in(pem)) {
    const ASN1_TIME* begin = X509_get0_notBefore(one.get());
    const ASN1_TIME* end = X509_get0_notAfter(one.get());
    const std::string where = file.empty() ? kind : file;
    if (X509_cmp_current_time(end) < 0) {
      log.to->warn(log.component, "a TLS certificate has expired", {{"file", where}, {"not_after", text_of(end)}});
    } else if (X509_cmp_current_time(begin) > 0) {
      log.to->warn(log.component, "a TLS certificate is not valid yet",
                   {{"file", where}, {"not_before", text_of(begin)}});
    }
  }
}

}  // namespace

void warn_of_dates(const TlsSettings& settings, const std::string& client_ca_file, const TlsLog& log) {
  if (log.to == nullptr) return;
  warn_of(settings.cert_file, "cert_pem", read_pem(settings.cert_file, settings.cert_pem).text, log);
  warn_of(settings.ca_file, "ca_pem", read_pem(settings.ca_file, settings.ca_pem).text, log);
  warn_of(client_ca_file, "", read_pem(client_ca_file, "").text, log);
}

}  // namespace weir::net
