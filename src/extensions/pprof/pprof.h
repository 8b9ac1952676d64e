// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "extensions/page.h"
#include "weir/component.h"

namespace weir {

// The collector's `pprof` extension (collector-semantics §9.5). A process that is not written in Go has no such
// profiles: the page says how weir is profiled.
struct PprofConfig {
  std::string endpoint;  // "" = port 1777 of WEIR_DEFAULT_HOST

  static const config::Fields<PprofConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

class Pprof {
 public:
  Pprof(PprofConfig config, const ComponentEnv& env) : config_(std::move(config)), id_(env.id), shards_(env.shards) {}
  // Binds the endpoint and serves from then on. "" or what is wrong, with the extension's id.
  std::string start();
  uint16_t port() const { return server_->port(); }
  const std::string& address() const { return server_->address(); }

 private:
  const PprofConfig config_;
  const std::string id_;
  Shards* const shards_;
  std::unique_ptr<net::PageServer> server_;
};

}  // namespace weir
