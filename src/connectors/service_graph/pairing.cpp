// SPDX-License-Identifier: Apache-2.0
#include "connectors/service_graph/pairing.h"

#include <algorithm>

#include "connectors/entries.h"
#include "otlp/attributes.h"

namespace weir::service_graph {
namespace {

constexpr int64_t kPlacesAtOnce = 32;  // taken from the process-wide capacity
// An edge, its table entry, and what the vectors behind them may have in reserve.
constexpr size_t kEdgeCost = 2 * (sizeof(Edge) + sizeof(EdgeKey) + 8);
constexpr size_t kPayStep = 64 * 1024;
constexpr size_t kNamesKept = 4096;  // names are not compacted below this number

bool is_client(SpanKind kind) { return kind == SpanKind::kClient || kind == SpanKind::kProducer; }
bool is_server(SpanKind kind) { return kind == SpanKind::kServer || kind == SpanKind::kConsumer; }
bool is_messaging(SpanKind kind) { return kind == SpanKind::kProducer || kind == SpanKind::kConsumer; }

}  // namespace

Pairing::Pairing(std::shared_ptr<const Plan> plan, std::shared_ptr<EdgeCapacity> capacity, const ComponentEnv& env)
    : plan_(std::move(plan)),
      capacity_(std::move(capacity)),
      env_(env),
      dropped_spans_(env.telemetry->counter("otelcol_connector_servicegraph_dropped_spans",
                                            "Number of spans dropped when trying to add edges", {})),
      expired_edges_(env.telemetry->counter("otelcol_connector_servicegraph_expired_edges",
                                            "Number of edges that expired before finding its matching span", {})),
      total_edges_(
          env.telemetry->counter("otelcol_connector_servicegraph_total_edges", "Total number of unique edges", {})),
      now_(env.clock->now()),
      names_(plan_->seed),
      store_(plan_->seed),
      paid_(Reservation::take(*env.budget, 0)),
      entries_(plan_->names.size()) {}

Pairing::~Pairing() { capacity_->give_back(places_ + static_cast<int64_t>(store_.size())); }

void Pairing::on_tick(Time now) {
  now_ = now;
  if (now.mono < next_expiry_) return;
  const Duration loop = plan_->config.store_expiration_loop;
  next_expiry_ = now.mono + (loop > Duration::zero() ? loop : Duration(std::chrono::seconds(2)));
  while (expire_oldest()) {
  }
  report();
}

void Pairing::report() {
  if (dropped_ > 0) dropped_spans_.add(static_cast<double>(std::exchange(dropped_, 0)));
  if (expired_ > 0) expired_edges_.add(static_cast<double>(std::exchange(expired_, 0)));
  if (total_ > 0) total_edges_.add(static_cast<double>(std::exchange(total_, 0)));
  if (places_ > 0) capacity_->give_back(std::exchange(places_, 0));
}

// --- spans

void Pairing::observe(const Batch& batch) {
  resources_.resize(batch.resources.size());
  for (ResourceFacts& facts : resources_) facts.looked_up = false;
  for (const SpanRecord& span : batch.spans) {
    if (!is_client(span.kind) && !is_server(span.kind)) continue;
    const ResourceFacts& resource = facts_of(batch, batch.scopes[span.scope].resource);
    if (resource.has_service) pair(batch, span, resource);
  }
  report();
}

const Pairing::ResourceFacts& Pairing::facts_of(const Batch& batch, uint32_t resource) {
  ResourceFacts& facts = resources_[resource];
  if (facts.looked_up) return facts;
  facts.looked_up = true;
  facts.entries.assign(plan_->names.size(), {});
  std::string_view service;
  for_each_resource_entry(batch, resource, [&](std::string_view entry) {
    const std::string_view key = key_of(entry);
    if (service.data() == nullptr && key == "service.name") service = entry;
    for (size_t i = 0; i < plan_->names.size(); ++i) {
      if (facts.entries[i].data() == nullptr && plan_->names[i] == key) facts.entries[i] = entry;
    }
  });
  facts.has_service = service.data() != nullptr;
  if (facts.has_service) facts.service = names_.intern(text_of(service, text_));
  return facts;
}

void Pairing::pair(const Batch& batch, const SpanRecord& span, const ResourceFacts& resource) {
  const Side side = is_client(span.kind) ? Side::kClient : Side::kServer;
  const EdgeKey key{span.trace_id, side == Side::kClient ? span.span_id : span.parent_id};
  if (Edge* known = store_.find(key)) {
    update(*known, side, batch, span, resource);
    if (!known->complete()) return;
    const Edge edge = *known;
    remove(edge);
    return count(edge, VirtualSide::kNone);
  }
  Edge edge;
  edge.key = key;
  edge.expires = now_.mono + plan_->ttl;
  update(edge, side, batch, span, resource);
  if (edge.complete()) {
    ++total_;
    return count(edge, VirtualSide::kNone);
  }
  keep(edge);
}

// The side that arrives last decides the connection type, as in the collector; a side that comes again overwrites.
void Pairing::update(Edge& edge, Side side, const Batch& batch, const SpanRecord& span, const ResourceFacts& resource) {
  edge.connection = is_messaging(span.kind) ? Connection::kMessaging : Connection::kNone;
  edge.failed = edge.failed || span.status == StatusCode::kError;
  const bool wants_peer = side == Side::kClient || plan_->tempo();
  std::fill(entries_.begin(), entries_.end(), std::string_view());
  if (span.attributes.length > 0 && (wants_peer || !plan_->dimensions.empty())) {
    find_entries(otlp::attribute_bytes(batch, span), otlp::field::span::kAttributes, plan_->names, entries_);
  }
  if (wants_peer) note_peer(edge);
  if (side == Side::kServer) {
    edge.server = resource.service;
    edge.server_ns = latency(span);
    if (!plan_->dimensions.empty()) edge.server_dimensions = dimensions_of(resource);
    return;
  }
  edge.client = resource.service;
  edge.client_ns = latency(span);
  if (!plan_->dimensions.empty()) edge.client_dimensions = dimensions_of(resource);
  note_database(edge, resource);
}

// The collector's latency of a span that ends before it starts wraps around; what Tempo gives is 0.
uint64_t Pairing::latency(const SpanRecord& span) const {
  return plan_->tempo() ? span.duration_ns() : span.end_ns - span.start_ns;
}

std::string_view Pairing::text_of(std::string_view entry, std::string& scratch) const {
  const otlp::AnyValue value = otlp::parse_attribute(entry).value;
  if (value.is_string()) return value.bytes;
  scratch.clear();
  otlp::append_text(value, scratch);
  return scratch;
}

void Pairing::note_peer(Edge& edge) {
  for (size_t rank = 0; rank < plan_->peers.size() && rank < kNoPeer; ++rank) {
    const std::string_view entry = entries_[plan_->peers[rank]];
    if (entry.data() == nullptr) continue;
    const std::string_view peer = text_of(entry, text_);
    if (plan_->tempo() && peer.empty()) continue;
    if (rank <= edge.peer_rank) {
      edge.peer_rank = static_cast<uint8_t>(rank);
      edge.peer = names_.intern(peer);
    }
    return;
  }
}

// A database does not send spans of its own: the client's span is the whole edge.
void Pairing::note_database(Edge& edge, const ResourceFacts& resource) {
  for (uint32_t name : plan_->databases) {
    const std::string_view entry = resource.entries[name].data() != nullptr ? resource.entries[name] : entries_[name];
    if (entry.data() == nullptr) continue;
    const std::string_view database = text_of(entry, text_);
    if (plan_->tempo() && database.empty()) continue;
    edge.connection = Connection::kDatabase;
    edge.server = names_.intern(plan_->tempo() ? database_host(database) : database);
    edge.server_ns = edge.client_ns;
    return;
  }
}

// Tempo names a database by its host where the span says it.
std::string_view Pairing::database_host(std::string_view name) {
  for (uint32_t attribute : plan_->database_hosts) {
    if (entries_[attribute].data() == nullptr) continue;
    const std::string_view host = text_of(entries_[attribute], text2_);
    if (host.empty()) continue;
    const std::string_view port = entries_[plan_->network_port];
    if (attribute != plan_->database_hosts.back() || port.data() == nullptr) return host;
    std::string scratch;
    text2_ = std::string(host) + ":" + std::string(text_of(port, scratch));
    return text2_;
  }
  return name;
}

// All dimensions of one side as one text: per dimension that is there its number, its length and its value.
uint32_t Pairing::dimensions_of(const ResourceFacts& resource) {
  std::string all;
  for (size_t i = 0; i < plan_->dimensions.size(); ++i) {
    const uint32_t name = plan_->dimensions[i];
    const std::string_view entry = resource.entries[name].data() != nullptr ? resource.entries[name] : entries_[name];
    if (entry.data() == nullptr) continue;
    const std::string_view value = text_of(entry, text_);
    append_number(all, static_cast<uint32_t>(i));
    append_number(all, static_cast<uint32_t>(value.size()));
    all += value;
  }
  return names_.intern(all);
}

// --- the store

// A full store refuses, even where its oldest has expired: only the expiry loop makes room, as in the collector and in
// Tempo.
void Pairing::keep(const Edge& edge) {
  if (!take_place()) {
    ++dropped_;
    return;
  }
  ++total_;
  store_.add(edge);
}

// Memory for one more edge, and one of the process's places.
bool Pairing::take_place() {
  const size_t needed = (store_.size() + 1) * kEdgeCost + names_.bytes();
  if (needed > paid_.bytes() && !paid_.grow(needed - paid_.bytes() + kPayStep)) return false;
  if (places_ == 0) places_ = capacity_->take(kPlacesAtOnce);
  if (places_ == 0) return false;
  --places_;
  return true;
}

void Pairing::remove(const Edge& edge) {
  const EdgeKey key = edge.key;  // `edge` may lie in the store
  store_.remove(key);
  ++places_;
}

bool Pairing::expire_oldest() {
  const Edge* oldest = store_.oldest();
  if (oldest == nullptr || now_.mono <= oldest->expires) return false;
  const Edge edge = *oldest;
  remove(edge);
  expire(edge);
  return true;
}

// The half that never came becomes a virtual node: the user before a root span, or the peer that a client named.
void Pairing::expire(Edge edge) {
  ++expired_;
  if (!plan_->virtual_nodes()) return;
  edge.connection = Connection::kVirtualNode;
  const bool has_peer = edge.peer_rank != kNoPeer;
  if (edge.client == 0 && edge.key.span_id.empty()) {
    edge.client = plan_->tempo() && has_peer ? edge.peer : names_.intern("user");
    count(edge, VirtualSide::kClient);
  }
  if (edge.server != 0 || (plan_->tempo() && !has_peer)) return;
  edge.server = has_peer ? edge.peer : names_.intern("unknown");
  count(edge, VirtualSide::kServer);
}

// Names that no waiting edge uses are forgotten; only while no series refer to them.
void Pairing::compact_names() {
  if (names_.size() < std::max(kNamesKept, 2 * names_at_compaction_)) return;
  Names kept(plan_->seed);
  store_.for_each([&](Edge& edge) {
    for (uint32_t* id : {&edge.client, &edge.server, &edge.client_dimensions, &edge.server_dimensions, &edge.peer}) {
      *id = kept.intern(names_.text(*id));
    }
  });
  names_ = std::move(kept);
  names_at_compaction_ = names_.size();
  paid_.shrink_to(store_.size() * kEdgeCost + names_.bytes() + kPayStep);
}

}  // namespace weir::service_graph
