// SPDX-License-Identifier: Apache-2.0
#include "exporters/queue_size.h"
#include "otlp/batch_ops.h"
#include "queue_fixture.h"

namespace weir::test {

using std::chrono::milliseconds;

namespace {

Batch with_tenant(Batch batch, std::vector<std::string> tenants) {
  auto context = std::make_shared<Context>();
  for (std::string& tenant : tenants) context->metadata.emplace_back("x-tenant", std::move(tenant));
  batch.context = context;
  return batch;
}

QueueBatchConfig items(int64_t min, int64_t max) { return {.min_size = min, .max_size = max}; }

}  // namespace

TEST_CASE("the queue's batches reach min_size, are cut at max_size, and go after flush_timeout") {
  QueueWorld world;
  world.setup.queue.batch = items(20, 20);
  world.build();
  for (int i = 0; i < 15; ++i) world.queue->consume(world.spans(3));
  CHECK(world.transport->sizes() == std::vector<uint64_t>{20, 20});
  CHECK(world.queue->held() == 45);
  world.tick(milliseconds(190));
  CHECK(world.transport->sent.size() == 2);
  world.tick(milliseconds(10));
  CHECK(world.transport->sizes() == std::vector<uint64_t>{20, 20, 5});
  for (size_t i = 0; i < 3; ++i) world.transport->answer(i, accepted());
  CHECK(world.queue->idle());
  world.check_accounts(0);
}

TEST_CASE("one large request is split, and its place in the queue is free when its last piece is done") {
  QueueWorld world;
  world.setup.queue.queue_size = 1;
  world.setup.queue.batch = items(0, 4);
  world.build();
  world.queue->consume(world.spans(10));
  world.queue->consume(world.spans(1));
  CHECK(world.transport->sizes() == std::vector<uint64_t>{4, 4, 2});
  world.transport->answer(0, accepted());
  world.transport->answer(2, accepted());
  CHECK(world.transport->sent.size() == 3);
  world.transport->answer(1, accepted());
  CHECK(world.transport->sizes() == std::vector<uint64_t>{4, 4, 2, 1});
}

TEST_CASE("split pieces hold every span once, in order") {
  QueueWorld world;
  world.setup.queue.batch = items(7, 7);
  world.build();
  world.queue->consume(world.spans(10, nullptr, "a"));
  world.queue->consume(world.spans(4, nullptr, "b"));
  std::string names;
  for (const auto& sent : world.transport->sent) {
    const Batch read = walked(Signal::kTraces, sent.bytes, world.destination);
    for (const SpanRecord& span : read.spans) names += std::string(read.name(span)) + " ";
  }
  CHECK(names == "a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0 b1 b2 b3 ");
}

TEST_CASE("a split by bytes keeps every request within max_size") {
  QueueWorld world;
  world.setup.queue.batch = items(1000, 2000);
  world.setup.queue.batch->sizer = Sizer::kBytes;
  world.build();
  for (int i = 0; i < 10; ++i) world.queue->consume(world.spans(40));
  world.queue->flush(world.clock.now());
  uint64_t spans = 0;
  for (size_t i = 0; i < world.transport->sent.size(); ++i) {
    CHECK(world.transport->sent[i].bytes.size() <= 2000);
    spans += world.transport->sent[i].items;
    world.transport->answer(i, accepted());
  }
  CHECK(spans == 400);
  world.check_accounts(0);
}

TEST_CASE("batches are kept apart by client metadata, and only by the keys named") {
  QueueWorld world;
  world.setup.queue.batch = items(4, 0);
  world.setup.queue.batch->partition.metadata_keys = {"X-Tenant"};
  world.build();
  world.queue->consume(with_tenant(world.spans(2, nullptr, "a"), {"acme"}));
  world.queue->consume(with_tenant(world.spans(2, nullptr, "b"), {"bolt"}));
  world.queue->consume(with_tenant(world.spans(1, nullptr, "c"), {"acme", "bolt"}));
  world.queue->consume(world.spans(1, nullptr, "d"));
  CHECK(world.transport->sent.empty());
  world.queue->consume(with_tenant(world.spans(2, nullptr, "e"), {"acme"}));
  REQUIRE(world.transport->sent.size() == 1);
  CHECK(world.transport->sent[0].bytes.find("a0") != std::string::npos);
  CHECK(world.transport->sent[0].bytes.find("e1") != std::string::npos);
  CHECK(world.transport->sent[0].bytes.find("b0") == std::string::npos);
  world.tick(milliseconds(200));
  CHECK(world.transport->sent.size() == 4);
}

TEST_CASE("sizes of a batch by sizer") {
  const std::string request = trace_request(5);
  const Batch batch = walked(Signal::kTraces, request, 0);
  CHECK(size_of(batch, Sizer::kRequests) == 1);
  CHECK(size_of(batch, Sizer::kItems) == 5);
  CHECK(size_of(batch, Sizer::kBytes) == request.size());
  CHECK(items_that_fit(batch, Sizer::kBytes, 10) == 0);
  CHECK(items_that_fit(batch, Sizer::kBytes, request.size() * 2) == 5);
  Batch rest = batch;
  const uint64_t fit = items_that_fit(batch, Sizer::kBytes, 250);
  CHECK(fit > 0);
  CHECK(otlp::encoded_size(otlp::split_front(rest, fit)) <= 250);
}

}  // namespace weir::test
