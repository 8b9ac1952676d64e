// SPDX-License-Identifier: Apache-2.0
#include "otlp/batch_ops.h"

#include <algorithm>
#include <set>

#include "otlp/attributes.h"
#include "otlp/encoder.h"
#include "support/catch.h"
#include "support/otlp_builder.h"

namespace weir::test {
namespace {

// Every item with what belongs to it, as text: what no operation may lose or mix up.
std::multiset<std::string> items_of(const Batch& batch) {
  std::multiset<std::string> items;
  const auto header = [&](const auto& entry) {
    std::string text;
    for (uint32_t i = 0; i < entry.range_count; ++i)
      text += batch.view(entry.part, batch.ranges[entry.first_range + i]);
    return text;
  };
  const auto add = [&](const auto& record) {
    const ScopeEntry& scope = batch.scopes[record.scope];
    items.insert(header(batch.resources[scope.resource]) + "|" + header(scope) + "|" +
                 std::string(batch.view(record.part, record.body)));
  };
  std::for_each(batch.spans.begin(), batch.spans.end(), add);
  std::for_each(batch.items.begin(), batch.items.end(), add);
  return items;
}

void add_all(std::multiset<std::string>& into, const std::multiset<std::string>& from) {
  into.insert(from.begin(), from.end());
}

// The invariants of Batch: items of a scope together, scopes of a resource together, every index within its table.
void check_tables(const Batch& batch) {
  for (const ScopeEntry& scope : batch.scopes) REQUIRE(scope.resource < batch.resources.size());
  for (size_t i = 1; i < batch.scopes.size(); ++i) CHECK(batch.scopes[i - 1].resource <= batch.scopes[i].resource);
  for (size_t i = 0; i < batch.spans.size(); ++i) {
    REQUIRE(batch.spans[i].scope < batch.scopes.size());
    REQUIRE(batch.spans[i].part < batch.parts.size());
    if (i > 0) CHECK(batch.spans[i - 1].scope <= batch.spans[i].scope);
  }
}

TracesRequest random_traces(RandomMessage& random) {
  TracesRequest request;
  for (uint64_t r = 0; r <= random.below(4); ++r) {
    random.fill(*request.add_resource_spans());
  }
  return request;
}

TEST_CASE("selected items keep their resource and scope, unused ones go") {
  TracesRequest request;
  for (const char* name : {"a", "b", "c"}) {
    auto& scope = add_service(request, name);
    for (char span = '1'; span < '4'; ++span) add_span(scope, 'x', span, name);
  }
  const Batch batch = batch_of(request);
  const uint32_t indices[] = {1, 6, 8};
  const Batch some = otlp::select(batch, indices);
  CHECK_FALSE(some.whole);
  CHECK(some.resources.size() == 2);
  CHECK(some.parts.size() == 1);
  REQUIRE(some.spans.size() == 3);
  CHECK(*otlp::service_name(some, some.scopes[some.spans[0].scope].resource) == "a");
  CHECK(*otlp::service_name(some, some.scopes[some.spans[2].scope].resource) == "c");
  TracesRequest sent;
  REQUIRE(sent.ParseFromString(otlp::encode_to_string(some)));
  CHECK(sent.resource_spans_size() == 2);
  CHECK(otlp::select(batch, {}).parts.empty());
}

TEST_CASE("partition by trace and append lose and mix up nothing") {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    RandomMessage random(seed);
    const Batch batch = batch_of(random_traces(random));
    const uint32_t shards = 1 + static_cast<uint32_t>(random.below(5));
    std::multiset<std::string> parts;
    Batch joined;
    std::vector<Batch> split = otlp::partition_by_trace(Batch(batch), shards);
    REQUIRE(split.size() == shards);
    for (uint32_t shard = 0; shard < shards; ++shard) {
      check_tables(split[shard]);
      for (const SpanRecord& span : split[shard].spans) CHECK(shard_of(span.trace_id, shards) == shard);
      add_all(parts, items_of(split[shard]));
      otlp::append(joined, std::move(split[shard]));
    }
    CHECK(parts == items_of(batch));
    CHECK(items_of(joined) == parts);
    check_tables(joined);
    CHECK(items_of(batch_of(Signal::kTraces, otlp::encode_to_string(joined))) == parts);
  }
}

TEST_CASE("a batch of one shard's traces is moved untouched") {
  TracesRequest request;
  auto& scope = add_service(request, "s");
  add_span(scope, 'a', '1', "x");
  add_span(scope, 'a', '2', "y");
  Batch batch = batch_of(request);
  const uint32_t shard = shard_of(batch.spans[0].trace_id, 4);
  const std::vector<Batch> split = otlp::partition_by_trace(std::move(batch), 4);
  CHECK(split[shard].whole);
  CHECK(split[shard].spans.size() == 2);
  CHECK(split[(shard + 1) % 4].parts.empty());
}

TEST_CASE("splitting from the front keeps everything once, top-level fields with the first part") {
  TracesRequest request;
  for (const char* name : {"a", "b"}) {
    auto& scope = add_service(request, name);
    for (char span = '1'; span < '6'; ++span) add_span(scope, 'x', span, name);
  }
  Batch batch = batch_of(Signal::kTraces, request.SerializeAsString() + "\x3a\x01t");
  const std::multiset<std::string> before = items_of(batch);
  std::multiset<std::string> after;
  std::vector<size_t> sizes;
  bool first = true;
  while (!otlp::empty(batch)) {
    const Batch front = otlp::split_front(batch, 3);
    check_tables(front);
    CHECK(front.top_level.size() == (first ? 1 : 0));
    CHECK_FALSE(front.whole);
    first = false;
    sizes.push_back(front.spans.size());
    add_all(after, items_of(front));
  }
  CHECK(after == before);
  CHECK(sizes == std::vector<size_t>{3, 3, 3, 1});
}

TEST_CASE("a batch that fits is split off whole") {
  TracesRequest request;
  add_span(add_service(request, "s"), 'a', '1', "x");
  Batch batch = batch_of(request);
  const Batch front = otlp::split_front(batch, 1);
  CHECK(front.whole);
  CHECK(otlp::empty(batch));
}

TEST_CASE("metrics are split between data points where one has too many") {
  MetricsRequest request;
  auto& scope = *request.add_resource_metrics()->add_scope_metrics();
  auto& sum = *scope.add_metrics();
  sum.set_name("sum");
  sum.set_unit("By");
  sum.mutable_sum()->set_is_monotonic(true);
  for (int i = 0; i < 7; ++i) sum.mutable_sum()->add_data_points()->set_as_int(i);
  scope.add_metrics()->mutable_gauge()->add_data_points()->set_as_int(7);
  Batch batch = batch_of(request);
  std::vector<int64_t> points;
  std::vector<uint64_t> sizes;
  while (!otlp::empty(batch)) {
    const Batch front = otlp::split_front(batch, 3);
    sizes.push_back(front.item_count());
    MetricsRequest sent;
    REQUIRE(sent.ParseFromString(otlp::encode_to_string(front)));
    for (const auto& metric : sent.resource_metrics(0).scope_metrics(0).metrics()) {
      if (metric.has_sum()) CHECK((metric.name() == "sum" && metric.unit() == "By" && metric.sum().is_monotonic()));
      for (const auto& point : metric.has_sum() ? metric.sum().data_points() : metric.gauge().data_points()) {
        points.push_back(point.as_int());
      }
    }
  }
  CHECK(sizes == std::vector<uint64_t>{3, 3, 2});
  CHECK(points == std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7});
}

