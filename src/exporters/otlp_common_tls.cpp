// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_common_tls.h"

#include <array>
#include <algorithm>

namespace weir {

const config::Fields<TlsClientConfig>& TlsClientConfig::fields() {
  using T = TlsClientConfig;
  static const config::Fields<T> kFields = {
      config::field("insecure", &T::insecure, "plaintext instead of TLS (gRPC)"),
      config::field("insecure_skip_verify", &T::insecure_skip_verify, "do not check the server's certificate"),
      config::field("server_name_override", &T::server_name_override, "name that the server's certificate must have"),
      config::field("ca_file", &T::ca_file,
                    "PEM file of the authorities that are trusted; default those of the system"),
      config::secret_field("ca_pem", &T::ca_pem, "the same, written here"),
      config::field("cert_file", &T::cert_file, "PEM file of the client's certificate"),
      config::secret_field("cert_pem", &T::cert_pem, "the same, written here"),
      config::field("key_file", &T::key_file, "PEM file of the client's key"),
      config::secret_field("key_pem", &T::key_pem, "the same, written here"),
      config::field("include_system_ca_certs_pool", &T::include_system_ca_certs_pool,
                    "trust the system's authorities too"),
      config::field("min_version", &T::min_version, "lowest TLS version"),
      config::field("max_version", &T::max_version, "highest TLS version"),
      config::field("cipher_suites", &T::cipher_suites, "cipher suites that may be used"),
      config::field("include_insecure_cipher_suites", &T::include_insecure_cipher_suites,
                    "weak cipher suites may be named"),
      config::field("curve_preferences", &T::curve_preferences, "curves, best first"),
      config::field("reload_interval", &T::reload_interval, "certificates are read again after this time; 0 = never"),
      config::unsupported<T>("tpm"),
  };
  return kFields;
}

void TlsClientConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  const auto fail = [&](std::string_view key, std::string text) {
    const config::Value* value = at.find(key);
    problems.error(value == nullptr ? at.place : value->place, path, std::move(text));
  };
  static constexpr std::array<std::string_view, 5> kVersions = {"", "1.0", "1.1", "1.2", "1.3"};
  const auto known = [](const std::string& version) {
    return std::find(kVersions.begin(), kVersions.end(), version) != kVersions.end();
  };
  if (!known(min_version)) {
    fail("min_version", "invalid TLS min_version: unsupported TLS version: \"" + min_version + "\"");
  }
  if (!known(max_version)) {
    fail("max_version", "invalid TLS max_version: unsupported TLS version: \"" + max_version + "\"");
  }
  if (!max_version.empty() && min_version > max_version) {
    fail("min_version", "invalid TLS configuration: min_version cannot be greater than max_version");
  }
  if (!ca_file.empty() && !ca_pem.empty()) {
    fail("ca_pem", "provide either a CA file or the PEM-encoded string, but not both");
  }
  if (!cert_file.empty() && !cert_pem.empty()) {
    fail("cert_pem", "provide either a certificate or the PEM-encoded string, but not both");
  }
  if (!key_file.empty() && !key_pem.empty()) {
    fail("key_pem", "provide either a key or the PEM-encoded string, but not both");
  }
  const bool has_certificate = !cert_file.empty() || !cert_pem.empty();
  const bool has_key = !key_file.empty() || !key_pem.empty();
  if (has_certificate != has_key) {
    fail(has_key ? "key_file" : "cert_file", "for auth via TLS, provide both certificate and key, or neither");
  }
}

bool TlsClientConfig::wants_tls_settings() const {
  const std::string* const texts[] = {
      &server_name_override, &ca_file, &ca_pem, &cert_file, &cert_pem, &key_file, &key_pem, &min_version, &max_version};
  const bool any_text =
      std::any_of(std::begin(texts), std::end(texts), [](const std::string* text) { return !text->empty(); });
  return any_text || insecure_skip_verify || include_system_ca_certs_pool || !cipher_suites.empty() ||
         include_insecure_cipher_suites || !curve_preferences.empty() || reload_interval != Duration{0};
}

}  // namespace weir
