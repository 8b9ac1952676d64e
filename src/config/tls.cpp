// SPDX-License-Identifier: Apache-2.0
#include "config/tls.h"

#include <algorithm>
#include <array>

namespace weir::config {

namespace {

// What both sides share. T is one of the two structs: a field table knows its own struct only.
template <class T>
Fields<T> shared_fields() {
  const auto text = [](std::string_view key, std::string TlsSettings::*member, std::string_view doc) {
    return field<T, std::string>(key, static_cast<std::string T::*>(member), doc);
  };
  const auto secret = [](std::string_view key, std::string TlsSettings::*member, std::string_view doc) {
    return secret_field<T, std::string>(key, static_cast<std::string T::*>(member), doc);
  };
  const auto list = [](std::string_view key, std::vector<std::string> TlsSettings::*member, std::string_view doc) {
    return field<T, std::vector<std::string>>(key, static_cast<std::vector<std::string> T::*>(member), doc);
  };
  const auto flag = [](std::string_view key, bool TlsSettings::*member, std::string_view doc) {
    return field<T, bool>(key, static_cast<bool T::*>(member), doc);
  };
  return {
      text("ca_file", &TlsSettings::ca_file, "PEM file of the authorities that are trusted; default: the system's"),
      secret("ca_pem", &TlsSettings::ca_pem, "the same, written here"),
      text("cert_file", &TlsSettings::cert_file, "PEM file of our certificate"),
      secret("cert_pem", &TlsSettings::cert_pem, "the same, written here"),
      text("key_file", &TlsSettings::key_file, "PEM file of our key"),
      secret("key_pem", &TlsSettings::key_pem, "the same, written here"),
      flag("include_system_ca_certs_pool", &TlsSettings::include_system_ca_certs_pool,
           "trust the system's authorities too"),
      text("min_version", &TlsSettings::min_version, "lowest TLS version; default 1.2"),
      text("max_version", &TlsSettings::max_version, "highest TLS version"),
      list("cipher_suites", &TlsSettings::cipher_suites, "cipher suites that may be used, up to TLS 1.2"),
      flag("include_insecure_cipher_suites", &TlsSettings::include_insecure_cipher_suites,
           "weak cipher suites may be named"),
      list("curve_preferences", &TlsSettings::curve_preferences, "curves, best first"),
      field<T, Duration>("reload_interval", static_cast<Duration T::*>(&TlsSettings::reload_interval),
                         "certificates are read again after this time; 0 = never"),
      unsupported<T>("tpm"),
  };
}

// Rules of both sides, in the collector's words.
class Check {
 public:
  Check(const Value& at, const std::string& path, Problems& problems) : at_(at), path_(path), problems_(problems) {}

  void fail(std::string_view key, std::string text) const {
    const Value* value = at_.find(key);
    problems_.error(value == nullptr ? at_.place : value->place, path_, std::move(text));
  }

  void shared(const TlsSettings& tls) const {
    versions(tls);
    if (!tls.ca_file.empty() && !tls.ca_pem.empty()) {
      fail("ca_pem", "provide either a CA file or the PEM-encoded string, but not both");
    }
    if (!tls.cert_file.empty() && !tls.cert_pem.empty()) {
      fail("cert_pem", "provide either a certificate or the PEM-encoded string, but not both");
    }
    if (!tls.key_file.empty() && !tls.key_pem.empty()) {
      fail("key_pem", "provide either a key or the PEM-encoded string, but not both");
    }
  }

 private:
  void versions(const TlsSettings& tls) const {
    static constexpr std::array<std::string_view, 5> kVersions = {"", "1.0", "1.1", "1.2", "1.3"};
    const auto known = [](const std::string& version) {
      return std::find(kVersions.begin(), kVersions.end(), version) != kVersions.end();
    };
    if (!known(tls.min_version)) {
      fail("min_version", "invalid TLS min_version: unsupported TLS version: \"" + tls.min_version + "\"");
    }
    if (!known(tls.max_version)) {
      fail("max_version", "invalid TLS max_version: unsupported TLS version: \"" + tls.max_version + "\"");
    }
    if (!tls.max_version.empty() && tls.min_version > tls.max_version) {
      fail("min_version", "invalid TLS configuration: min_version cannot be greater than max_version");
    }
  }

  const Value& at_;
  const std::string& path_;
  Problems& problems_;
};

bool has_certificate(const TlsSettings& tls) { return !tls.cert_file.empty() || !tls.cert_pem.empty(); }
bool has_key(const TlsSettings& tls) { return !tls.key_file.empty() || !tls.key_pem.empty(); }

}  // namespace

const Fields<TlsClientConfig>& TlsClientConfig::fields() {
  using T = TlsClientConfig;
  static const Fields<T> all = [] {
    Fields<T> fields = shared_fields<T>();
    fields.push_back(field<T, bool>("insecure", &T::insecure, "plaintext instead of TLS (gRPC)"));
    fields.push_back(
        field<T, bool>("insecure_skip_verify", &T::insecure_skip_verify, "do not check the server's certificate"));
    fields.push_back(field<T, std::string>("server_name_override", &T::server_name_override,
                                           "name that the server's certificate must have"));
    return fields;
  }();
  return all;
}

void TlsClientConfig::validate(const Value& at, const std::string& path, Problems& problems) const {
  const Check check(at, path, problems);
  check.shared(*this);
  if (has_certificate(*this) == has_key(*this)) return;
  check.fail(has_key(*this) ? "key_file" : "cert_file",
             "for auth via TLS, provide both certificate and key, or neither");
}

bool TlsClientConfig::wants_tls_settings() const {
  const std::string* const texts[] = {
      &server_name_override, &ca_file, &ca_pem, &cert_file, &cert_pem, &key_file, &key_pem, &min_version, &max_version};
  const bool any_text =
      std::any_of(std::begin(texts), std::end(texts), [](const std::string* text) { return !text->empty(); });
  return any_text || insecure_skip_verify || include_system_ca_certs_pool || !cipher_suites.empty() ||
         include_insecure_cipher_suites || !curve_preferences.empty() || reload_interval != Duration{0};
}

const Fields<TlsServerConfig>& TlsServerConfig::fields() {
  using T = TlsServerConfig;
  static const Fields<T> all = [] {
    Fields<T> fields = shared_fields<T>();
    fields.push_back(field<T, std::string>("client_ca_file", &T::client_ca_file,
                                           "PEM file of the authorities of clients; set: mutual TLS"));
    fields.push_back(field<T, bool>("client_ca_file_reload", &T::client_ca_file_reload,
                                    "read client_ca_file again when it changes"));
    return fields;
  }();
  return all;
}

void TlsServerConfig::validate(const Value& at, const std::string& path, Problems& problems) const {
  const Check check(at, path, problems);
  check.shared(*this);
  if (has_certificate(*this) && has_key(*this)) return;
  check.fail(has_key(*this) ? "key_file" : "cert_file",
             "TLS configuration must include both certificate and key for server connections");
}

}  // namespace weir::config