namespace {

// An account of a request, as the journal has one.
struct Account final : Origin {
  struct Seen {
    DestinationId destination;
    std::vector<uint32_t> items;
    uint64_t weight;
    Outcome outcome;
  };
  void settle(DestinationId destination, std::span<const uint32_t> items, uint64_t weight,
              const Settled& how) override {
    seen.push_back({destination, {items.begin(), items.end()}, weight, how.outcome});
  }
  uint64_t record() const override { return 5; }
  bool partly_settled() const override { return ghost != UINT32_MAX; }
  bool settled_before(DestinationId, uint32_t item) const override { return item == ghost; }
  std::vector<Seen> seen;
  uint32_t ghost = UINT32_MAX;
};

// One metric of seven points, then one of a single point.
Batch seven_and_one(OriginRef origin) {
  MetricsRequest request;
  auto& scope = *request.add_resource_metrics()->add_scope_metrics();
  auto& sum = *scope.add_metrics()->mutable_sum();
  for (int i = 0; i < 7; ++i) sum.add_data_points()->set_as_int(i);
  scope.add_metrics()->mutable_gauge()->add_data_points()->set_as_int(7);
  Batch batch = batch_of(request);
  batch.parts[0].origin = std::move(origin);
  return batch;
}

std::vector<Batch> in_pieces(Batch batch, uint64_t size) {
  std::vector<Batch> pieces;
  while (!otlp::empty(batch)) pieces.push_back(otlp::split_front(batch, size));
  return pieces;
}

}  // namespace

