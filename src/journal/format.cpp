// SPDX-License-Identifier: Apache-2.0
#include "journal/format.h"

#include "journal/byte_codec.h"

namespace weir::journal {
namespace {

std::optional<Signal> read_signal(ByteReader& in) {
  const auto number = in.fixed<uint8_t>();
  if (!in.ok() || number > static_cast<uint8_t>(Signal::kLogs)) return std::nullopt;
  return static_cast<Signal>(number);
}

std::optional<Route> read_route(ByteReader& in) {
  Route route;
  route.receiver = in.text();
  const auto signal = read_signal(in);
  if (!signal) return std::nullopt;
  route.signal = *signal;
  for (uint64_t left = in.count(); left > 0 && in.ok(); --left) route.destinations.emplace_back(in.text());
  return route;
}

void put_time(std::string& out, const Time& time) {
  put_fixed<int64_t>(out, time.wall.count());
  put_fixed<int64_t>(out, time.mono.count());
}

Time read_time(ByteReader& in) {
  Time time;
  time.wall = Duration(in.fixed<int64_t>());
  time.mono = Duration(in.fixed<int64_t>());
  return time;
}

}  // namespace

std::string encode_routes(const std::vector<Route>& routes) {
  std::string out;
  put_varint(out, routes.size());
  for (const Route& route : routes) {
    put_text(out, route.receiver);
    put_fixed(out, static_cast<uint8_t>(route.signal));
    put_varint(out, route.destinations.size());
    for (const std::string& destination : route.destinations) put_text(out, destination);
  }
  return out;
}

std::optional<std::vector<Route>> decode_routes(std::string_view payload) {
  ByteReader in(payload);
  std::vector<Route> routes;
  for (uint64_t left = in.count(); left > 0; --left) {
    auto route = read_route(in);
    if (!route || !in.ok()) return std::nullopt;
    routes.push_back(std::move(*route));
  }
  if (!in.at_end()) return std::nullopt;
  return routes;
}

std::string encode_request_head(Signal signal, const Context& context) {
  std::string out;
  put_fixed(out, static_cast<uint8_t>(signal));
  put_time(out, context.received);
  put_text(out, context.receiver);
  put_text(out, context.transport);
  put_text(out, context.peer);
  put_varint(out, context.metadata.size());
  for (const auto& [name, value] : context.metadata) {
    put_text(out, name);
    put_text(out, value);
  }
  return out;
}

std::optional<RequestPayload> decode_request(std::string_view payload) {
  ByteReader in(payload);
  RequestPayload request;
  const auto signal = read_signal(in);
  if (!signal) return std::nullopt;
  request.signal = *signal;
  request.context.received = read_time(in);
  request.context.receiver = in.text();
  request.context.transport = in.text();
  request.context.peer = in.text();
  for (uint64_t left = in.count(2); left > 0 && in.ok(); --left) {
    const std::string_view name = in.text();
    request.context.metadata.emplace_back(name, in.text());
  }
  if (!in.ok()) return std::nullopt;
  request.body = in.rest();
  return request;
}

std::string encode_decisions(std::string_view sampler, const std::vector<LoggedDecision>& decisions) {
  std::string out;
  put_text(out, sampler);
  put_varint(out, decisions.size());
  for (const LoggedDecision& decision : decisions) {
    out.append(decision.trace.bytes());
    put_fixed(out, static_cast<uint8_t>(decision.verdict));
  }
  return out;
}

std::optional<std::pair<std::string, std::vector<LoggedDecision>>> decode_decisions(std::string_view payload) {
  ByteReader in(payload);
  std::string sampler(in.text());
  std::vector<LoggedDecision> decisions(in.count(17));
  for (LoggedDecision& decision : decisions) {
    decision.trace = TraceId::from_bytes(in.bytes(16));
    const auto verdict = in.fixed<uint8_t>();
    if (verdict < 1 || verdict > static_cast<uint8_t>(LoggedVerdict::kTooLarge)) return std::nullopt;
    decision.verdict = static_cast<LoggedVerdict>(verdict);
  }
  if (!in.at_end()) return std::nullopt;
  return std::pair(std::move(sampler), std::move(decisions));
}

}  // namespace weir::journal
