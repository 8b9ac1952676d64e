// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/binary.h"
#include "connectors/histogram.h"
#include "connectors/key_hash.h"
#include "connectors/service_graph/config.h"
#include "weir/component.h"

namespace weir::service_graph {

// What follows from the config, fixed when the connector is built; read by all shards. Attributes are indexes into
// `names`.
struct Plan {
  Plan(const ServiceGraphConfig& config, const ComponentEnv& env);

  ServiceGraphConfig config;
  std::vector<std::string> names;  // attributes that some rule looks for, each once
  std::vector<uint32_t> dimensions;
  std::vector<uint32_t> peers;
  std::vector<uint32_t> databases;
  std::vector<uint32_t> database_hosts;  // tempo: what names a database before its own name does
  uint32_t network_port = 0;             // tempo: goes behind the last of database_hosts
  Duration ttl;
  DurationBuckets buckets;
  int32_t exponential_size;  // 0 = explicit buckets
  uint64_t seed;

  // Differs where series or half edges of one config make no sense under another.
  uint64_t shape() const;
  bool tempo() const { return config.naming == Naming::kTempo; }
  bool virtual_nodes() const { return !peers.empty(); }

 private:
  uint32_t index_of(const std::string& name);
};

inline Plan::Plan(const ServiceGraphConfig& from, const ComponentEnv& env)
    : config(from),
      ttl(from.ttl()),
      buckets(from.bounds(), 1e9),
      exponential_size(from.exponential_histogram_max_size),
      seed(env.seed) {
  for (const std::string& name : from.dimensions) dimensions.push_back(index_of(name));
  for (const std::string& name : from.peer_attributes()) peers.push_back(index_of(name));
  for (const std::string& name : from.database_attributes()) databases.push_back(index_of(name));
  if (!tempo()) return;
  for (const char* name : {"peer.service", "server.address", "network.peer.address"})
    database_hosts.push_back(index_of(name));
  network_port = index_of("network.peer.port");
}

inline uint64_t Plan::shape() const {
  std::string text;
  put_varint(text, static_cast<uint64_t>(config.naming));
  put_varint(text, static_cast<uint64_t>(exponential_size));
  put_varint(text, config.virtual_node_extra_label ? 1 : 0);
  for (double bound : buckets.bounds()) put_fixed(text, bound);
  for (const std::string& name : config.dimensions) put_text(text, name);
  put_varint(text, config.dimensions.size());
  for (const std::string& name : config.peer_attributes()) put_text(text, name);
  return hash_key(text, 0);
}

inline uint32_t Plan::index_of(const std::string& name) {
  for (uint32_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return i;
  }
  names.push_back(name);
  return static_cast<uint32_t>(names.size() - 1);
}

}  // namespace weir::service_graph