TEST_CASE("a metric in pieces is settled at a destination with its last piece, as the worst of them ended") {
  const auto account = std::make_shared<Account>();
  std::vector<Batch> pieces = in_pieces(seven_and_one(account), 3);
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[0].parts[pieces[0].items[0].part].rewritten);
  CHECK_FALSE(pieces[0].parts[pieces[0].items[0].part].stored_as());
  CHECK(pieces[0].parts[pieces[0].items[0].part].origin->record() == 5);
  Ledger ledger;
  const std::vector<DestinationId> first{ledger.add_destination("m", "a")}, second{ledger.add_destination("m", "b")};
  settle(ledger, pieces[1], first, Settled::dropped(DropReason::kRefused));
  settle(ledger, pieces[0], first, Settled::exported());
  CHECK(account->seen.empty());
  settle(ledger, pieces[0], second, Settled::exported());
  settle(ledger, pieces[2], first, Settled::exported());  // the last point of the first metric, and the second metric
  REQUIRE(account->seen.size() == 2);
  std::sort(account->seen.begin(), account->seen.end(), [](auto& a, auto& b) { return a.items < b.items; });
  CHECK((account->seen[0].items == std::vector<uint32_t>{0} && account->seen[0].weight == 7));
  CHECK(account->seen[0].outcome == Outcome::kDropped);
  CHECK((account->seen[1].items == std::vector<uint32_t>{1} && account->seen[1].weight == 1));
  CHECK(account->seen[1].outcome == Outcome::kExported);
  account->seen.clear();
  settle(ledger, pieces[1], second, Settled::exported());
  settle(ledger, pieces[2], second, Settled::exported());
  REQUIRE(account->seen.size() == 2);
  for (const Account::Seen& seen : account->seen) {
    CHECK(seen.destination == second[0]);
    CHECK(seen.outcome == Outcome::kExported);
  }
}

TEST_CASE("a metric in pieces is settled once for each way to a destination") {
  const auto account = std::make_shared<Account>();
  std::vector<Batch> pieces = in_pieces(seven_and_one(account), 4);
  REQUIRE(pieces.size() == 2);
  Ledger ledger;
  const std::vector<DestinationId> ways{ledger.add_destination("m", "a"), 0};
  settle(ledger, pieces[0], ways, Settled::exported());
  CHECK(account->seen.empty());
  settle(ledger, pieces[1], ways, Settled::exported());
  CHECK(std::count_if(account->seen.begin(), account->seen.end(), [](auto& s) { return s.weight == 7; }) == 2);
}

TEST_CASE("pieces of a metric that was settled before the start are ghosts, and stay so when merged again") {
  const auto account = std::make_shared<Account>();
  account->ghost = 0;
  std::vector<Batch> pieces = in_pieces(seven_and_one(account), 3);
  Batch merged = std::move(pieces[0]);
  otlp::append(merged, std::move(pieces[1]));
  otlp::append(merged, std::move(pieces[2]));
  CHECK(merged.item_count() == 8);
  Ledger ledger;
  settle(ledger, merged, {ledger.add_destination("m", "a")}, Settled::exported());
  REQUIRE(account->seen.size() == 1);
  CHECK(account->seen[0].items == std::vector<uint32_t>{1});
}

TEST_CASE("merging keeps a context only where the client metadata agree") {
  TracesRequest request;
  add_span(add_service(request, "s"), 'a', '1', "x");
  const auto with_metadata = [&](const char* value) {
    Batch batch = batch_of(request);
    Context context;
    context.metadata = {{"tenant", value}};
    batch.context = std::make_shared<const Context>(context);
    return batch;
  };
  Batch same = with_metadata("t");
  otlp::append(same, with_metadata("t"));
  CHECK(same.context != nullptr);
  CHECK(same.spans.size() == 2);
  CHECK(same.resources.size() == 2);
  CHECK_FALSE(same.whole);
  otlp::append(same, with_metadata("u"));
  CHECK(same.context == nullptr);
  Batch into;
  otlp::append(into, with_metadata("t"));
  CHECK(into.whole);
  CHECK(into.context != nullptr);
}

TEST_CASE("neighbours in the sender's bytes are one piece again") {
  TracesRequest request;
  auto& scope = add_service(request, "s");
  for (char span = '1'; span < '9'; ++span) add_span(scope, 'x', span, "name");
  const Batch batch = batch_of(request);
  CHECK(otlp::encode(batch).pieces.size() == 1);
  const uint32_t neighbours[] = {2, 3, 4};
  // resource and scope lengths are new, then the header with its tag, then the three spans as they lie
  CHECK(otlp::encode(otlp::select(batch, neighbours)).pieces.size() <= 4);
}

}  // namespace
}  // namespace weir::test
