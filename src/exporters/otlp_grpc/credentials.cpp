// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/credentials.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

namespace weir {

namespace {

constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("failed to load TLS config: open " + path + ": " + std::strerror(errno));
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string text_of(const std::string& file, const std::string& written) {
  return file.empty() ? written : read_file(file);
}

std::string authorities_of(const config::TlsClientConfig& tls) {
  std::string roots = text_of(tls.ca_file, tls.ca_pem);
  if (!roots.empty() && tls.include_system_ca_certs_pool) roots += "\n" + read_file(kSystemAuthorities);
  return roots;
}

std::shared_ptr<grpc::ChannelCredentials> make_unverified(const std::string& certificate, const std::string& key) {
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  options.set_certificate_verifier(std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  if (!certificate.empty()) {
    const std::vector<grpc::experimental::IdentityKeyCertPair> pairs = {{key, certificate}};
    options.set_certificate_provider(std::make_shared<grpc::experimental::StaticDataCertificateProvider>(pairs));
    options.watch_identity_key_cert_pairs();
  }
  return grpc::experimental::TlsCredentials(options);
}

}  // namespace

std::shared_ptr<grpc::ChannelCredentials> make_grpc_credentials(const config::TlsClientConfig& tls, bool plaintext) {
  if (plaintext) return grpc::InsecureChannelCredentials();
  const std::string certificate = text_of(tls.cert_file, tls.cert_pem);
  const std::string key = text_of(tls.key_file, tls.key_pem);
  if (tls.insecure_skip_verify) return make_unverified(certificate, key);
  // Without authorities of its own the library takes those of the system.
  return grpc::SslCredentials({authorities_of(tls), key, certificate});
}

}  // namespace weir
