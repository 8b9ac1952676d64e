// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "weir/tls.h"

namespace weir::net {

// Names of the dialect as OpenSSL takes them. Errors are the collector's.

// "1.2" -> TLS1_2_VERSION; 0 for "", -1 where there is no such version.
int tls_version_number(const std::string& version);

struct TlsNames {
  std::string list;  // for OpenSSL, separated by ':'; "" where nothing was named
  std::string error;
};
// IANA names of TLS 1.2 and older. `only_tls13`: names were given, all of them of TLS 1.3 (which cannot be chosen).
TlsNames tls_cipher_list(const TlsSettings& settings, bool& only_tls13);
TlsNames tls_curve_list(const TlsSettings& settings);

}  // namespace weir::net
