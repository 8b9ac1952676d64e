// SPDX-License-Identifier: Apache-2.0
#include "traffic.h"

#include <cstring>

#include "wire.h"

namespace weir::bench {

namespace {

const char* const kRoutes[] = {"/api/cart", "/api/users/{id}", "/api/checkout", "/v2/models/{m}/infer"};

}  // namespace

Traffic::Traffic(uint32_t spans_per_request, uint64_t seed, double error_share)
    : state_(seed * 2654435761u + 88172645463325252ull), error_share_(error_share) {
  const uint32_t pairs = spans_per_request / 2 > 0 ? spans_per_request / 2 : 1;
  add_resource("frontend", false, pairs);
  add_resource("backend", true, pairs);
  facts_.resize(places_.size());
}

// Span fields as opentelemetry/proto/trace/v1/trace.proto numbers them.
Traffic::Place Traffic::make_span(std::string& out, bool server, uint32_t number) const {
  Place place;
  put_tag(out, 1, 2), put_varint(out, 16), place.trace_id = out.size(), out.append(16, '\0');
  put_tag(out, 2, 2), put_varint(out, 8), place.span_id = out.size(), out.append(8, '\0');
  if (server) put_tag(out, 4, 2), put_varint(out, 8), place.parent_id = out.size(), out.append(8, '\0');
  const std::string route = kRoutes[number % 4];
  put_bytes(out, 5, (server ? "POST " : "call ") + route);
  put_tag(out, 6, 0), put_varint(out, server ? 2 : 3);
  put_tag(out, 7, 1), place.start = out.size(), out.append(8, '\0');
  put_tag(out, 8, 1), place.end = out.size(), out.append(8, '\0');
  put_bytes(out, 9, text_attribute("http.method", "POST"));
  put_bytes(out, 9, text_attribute("http.route", route));
  put_bytes(out, 9, int_attribute("http.status_code", 200));
  put_bytes(out, 9, text_attribute("net.peer.name", "inference-gateway-7c9d5b6f4-x2x8z.triton.svc.cluster.local"));
  put_bytes(out, 9, text_attribute("user_agent.original", "grpc-python/1.60.0 grpc-c/37.0.0 (linux; chttp2)"));
  put_bytes(out, 9, int_attribute("thread.id", 140000 + number));
  std::string status;
  put_tag(status, 3, 0), status.push_back('\0');
  put_bytes(out, 15, status), place.status = out.size() - 1;
  return place;
}

void Traffic::add_resource(const std::string& service, bool server, uint32_t pairs) {
  std::string scope_spans, scope;
  put_bytes(scope, 1, "weir-load");
  put_bytes(scope_spans, 1, scope);
  std::vector<Place> places;
  for (uint32_t i = 0; i < pairs; ++i) {
    std::string span;
    Place place = make_span(span, server, i);
    put_tag(scope_spans, 2, 2), put_varint(scope_spans, span.size());
    const size_t base = scope_spans.size();
    for (size_t Place::*at :
         {&Place::trace_id, &Place::span_id, &Place::parent_id, &Place::start, &Place::end, &Place::status}) {
      place.*at += base;
    }
    places.push_back(place);
    scope_spans += span;
  }
  std::string resource, resource_spans;
  put_bytes(resource, 1, text_attribute("service.name", service));
  put_bytes(resource, 1, text_attribute("service.instance.id", service + "-0"));
  put_bytes(resource_spans, 1, resource);
  put_tag(resource_spans, 2, 2), put_varint(resource_spans, scope_spans.size());
  const size_t inside = resource_spans.size();
  resource_spans += scope_spans;
  put_tag(bytes_, 1, 2), put_varint(bytes_, resource_spans.size());
  const size_t base = bytes_.size() + inside;
  bytes_ += resource_spans;
  for (Place& place : places) {
    for (size_t Place::*at :
         {&Place::trace_id, &Place::span_id, &Place::parent_id, &Place::start, &Place::end, &Place::status}) {
      place.*at += base;
    }
    places_.push_back(place);
  }
}

uint64_t Traffic::random() {  // xorshift64*
  state_ ^= state_ >> 12, state_ ^= state_ << 25, state_ ^= state_ >> 27;
  return state_ * 2685821657736338717ull;
}

void Traffic::patch(size_t index, const SpanFacts& facts, uint64_t parent, uint64_t end_ns) {
  const Place& place = places_[index];
  char* out = bytes_.data();
  const uint64_t start_ns = end_ns - facts.duration_ms * 1000000ull;
  std::memcpy(out + place.trace_id, &facts.trace_hi, 8);
  std::memcpy(out + place.trace_id + 8, &facts.trace_lo, 8);
  std::memcpy(out + place.span_id, &facts.span_id, 8);
  if (parent != 0) std::memcpy(out + place.parent_id, &parent, 8);
  std::memcpy(out + place.start, &start_ns, 8);
  std::memcpy(out + place.end, &end_ns, 8);
  out[place.status] = facts.error ? 2 : 0;
}

const std::string& Traffic::next(uint64_t now_ns) {
  const size_t pairs = places_.size() / 2;
  for (size_t i = 0; i < pairs; ++i) {
    const uint64_t dice = random();
    SpanFacts client{random() | 1, random(),
                     random() | 1, static_cast<uint32_t>(2 + (dice >> 32) % 200),
                     false,        static_cast<uint32_t>(i)};
    client.error = static_cast<double>(dice & 0xffffff) < error_share_ * 0x1000000;
    SpanFacts server = client;
    server.span_id = random() | 1;
    server.duration_ms -= 1;
    patch(i, client, 0, now_ns);
    patch(pairs + i, server, client.span_id, now_ns);
    facts_[i] = client;
    facts_[pairs + i] = server;
  }
  return bytes_;
}

}  // namespace weir::bench
