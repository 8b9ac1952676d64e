// SPDX-License-Identifier: Apache-2.0
#include "net/tls_ciphers.h"

#include <openssl/opensslv.h>
#include <openssl/tls1.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace weir::net {

namespace {

struct Suite {
  std::string_view name;     // IANA
  std::string_view openssl;  // empty: TLS 1.3
  bool insecure = false;
};

// The suites that the collector knows (those of Go's crypto/tls) and this OpenSSL has; 3DES and RC4 are gone.
constexpr Suite kSuites[] = {
    {"TLS_AES_128_GCM_SHA256", ""},
    {"TLS_AES_256_GCM_SHA384", ""},
    {"TLS_CHACHA20_POLY1305_SHA256", ""},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256", true},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256", true},
    {"TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256", true},
    {"TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384", true},
    {"TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256", true},
    {"TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA", true},
    {"TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA", true},
};

struct Curve {
  std::string_view name;
  std::string_view openssl;  // empty: this OpenSSL does not have it
};
constexpr Curve kCurves[] = {
    {"P256", "P-256"}, {"P384", "P-384"}, {"P521", "P-521"}, {"X25519", "X25519"}, {"X25519MLKEM768", ""}};

void add(std::string& list, std::string_view name) {
  if (!list.empty()) list += ':';
  list += name;
}

}  // namespace

int tls_version_number(const std::string& version) {
  if (version.empty()) return 0;
  if (version == "1.0") return TLS1_VERSION;
  if (version == "1.1") return TLS1_1_VERSION;
  if (version == "1.2") return TLS1_2_VERSION;
  return version == "1.3" ? TLS1_3_VERSION : -1;
}

TlsNames tls_cipher_list(const TlsSettings& settings, bool& only_tls13) {
  TlsNames names;
  for (const std::string& name : settings.cipher_suites) {
    const Suite* suite =
        std::find_if(std::begin(kSuites), std::end(kSuites), [&](const auto& s) { return s.name == name; });
    if (suite == std::end(kSuites) || (suite->insecure && !settings.include_insecure_cipher_suites)) {
      return {"", "invalid TLS cipher suite: \"" + name + "\""};
    }
    if (!suite->openssl.empty()) add(names.list, suite->openssl);
  }
  only_tls13 = !settings.cipher_suites.empty() && names.list.empty();
  return names;
}

TlsNames tls_curve_list(const TlsSettings& settings) {
  TlsNames names;
  for (const std::string& name : settings.curve_preferences) {
    const Curve* curve =
        std::find_if(std::begin(kCurves), std::end(kCurves), [&](const auto& c) { return c.name == name; });
    if (curve == std::end(kCurves)) {
      return {"", "invalid curve type: " + name + ". Expected values are [P256 P384 P521 X25519 X25519MLKEM768]"};
    }
    if (!curve->openssl.empty()) add(names.list, curve->openssl);
  }
  // A curve that we lack is no loss beside others: no peer is bound to have it. Alone it cannot be obeyed.
  if (names.list.empty() && !settings.curve_preferences.empty()) {
    return {"", "curve_preferences: " + settings.curve_preferences.front() + " is not supported by OpenSSL " +
                    std::string(OPENSSL_VERSION_STR)};
  }
  return names;
}

}  // namespace weir::net
