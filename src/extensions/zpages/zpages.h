// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "extensions/zpages/config.h"
#include "weir/component.h"

namespace weir {

// What the pages say of the process.
struct ServiceView {
  struct Pipeline {
    std::string id;
    std::vector<std::string> receivers, processors, exporters;
  };
  // The books of one destination (law 4): admitted = exported + sampled_out + filtered + dropped + held.
  struct Account {
    std::string pipeline, exporter;
    uint64_t admitted = 0, exported = 0, sampled_out = 0, filtered = 0, dropped = 0, held = 0;
    std::vector<std::pair<std::string, uint64_t>> drops;  // by reason, of those that happened
  };
  Time started;
  uint32_t shards = 0;
  std::string journal;  // its directory; "" = none
  std::vector<Pipeline> pipelines;
  std::vector<Account> accounts;
  std::vector<std::string> extensions;
};

// Pages for people, at /debug/{servicez,pipelinez,extensionz,featurez,tracez}. They live on shard 0.
class ZPages {
 public:
  using Done = absl::AnyInvocable<void(const ServiceView&)>;
  // Asked on shard 0, once per page; answers once, from any thread.
  using Ask = std::function<void(Done)>;
  ZPages(ZPagesConfig config, const ComponentEnv& env, Ask ask);
  // Binds the endpoint and serves from then on. "" or what is wrong, with the extension's id.
  std::string start();
  uint16_t port() const { return server_->port(); }
  const std::string& address() const { return server_->address(); }

 private:
  void answer(const std::string& path, net::PageDone done) const;

  const ZPagesConfig config_;
  const std::string id_;
  Log* const log_;
  Shards* const shards_;
  const Clock* const clock_;
  const Ask ask_;
  std::unique_ptr<net::PageServer> server_;
};

}  // namespace weir
