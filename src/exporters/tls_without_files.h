// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/tls.h"

namespace weir {

// The same settings as far as they can be checked where their files are not.
inline config::TlsClientConfig without_files(config::TlsClientConfig tls) {
  if (!tls.cert_file.empty() || !tls.key_file.empty()) {
    for (std::string* part : {&tls.cert_file, &tls.cert_pem, &tls.key_file, &tls.key_pem}) part->clear();
  }
  tls.ca_file.clear();
  return tls;
}

}  // namespace weir
