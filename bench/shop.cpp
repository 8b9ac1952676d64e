// SPDX-License-Identifier: Apache-2.0
#include "shop.h"

#include "wire.h"

namespace weir::bench {

// A call of a service, with what it calls in turn. Own time is what it spends itself.
struct Shop::Call {
  const char* service;
  const char* name;
  uint32_t own_ms;
  const char* database;  // it queries this, or null
  std::vector<Call> calls;
};

namespace {
constexpr uint64_t kMs = 1000000;
constexpr int kServer = 2, kClient = 3;
}  // namespace

Shop::Shop(uint64_t seed, double error_share) : random_(seed), error_share_(error_share) {}

double Shop::chance() { return static_cast<double>(random_() >> 11) * 0x1.0p-53; }

const std::string& Shop::next(uint64_t now_ns) {
  static const std::vector<Call> kEntries = {
      {"gateway", "GET /cart", 4, nullptr, {{"cart", "cart.List", 3, "postgres", {}}}},
      {"gateway",
       "POST /checkout",
       6,
       nullptr,
       {{"checkout",
         "checkout.Place",
         9,
         "postgres",
         {{"payment", "payment.Charge", 35, nullptr, {}}, {"cart", "cart.Clear", 3, "postgres", {}}}}}},
      {"gateway",
       "GET /recommend",
       3,
       nullptr,
       {{"recommender", "recommend.For", 8, nullptr, {{"triton", "InferRequest", 14, nullptr, {}}}}}},
  };
  bytes_.clear();
  facts_.clear();
  failing_ = chance() < error_share_;
  trace_ = {random_() | 1, random_(), 0, 0, failing_, 0};
  const Call& entry = kEntries[random_() % kEntries.size()];
  visit(entry, 0, now_ns - 50 * kMs);
  return bytes_;
}

// Adds the server span of the call and, before it, all that it calls; returns when it ended. One request in fifty is
// slow.
uint64_t Shop::visit(const Call& call, uint64_t parent, uint64_t start_ns) {
  const uint64_t id = random_() | 1;
  uint64_t at = start_ns + static_cast<uint64_t>(static_cast<double>(call.own_ms * kMs) * (0.5 + chance()));
  if (chance() < 0.02) at += (600 + random_() % 900) * kMs;
  if (call.database != nullptr) {
    const uint64_t end = at + (1 + random_() % 8) * kMs;
    add_span(call.service, "SELECT items", kClient, random_() | 1, id, at, end, false, call.database);
    at = end;
  }
  for (const Call& callee : call.calls) {
    const uint64_t client = random_() | 1;
    const uint64_t end = visit(callee, client, at + kMs);
    add_span(call.service, std::string("call ") + callee.service, kClient, client, id, at, end + kMs, failing_, "");
    at = end + 2 * kMs;
  }
  add_span(call.service, call.name, kServer, id, parent, start_ns, at, failing_, "");
  return at;
}

void Shop::add_span(const std::string& service, const std::string& name, int kind, uint64_t id, uint64_t parent,
                    uint64_t start_ns, uint64_t end_ns, bool error, const std::string& database) {
  std::string span;
  put_bytes(span, 1, word_bytes(trace_.trace_hi) + word_bytes(trace_.trace_lo));
  put_bytes(span, 2, word_bytes(id));
  if (parent != 0) put_bytes(span, 4, word_bytes(parent));
  put_bytes(span, 5, name);
  put_tag(span, 6, 0), put_varint(span, static_cast<uint64_t>(kind));
  put_fixed64(span, 7, start_ns);
  put_fixed64(span, 8, end_ns);
  put_bytes(span, 9, int_attribute("http.status_code", error ? 500 : 200));
  if (!database.empty()) put_bytes(span, 9, text_attribute("db.name", database));
  if (error)
    put_bytes(span, 15,
              std::string("\x12\x07"
                          "boom :("
                          "\x18\x02",
                          11));  // Status{2 message, 3 code ERROR}
  std::string scope_spans, resource, resource_spans;
  put_bytes(scope_spans, 2, span);
  put_bytes(resource, 1, text_attribute("service.name", service));
  put_bytes(resource_spans, 1, resource);
  put_bytes(resource_spans, 2, scope_spans);
  put_bytes(bytes_, 1, resource_spans);
  SpanFacts facts = trace_;
  facts.span_id = id;
  facts.duration_ms = static_cast<uint32_t>((end_ns - start_ns) / kMs);
  facts.error = error;
  facts_.push_back(facts);
}

}  // namespace weir::bench
