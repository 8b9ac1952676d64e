// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "weir/clock.h"

namespace weir {

// What a `tls` block says (collector-semantics of config/configtls), as the network takes it. A certificate, a key and
// authorities come from a file or are written out as PEM, never both.
struct TlsSettings {
  std::string ca_file, ca_pem;      // authorities that are trusted; empty = those of the system
  std::string cert_file, cert_pem;  // our own certificate, with its chain
  std::string key_file, key_pem;
  bool include_system_ca_certs_pool = false;
  std::string min_version, max_version;    // "1.0" … "1.3"; "" = 1.2, and the highest there is
  std::vector<std::string> cipher_suites;  // IANA names; of TLS 1.2 and older
  bool include_insecure_cipher_suites = false;
  std::vector<std::string> curve_preferences;  // "X25519", "P256", …; best first
  Duration reload_interval{0};                 // the files are read again after this time; 0 = never
};

struct TlsClientSettings : TlsSettings {
  bool insecure = false;  // plaintext (gRPC); for HTTP the URL's scheme decides
  bool insecure_skip_verify = false;
  std::string server_name_override;
};

struct TlsServerSettings : TlsSettings {
  std::string client_ca_file;  // set: clients must show a certificate of these authorities (mTLS)
  bool client_ca_file_reload = false;
};

}  // namespace weir
