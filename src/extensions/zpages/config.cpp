// SPDX-License-Identifier: Apache-2.0
#include "extensions/zpages/config.h"

namespace weir {

namespace {

struct Expvar {
  bool enabled = false;
  static const config::Fields<Expvar>& fields() {
    static const config::Fields<Expvar> kFields = {
        config::field("enabled", &Expvar::enabled, "does nothing"),
    };
    return kFields;
  }
};

void decode_expvar(const config::At& at, ZPagesConfig&) {
  Expvar expvar;
  config::decode(at, expvar);
  if (expvar.enabled) at.warn("does nothing: weir has no expvar; its metrics are at /metrics of the telemetry port");
}

}  // namespace

const config::Fields<ZPagesConfig>& ZPagesConfig::fields() {
  using T = ZPagesConfig;
  static const config::Fields<T> kFields = [] {
    config::Fields<T> fields = {config::custom<T>("expvar", "map", decode_expvar, "accepted, does nothing")};
    config::squash(fields, &T::page);
    return fields;
  }();
  return kFields;
}

void ZPagesConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  page.validate(at, path, problems);
}

}  // namespace weir
