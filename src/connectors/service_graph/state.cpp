// SPDX-License-Identifier: Apache-2.0
// What of the graph outlives the process: its series and its half edges.
#include <optional>

#include "connectors/moments.h"
#include "connectors/service_graph/pairing.h"
#include "connectors/service_graph/totals.h"

namespace weir::service_graph {

// --- series

void Latencies::save(std::string& out) const {
  put_uint128(out, sum_ns);
  if (exponential) return exponential->save(out);
  for (uint64_t bucket : buckets) put_varint(out, bucket);
}

bool Latencies::load(ByteReader& in) {
  sum_ns = take_uint128(in);
  if (exponential) return exponential->load(in);
  for (uint64_t& bucket : buckets) bucket = in.varint();
  return in.ok();
}

Stage Totals::saved_stage(Stage stage, Sending sending) {
  if (sending == Sending::kNothing || (sending == Sending::kZerosFirst && stage == Stage::kNew)) return stage;
  return Stage::kValueSent;
}

void Totals::save(std::string& out, Time now, Sending sending) const {
  put_varint(out, last_flush_ns_);
  put_varint(out, series_.size());
  for (const auto& [key, total] : series_) {
    const EdgeSeries& series = total.series;
    put_text(out, key);
    put_text(out, series.attributes);
    put_varint(out, series.count);
    put_varint(out, series.failed);
    put_moment(out, series.last_seen, now);
    put_fixed(out, total.start_ns);
    out.push_back(static_cast<char>(saved_stage(total.stage, sending)));
    out.push_back(static_cast<char>(series.failed > 0 ? saved_stage(total.failed_stage, sending) : Stage::kNew));
    series.client.save(out);
    series.server.save(out);
  }
}

bool Totals::load(ByteReader& in, Time now) {
  const uint64_t last_flush_ns = in.varint();
  const uint64_t count = in.count();
  for (uint64_t i = 0; i < count; ++i) {
    if (!load_series(in, now)) break;
  }
  if (!in.at_end() || series_.size() != count) {
    series_.clear();
    return false;
  }
  last_flush_ns_ = last_flush_ns;
  uint64_t bytes = 0;
  for (const auto& [key, total] : series_) bytes += cost_of(total.series);
  paid_ = Reservation::take(budget_, bytes);
  return true;
}

bool Totals::load_series(ByteReader& in, Time now) {
  const auto stage = [&in] {
    const auto number = in.fixed<uint8_t>();
    if (number > static_cast<uint8_t>(Stage::kValueSent)) in.fail();
    return static_cast<Stage>(number);
  };
  EdgeTotal total{EdgeSeries{"", "", 0, 0, Latencies(*plan_), Latencies(*plan_), Duration(0)}};
  EdgeSeries& series = total.series;
  series.key = in.text();
  series.attributes = in.text();
  series.count = in.varint();
  series.failed = in.varint();
  series.last_seen = take_moment(in, now, now.mono);
  total.start_ns = in.fixed<uint64_t>();
  total.stage = stage();
  total.failed_stage = stage();
  if (!series.client.load(in) || !series.server.load(in) || !in.ok()) return false;
  std::string key = series.key;
  return series_.emplace(std::move(key), std::move(total)).second;
}

// --- half edges

std::string Pairing::save_waiting() {
  std::string out;
  out.reserve(store_.size() * 96);
  store_.for_each([&](const Edge& edge) {
    out += edge.key.trace_id.bytes();
    out += edge.key.span_id.bytes();
    put_moment(out, edge.expires, now_);
    put_varint(out, edge.client_ns);
    put_varint(out, edge.server_ns);
    for (uint32_t id : {edge.client, edge.server, edge.client_dimensions, edge.server_dimensions, edge.peer}) {
      put_text(out, names_.text(id));
    }
    out += {static_cast<char>(edge.peer_rank), static_cast<char>(edge.connection), static_cast<char>(edge.failed)};
  });
  return out;
}

namespace {

// See Pairing::dimensions_of.
bool are_dimensions(const Plan& plan, std::string_view text) {
  while (!text.empty()) {
    if (text.size() < 8 || take_number(text) >= plan.dimensions.size()) return false;
    const uint32_t size = take_number(text);
    if (size > text.size()) return false;
    text.remove_prefix(size);
  }
  return true;
}

}  // namespace

std::optional<SavedEdge> take_edge(ByteReader& in, const Plan& plan, Time now) {
  SavedEdge out;
  Edge& edge = out.edge;
  edge.key.trace_id = TraceId::from_bytes(in.bytes(16));
  edge.key.span_id = SpanId::from_bytes(in.bytes(8));
  edge.expires = take_moment(in, now, now.mono + plan.ttl);
  edge.client_ns = in.varint();
  edge.server_ns = in.varint();
  for (auto* text : {&out.client, &out.server, &out.client_dimensions, &out.server_dimensions, &out.peer}) {
    *text = in.text();
  }
  edge.peer_rank = in.fixed<uint8_t>();
  const auto connection = in.fixed<uint8_t>();
  edge.connection = static_cast<Connection>(connection);
  edge.failed = in.fixed<uint8_t>() != 0;
  const bool sound = in.ok() && connection <= static_cast<uint8_t>(Connection::kVirtualNode) &&
                     are_dimensions(plan, out.client_dimensions) && are_dimensions(plan, out.server_dimensions);
  return sound ? std::optional(out) : std::nullopt;
}

void Pairing::restore(const SavedEdge& saved) {
  Edge edge = saved.edge;
  if (store_.find(edge.key) != nullptr) return;
  if (!take_place()) {
    ++dropped_;
    return report();
  }
  edge.client = names_.intern(saved.client);
  edge.server = names_.intern(saved.server);
  edge.client_dimensions = names_.intern(saved.client_dimensions);
  edge.server_dimensions = names_.intern(saved.server_dimensions);
  edge.peer = names_.intern(saved.peer);
  store_.add(edge);
  report();
}

}  // namespace weir::service_graph
