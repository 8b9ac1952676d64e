// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/fields.h"
#include "weir/clock.h"

namespace weir {

// `tls` of a client (collector-semantics §1.6). Decoded alike for both OTLP exporters; each says in its own validate
// what its transport can do.
struct TlsClientConfig {
  bool insecure = false;  // plaintext (gRPC); for HTTP the URL's scheme decides
  bool insecure_skip_verify = false;
  std::string server_name_override;
  std::string ca_file, ca_pem;
  std::string cert_file, cert_pem;
  std::string key_file, key_pem;
  bool include_system_ca_certs_pool = false;
  std::string min_version, max_version;  // "1.0" … "1.3"; "" = the library's
  std::vector<std::string> cipher_suites;
  bool include_insecure_cipher_suites = false;
  std::vector<std::string> curve_preferences;
  Duration reload_interval{0};
  static const config::Fields<TlsClientConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;

  // True where anything but `insecure` is set.
  bool wants_tls_settings() const;
};

}  // namespace weir
