// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "extensions/health_check/config.h"
#include "net/page_server.h"
#include "weir/component.h"

namespace weir {

// The page that load balancers and kubelets ask: `path` of the config (200 when ready, 503 otherwise, with the
// collector's bodies) and, beside it, /livez (200 as long as the loop answers) and /readyz (as on the page of own
// metrics). It lives on shard 0 of net::EventLoops.
class HealthCheck {
 public:
  // `ready`: the listeners accept. `readyz`: the whole answer, with reasons; a full journal is one, and `path` stays
  // 200. Both are asked on shard 0, once per request, until the loops have stopped.
  HealthCheck(HealthCheckConfig config, const ComponentEnv& env, std::function<bool()> ready,
              std::function<net::PageReply()> readyz);
  ~HealthCheck();

  // Binds the endpoint and serves from then on. "" or what is wrong, with the component's id.
  std::string start();
  uint16_t port() const;               // after start()
  const std::string& address() const;  // after start()

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
