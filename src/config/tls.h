// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/fields.h"
#include "weir/tls.h"

namespace weir::config {

// `tls` of whoever connects (collector-semantics §1.6). Each component says in its own validate what its transport
// cannot do.
struct TlsClientConfig : TlsClientSettings {
  static const Fields<TlsClientConfig>& fields();
  void validate(const Value& at, const std::string& path, Problems& problems) const;
  // True where anything but `insecure` is set.
  bool wants_tls_settings() const;
};

// `tls` of a listener: a certificate and its key are required.
struct TlsServerConfig : TlsServerSettings {
  static constexpr bool kCanBeOff = true;  // by `enabled: false`
  static const Fields<TlsServerConfig>& fields();
  void validate(const Value& at, const std::string& path, Problems& problems) const;
};

}  // namespace weir::config
