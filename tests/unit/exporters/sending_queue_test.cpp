// SPDX-License-Identifier: Apache-2.0
#include "queue_fixture.h"

namespace weir::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("a queue sends as many requests at once as it has consumers, in order") {
  QueueWorld world;
  world.setup.queue.num_consumers = 2;
  world.build();
  for (uint32_t n = 1; n <= 4; ++n) world.queue->consume(world.spans(n));
  CHECK(world.transport->sizes() == std::vector<uint64_t>{1, 2});
  CHECK(world.queue->held() == 10);
  world.transport->answer(1, accepted());
  CHECK(world.transport->sizes() == std::vector<uint64_t>{1, 2, 3});
  world.check_accounts(world.queue->held());
  world.transport->answer(0, accepted());
  world.transport->answer(2, accepted());
  world.transport->answer(3, accepted());
  CHECK(world.queue->idle());
  CHECK(world.settled(Outcome::kExported) == 10);
  world.check_accounts(0);
  CHECK(world.telemetry.at("otelcol_exporter_sent_spans{exporter=otlp}") == 10);
  CHECK(world.telemetry.at("otelcol_exporter_send_failed_spans{exporter=otlp}") == -1);
}

TEST_CASE("a request goes out as the bytes that came in") {
  QueueWorld world;
  world.build();
  const std::string request = trace_request(3);
  world.queue->consume(walked(Signal::kTraces, request, world.destination));
  CHECK(world.transport->sent[0].bytes == request);
}

TEST_CASE("a full queue drops no span: batches wait at the door") {
  QueueWorld world;
  world.setup.queue = {.num_consumers = 1, .queue_size = 2};
  world.build();
  for (uint32_t i = 0; i < 50; ++i) world.queue->consume(world.spans(1, nullptr, "r" + std::to_string(i) + "-"));
  CHECK(world.queue->held() == 50);
  world.tick(milliseconds(10));
  CHECK(world.telemetry.at("otelcol_exporter_queue_size{data_type=traces,exporter=otlp}") == 2);
  CHECK(world.telemetry.at("otelcol_exporter_queue_capacity{data_type=traces,exporter=otlp}") == 2);
  CHECK(world.telemetry.at("otelcol_exporter_in_flight_requests{data_type=traces,exporter=otlp}") == 1);
  for (size_t i = 0; i < 50; ++i) {
    REQUIRE(world.transport->sent.size() == i + 1);
    CHECK(world.transport->sent[i].bytes.find("r" + std::to_string(i) + "-0") != std::string::npos);
    world.transport->answer(i, accepted());
  }
  CHECK(world.settled(Outcome::kExported) == 50);
  CHECK(world.settled(Outcome::kDropped) == 0);
  world.check_accounts(0);
}

TEST_CASE("the queue counts requests in flight in its sizer's unit, and takes a batch greater than itself when empty") {
  QueueWorld world;
  world.setup.queue = {.num_consumers = 10, .queue_size = 10, .sizer = Sizer::kItems};
  world.build();
  world.queue->consume(world.spans(6));
  world.queue->consume(world.spans(6));
  CHECK(world.transport->sent.size() == 1);  // 12 > 10: the second waits
  world.queue->consume(world.spans(25));
  world.transport->answer(0, accepted());
  CHECK(world.transport->sent.size() == 2);
  world.transport->answer(1, accepted());
  CHECK(world.transport->sizes() == std::vector<uint64_t>{6, 6, 25});
  world.transport->answer(2, accepted());
  CHECK(world.queue->idle());
}

