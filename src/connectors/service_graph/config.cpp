// SPDX-License-Identifier: Apache-2.0
#include "connectors/service_graph/config.h"

namespace weir {
namespace {

using config::accepted;
using config::choice;
using config::field;
using std::chrono::seconds;

// A list where null means "not written" and [] means "none".
template <class T>
config::Field<ServiceGraphConfig> list(std::string_view key, std::optional<std::vector<T>> ServiceGraphConfig::*member,
                                       std::string_view doc) {
  return config::custom<ServiceGraphConfig>(
      key, "list",
      [member](const config::At& at, ServiceGraphConfig& out) {
        if (at.value.is_null()) return;
        config::decode_any(at, (out.*member).emplace());
      },
      doc);
}

}  // namespace

const config::Fields<EdgeStoreConfig>& EdgeStoreConfig::fields() {
  using C = EdgeStoreConfig;
  static const config::Fields<C> table = {
      config::custom<C>(
          "ttl", "duration",
          [](const config::At& at, C& out) {
            Duration ttl{};
            if (!at.value.is_null() && config::decode_scalar(at, ttl)) out.ttl = ttl;
          },
          "how long a half edge waits for its other half (2s; tempo: 10s)"),
      config::custom<C>(
          "max_items", "int",
          [](const config::At& at, C& out) {
            int64_t items = 0;
            if (!at.value.is_null() && config::decode_scalar(at, items)) out.max_items = items;
          },
          "half edges that the process keeps (1000; tempo: 10000)"),
  };
  return table;
}

const config::Fields<ServiceGraphConfig>& ServiceGraphConfig::fields() {
  using C = ServiceGraphConfig;
  static const config::Fields<C> table = {
      choice<C, Naming>("naming", &C::naming, {{"collector", Naming::kCollector}, {"tempo", Naming::kTempo}},
                        "whose names, labels and defaults to use (weir's own key)"),
      list<Duration>("latency_histogram_buckets", &C::latency_histogram_buckets, "upper bounds of the latency buckets"),
      field("exponential_histogram_max_size", &C::exponential_histogram_max_size,
            "buckets of an exponential histogram; 0 = explicit buckets"),
      field("dimensions", &C::dimensions, "attributes that become labels, looked up in the resource, then in the span"),
      field("store", &C::store, "half edges that wait for their other half"),
      field("cache_loop", &C::cache_loop, "how often idle series are looked for"),
      field("store_expiration_loop", &C::store_expiration_loop, "how often half edges past their ttl are looked for"),
      list<std::string>("virtual_node_peer_attributes", &C::virtual_node_peer_attributes,
                        "span attributes that name the missing side of an edge; [] = no virtual nodes"),
      field("virtual_node_extra_label", &C::virtual_node_extra_label, "adds the label virtual_node"),
      field("metrics_flush_interval", &C::metrics_flush_interval, "how often series are sent; 0s = after every batch"),
      field("database_name_attribute", &C::database_name_attribute, "deprecated: database_name_attributes"),
      list<std::string>("database_name_attributes", &C::database_name_attributes,
                        "attributes that name a database; such a client span is a complete edge"),
      field("metrics_timestamp_offset", &C::metrics_timestamp_offset, "how far back the points are dated"),
      accepted<C>("metrics_exporter", "does nothing: a connector sends to the pipelines that receive from it"),
  };
  return table;
}

void ServiceGraphConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (!latency_histogram_buckets && exponential_histogram_max_size < 0) {
    problems.error(at.place, path, "`exponential_histogram_max_size` can not be negative");
  }
  if (latency_histogram_buckets && exponential_histogram_max_size > 0) {
    problems.error(at.place, path, "use either `latency_histogram_buckets` or `exponential_histogram_max_size`");
  }
  if (metrics_flush_interval <= Duration::zero()) {
    problems.warn(at.place, path, "metrics_flush_interval is 0: metrics are sent after every received batch");
  }
}

Duration ServiceGraphConfig::ttl() const {
  return store.ttl.value_or(naming == Naming::kTempo ? seconds(10) : seconds(2));
}

int64_t ServiceGraphConfig::max_items() const {
  return store.max_items.value_or(naming == Naming::kTempo ? 10'000 : 1'000);
}

std::vector<double> ServiceGraphConfig::bounds() const {
  if (!latency_histogram_buckets) {
    if (naming == Naming::kTempo) return {0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8};
    return {0.002, 0.004, 0.006, 0.008, 0.01, 0.05, 0.1, 0.2, 0.4, 0.8, 1, 1.4, 2, 5, 10, 15};
  }
  std::vector<double> out;
  for (Duration bound : *latency_histogram_buckets) out.push_back(static_cast<double>(bound.count()) / 1e9);
  return out;
}

std::vector<std::string> ServiceGraphConfig::peer_attributes() const {
  if (virtual_node_peer_attributes) return *virtual_node_peer_attributes;
  std::vector<std::string> out = {"peer.service", "db.name", "db.system"};
  if (naming == Naming::kTempo) out.push_back("db.system.name");
  return out;
}

// An empty list means the default, as in the collector.
std::vector<std::string> ServiceGraphConfig::database_attributes() const {
  if (database_name_attributes && !database_name_attributes->empty()) return *database_name_attributes;
  if (!database_name_attribute.empty()) return {database_name_attribute};
  if (naming == Naming::kTempo) return {"db.namespace", "db.name", "db.system", "db.system.name"};
  return {"db.name"};
}

}  // namespace weir
