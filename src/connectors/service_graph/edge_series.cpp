// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>

#include "connectors/service_graph/pairing.h"
#include "otlp/metrics_writer.h"

namespace weir::service_graph {
namespace {

std::string_view name_of(Connection connection) {
  switch (connection) {
    case Connection::kNone:
      return "";
    case Connection::kMessaging:
      return "messaging_system";
    case Connection::kDatabase:
      return "database";
    case Connection::kVirtualNode:
      return "virtual_node";
  }
  return "";
}

}  // namespace

Latencies::Latencies(const Plan& plan) {
  if (plan.exponential_size > 0) {
    exponential.emplace(plan.exponential_size);
  } else {
    buckets.assign(plan.buckets.size(), 0);
  }
}

void Latencies::add(const Plan& plan, uint64_t ns) {
  sum_ns += ns;
  if (exponential) {
    exponential->add(static_cast<double>(ns) / plan.buckets.ns_per_unit(), 1);
  } else {
    ++buckets[plan.buckets.find(ns)];
  }
}

void Latencies::merge(const Latencies& other) {
  sum_ns += other.sum_ns;
  if (exponential) exponential->merge(*other.exponential);
  for (size_t i = 0; i < buckets.size(); ++i) buckets[i] += other.buckets[i];
}

size_t Pairing::SeriesKeyHash::operator()(const SeriesKey& k) const {
  const uint64_t services = uint64_t{k.client} << 32 | k.server;
  const uint64_t dimensions = uint64_t{k.client_dimensions} << 32 | k.server_dimensions;
  const uint64_t rest = static_cast<uint64_t>(k.connection) << 16 | static_cast<uint64_t>(k.failed) << 8 |
                        static_cast<uint64_t>(k.virtual_side);
  return mix64(services ^ mix64(dimensions ^ mix64(rest + 1)));
}

void Pairing::count(const Edge& edge, VirtualSide side) {
  const bool by_failed = edge.failed && !plan_->tempo();
  const SeriesKey key{edge.client, edge.server, edge.client_dimensions, edge.server_dimensions, edge.connection,
                      by_failed,   side};
  const auto [at, is_new] = by_key_.try_emplace(key, static_cast<uint32_t>(series_.size()));
  if (is_new) series_.push_back(new_series(key));
  EdgeSeries& series = series_[at->second];
  ++series.count;
  series.failed += edge.failed ? 1 : 0;
  series.client.add(*plan_, edge.client_ns);
  series.server.add(*plan_, edge.server_ns);
  series.last_seen = now_.mono;
}

EdgeSeries Pairing::new_series(const SeriesKey& key) const {
  EdgeSeries series{"", "", 0, 0, Latencies(*plan_), Latencies(*plan_), now_.mono};
  const auto part = [&](std::string_view text) {
    append_number(series.key, static_cast<uint32_t>(text.size()));
    series.key += text;
  };
  for (uint32_t id : {key.client, key.server, key.client_dimensions, key.server_dimensions}) part(names_.text(id));
  series.key += {static_cast<char>(key.connection), static_cast<char>(key.failed), static_cast<char>(key.virtual_side)};

  otlp::AttributeList out;
  out.add("client", names_.text(key.client));
  out.add("server", names_.text(key.server));
  const std::string_view connection = name_of(key.connection);
  if (!plan_->tempo() || !connection.empty()) out.add("connection_type", connection);
  if (!plan_->tempo()) out.add_bool("failed", key.failed);
  add_dimensions("client_", key.client_dimensions, out);
  add_dimensions("server_", key.server_dimensions, out);
  const std::string_view sides[] = {"", "client", "server"};
  const std::string_view side = sides[static_cast<size_t>(key.virtual_side)];
  if (plan_->config.virtual_node_extra_label && (!plan_->tempo() || !side.empty())) out.add("virtual_node", side);
  series.attributes = out.take();
  return series;
}

// See dimensions_of.
void Pairing::add_dimensions(std::string_view side, uint32_t dimensions, otlp::AttributeList& out) const {
  std::string_view all = names_.text(dimensions);
  while (!all.empty()) {
    const uint32_t index = take_number(all);
    const uint32_t size = take_number(all);
    out.add(std::string(side) + plan_->config.dimensions[index], all.substr(0, size));
    all.remove_prefix(size);
  }
}

EdgeDelta Pairing::take() {
  EdgeDelta out{std::move(series_), env_.journal != nullptr ? save_waiting() : ""};
  series_.clear();
  by_key_.clear();
  compact_names();
  return out;
}

}  // namespace weir::service_graph