TEST_CASE("metrics beyond the door's room: the oldest there is dropped and counted") {
  QueueWorld world;
  world.setup.queue = {.num_consumers = 1, .queue_size = 2};
  world.build(Signal::kMetrics);
  for (uint32_t points = 1; points <= 5; ++points) {
    world.queue->consume(walked(Signal::kMetrics, metric_request(points), world.destination));
  }
  // 1 and 2 are in the queue, 3 went for 5.
  CHECK(world.telemetry.at("otelcol_exporter_enqueue_failed_metric_points{exporter=otlp}") == 3);
  CHECK(world.log.has("error Exporting failed. Dropping data. error=sending queue is full dropped_items=3"));
  for (size_t i = 0; i < 4; ++i) world.transport->answer(i, accepted());
  CHECK(world.transport->sizes() == std::vector<uint64_t>{1, 2, 4, 5});
  CHECK(world.telemetry.at("otelcol_exporter_sent_metric_points{exporter=otlp}") == 12);
}

TEST_CASE("a retryable failure is tried again after the backoff and occupies a consumer meanwhile") {
  QueueWorld world;
  world.setup.queue.num_consumers = 1;
  world.setup.retry = {
      .initial_interval = seconds(2), .randomization_factor = 0, .multiplier = 2, .max_interval = seconds(5)};
  world.build();
  world.queue->consume(world.spans(1));
  world.queue->consume(world.spans(2));
  world.transport->answer(0, retry("no"));
  CHECK(world.log.has("info Exporting failed. Will retry the request after interval. error=no interval=2s"));
  world.tick(milliseconds(1999));
  CHECK(world.transport->sizes() == std::vector<uint64_t>{1});
  world.tick(milliseconds(1));
  CHECK(world.transport->sizes() == std::vector<uint64_t>{1, 1});
  world.transport->answer(1, retry("no"));
  world.tick(milliseconds(3990));
  CHECK(world.transport->sent.size() == 2);
  world.tick(milliseconds(10));  // 4 s
  world.transport->answer(2, retry("no"));
  world.tick(seconds(5));  // 8 s, but 5 s at most
  REQUIRE(world.transport->sent.size() == 4);
  world.transport->answer(3, accepted());
  CHECK(world.transport->sizes() == std::vector<uint64_t>{1, 1, 1, 1, 2});
  world.transport->answer(4, accepted());
  CHECK(world.settled(Outcome::kExported) == 3);
  world.check_accounts(0);
}

TEST_CASE("a hint of the destination makes the wait longer, never shorter") {
  QueueWorld world;
  world.setup.retry = {.initial_interval = seconds(5), .randomization_factor = 0};
  world.build();
  world.queue->consume(world.spans(1));
  world.transport->answer(0, retry("later", seconds(20)));
  world.tick(milliseconds(19'990));
  CHECK(world.transport->sent.size() == 1);
  world.tick(milliseconds(10));
  REQUIRE(world.transport->sent.size() == 2);
  world.transport->answer(1, retry("later", milliseconds(1)));
  world.tick(milliseconds(7'490));  // 5 s × 1.5
  CHECK(world.transport->sent.size() == 2);
  world.tick(milliseconds(10));
  CHECK(world.transport->sent.size() == 3);
}

TEST_CASE("a written max_elapsed_time is obeyed: retries_exhausted") {
  QueueWorld world;
  world.setup.retry = {
      .initial_interval = seconds(4), .randomization_factor = 0, .multiplier = 1, .max_elapsed_time = seconds(10)};
  world.build();
  auto origin = std::make_shared<RecordingOrigin>();
  world.queue->consume(world.spans(3, origin));
  world.transport->answer(0, retry("down"));
  world.tick(seconds(4));
  world.transport->answer(1, retry("down"));
  world.tick(seconds(4));
  world.transport->answer(2, retry("down"));  // the next would be after 12 s
  CHECK(world.queue->idle());
  CHECK(world.dropped(DropReason::kRetriesExhausted) == 3);
  CHECK(world.log.has("error Exporting failed. Dropping data. error=no more retries left: down dropped_items=3"));
  CHECK(world.telemetry.at("otelcol_exporter_send_failed_spans{exporter=otlp}") == 3);
  CHECK(world.telemetry.at("otelcol_exporter_sent_spans{exporter=otlp}") == 0);
  REQUIRE(origin->settled.size() == 1);
  CHECK(origin->settled[0].second.retryable);
  world.check_accounts(0);
}

TEST_CASE("an unwritten max_elapsed_time lasts as long as the byte budget") {
  QueueWorld world;
  world.setup.retry = {.initial_interval = seconds(30), .randomization_factor = 0, .multiplier = 1};
  world.build();
  world.queue->consume(world.spans(1));
  size_t attempts = 0;
  for (; attempts < 20; ++attempts) {
    world.transport->answer(attempts, retry("down"));
    world.tick(seconds(30));
  }
  CHECK(world.transport->sent.size() == 21);  // ten minutes, and still there
  const Reservation most = Reservation::take(world.budget, world.budget.limit() * 95 / 100);
  world.transport->answer(attempts, retry("down"));
  CHECK(world.dropped(DropReason::kRetriesExhausted) == 1);
  CHECK(world.queue->idle());
}

TEST_CASE("a sender that waits for the outcome is not kept for ever") {
  QueueWorld world;
  world.setup.queue.wait_for_result = true;
  world.setup.retry = {
      .initial_interval = seconds(200), .randomization_factor = 0, .multiplier = 1, .max_interval = seconds(200)};
  world.build();
  world.queue->consume(world.spans(1));
  world.transport->answer(0, retry("down"));
  world.tick(seconds(200));
  world.transport->answer(1, retry("down"));
  CHECK(world.dropped(DropReason::kRetriesExhausted) == 1);
}

TEST_CASE("permanent errors drop one request, without a retry") {
  QueueWorld world;
  world.build();
  auto origin = std::make_shared<RecordingOrigin>();
  world.queue->consume(world.spans(2, origin));
  world.queue->consume(world.spans(1));
  world.transport->answer(0, permanent("bad"));
  world.transport->answer(1, too_large("big"));
  CHECK(world.dropped(DropReason::kRefused) == 2);
  CHECK(world.dropped(DropReason::kTooLarge) == 1);
  REQUIRE(origin->settled.size() == 1);
  CHECK_FALSE(origin->settled[0].second.retryable);
  CHECK(origin->settled[0].second.detail == "not retryable error: Permanent error: bad");
  world.check_accounts(0);
}

TEST_CASE("with retry disabled a retryable failure ends the request, and a waiting sender may try again") {
  QueueWorld world;
  world.setup.retry.enabled = false;
  world.setup.queue.enabled = false;
  world.build();
  auto origin = std::make_shared<RecordingOrigin>();
  world.queue->consume(world.spans(2, origin));
  world.transport->answer(0, retry("unavailable"));
  REQUIRE(origin->settled.size() == 1);
  CHECK(origin->settled[0].second.reason == DropReason::kRetriesExhausted);
  CHECK(origin->settled[0].second.retryable);
  CHECK(world.log.has("error Exporting failed. Rejecting data. error=unavailable rejected_items=2"));
}

TEST_CASE("without a queue nothing limits the requests under way") {
  QueueWorld world;
  world.setup.queue = {.enabled = false, .num_consumers = 1, .queue_size = 1};
  world.build();
  for (int i = 0; i < 30; ++i) world.queue->consume(world.spans(1));
  CHECK(world.transport->sent.size() == 30);
  world.tick(milliseconds(10));
  CHECK(world.telemetry.at("otelcol_exporter_queue_size{data_type=traces,exporter=otlp}") == -1);
}

TEST_CASE("partial success: what was refused is dropped and spread over the parts exactly, never sent again") {
  QueueWorld world;
  world.setup.queue.batch = QueueBatchConfig{.min_size = 10};
  world.build();
  auto first = std::make_shared<RecordingOrigin>();
  auto second = std::make_shared<RecordingOrigin>();
  world.queue->consume(world.spans(7, first));
  world.queue->consume(world.spans(3, second));
  REQUIRE(world.transport->sizes() == std::vector<uint64_t>{10});
  world.transport->answer(0, accepted(4, "too old"));
  CHECK(world.dropped(DropReason::kRejected) == 4);
  CHECK(world.settled(Outcome::kExported) == 6);
  uint64_t refused = 0;
  for (const auto& origin : {first, second}) {
    for (const auto& [items, how] : origin->settled) refused += how.outcome == Outcome::kDropped ? items : 0;
  }
  CHECK(refused == 4);
  CHECK(world.log.has("warn Partial success response message=too old dropped_spans=4"));
  CHECK(world.transport->sent.size() == 1);
  world.check_accounts(0);
}

TEST_CASE("a destination that rejects more than it got does not upset the accounts") {
  QueueWorld world;
  world.build();
  world.queue->consume(world.spans(2));
  world.transport->answer(0, accepted(1000));
  CHECK(world.dropped(DropReason::kRejected) == 2);
  world.check_accounts(0);
}

TEST_CASE("a transport that answers at once is no recursion") {
  QueueWorld world;
  world.setup.queue = {.num_consumers = 1, .queue_size = 1};
  world.build();
  world.queue->consume(world.spans(1));
  for (int i = 0; i < 20'000; ++i) {
    world.queue->consume(world.spans(1));
    world.transport->at_once.push_back(accepted());
  }
  world.transport->answer(0, accepted());
  CHECK(world.queue->idle());
  CHECK(world.settled(Outcome::kExported) == 20'001);
}

TEST_CASE("shutdown: everything is attempted once more, what fails then is dropped as shutdown") {
  QueueWorld world;
  world.setup.queue.num_consumers = 2;
  world.build();
  world.queue->consume(world.spans(1));
  world.queue->consume(world.spans(2));
  world.queue->consume(world.spans(4));
  world.transport->answer(0, retry("down"));
  CHECK(world.transport->sent.size() == 2);
  world.queue->flush(world.clock.now());
  REQUIRE(world.transport->sizes() == std::vector<uint64_t>{1, 2, 1});
  world.transport->answer(2, retry("down"));
  CHECK(world.dropped(DropReason::kShutdown) == 1);
  world.transport->answer(1, accepted());
  REQUIRE(world.transport->sent.size() == 4);
  CHECK_FALSE(world.queue->idle());
  world.queue->abandon();
  CHECK(world.dropped(DropReason::kShutdown) == 5);
  CHECK(world.queue->held() == 0);
  world.check_accounts(0);
  world.transport->answer(3, accepted());  // too late to count
  CHECK(world.queue->idle());
  world.check_accounts(0);
}

TEST_CASE("abandon settles what waits at the door, in the batcher and for a retry") {
  QueueWorld world;
  world.setup.queue = {.num_consumers = 1, .queue_size = 3, .batch = QueueBatchConfig{.min_size = 5, .max_size = 5}};
  world.setup.queue.sizer = Sizer::kRequests;
  world.build();
  for (int i = 0; i < 8; ++i) world.queue->consume(world.spans(3));
  world.transport->answer(0, retry("down"));
  world.queue->abandon();
  CHECK(world.dropped(DropReason::kShutdown) == 24);
  CHECK(world.queue->idle());
  world.check_accounts(0);
}

TEST_CASE("jitter comes from the seed") {
  const auto waits = [](uint64_t seed) {
    const RetryConfig config;
    Backoff backoff(config);
    std::mt19937_64 random(seed);
    std::vector<int64_t> out;
    for (int i = 0; i < 12; ++i) out.push_back(backoff.next(random).count());
    return out;
  };
  CHECK(waits(1) == waits(1));
  CHECK(waits(1) != waits(2));
  double middle = 5e9;
  for (const int64_t wait : waits(7)) {
    CHECK(static_cast<double>(wait) >= middle * 0.5);
    CHECK(static_cast<double>(wait) <= middle * 1.5);
    middle = std::min(middle * 1.5, 30e9);
  }
}

}  // namespace weir::test
