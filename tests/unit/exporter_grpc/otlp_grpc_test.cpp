// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/otlp_grpc.h"

#include "exporters/otlp_grpc/status.h"
#include "grpc_fixture.h"
#include "otlp/writer.h"

namespace weir::test {

namespace {

// google.rpc.Status with a RetryInfo of that many seconds.
std::string retry_details(uint64_t wait) {
  namespace field = otlp::field;
  otlp::MessageWriter out;
  out.varint(field::rpc_status::kCode, 8);
  out.begin(field::rpc_status::kDetails);
  out.bytes(field::any::kTypeUrl, "type.googleapis.com/google.rpc.RetryInfo");
  out.begin(field::any::kValue);
  out.begin(field::retry_info::kRetryDelay);
  out.varint(field::duration::kSeconds, wait);
  for (int open = 0; open < 3; ++open) out.end();
  return out.take();
}

}  // namespace

TEST_CASE("otlp_grpc: the sender's own bytes arrive, compressed or not, with headers") {
  for (const std::string compression : {"gzip", "none", ""}) {
    INFO(compression);
    Server server({});
    OtlpGrpcConfig config = to(server, compression);
    config.headers = {{"X-Scope-OrgID", "t1"}};
    config.user_agent = "mine/1";
    GrpcWorld world(config);
    CHECK(world.deliver(50).outcome == Outcome::kExported);
    const std::vector<Got> received = server.received();
    REQUIRE(received.size() == 1);
    CHECK(received[0].method == "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    CHECK(received[0].body == trace_request(50));
    CHECK(received[0].metadata.find("x-scope-orgid")->second == "t1");
    CHECK(received[0].metadata.find("user-agent")->second.starts_with("mine/1 "));
    const std::string port = server.endpoint().substr(10);
    CHECK(world.telemetry.at("otelcol_exporter_sent_spans{exporter=otlp,server_address=127.0.0.1,server_port=" + port +
                             "}") == 50);
  }
}

TEST_CASE("otlp_grpc: a message of many pieces arrives whole") {
  Server server({});
  OtlpGrpcConfig config = to(server, "none");
  config.sending_queue.batch = QueueBatchConfig{.min_size = 60, .max_size = 60};
  GrpcWorld world(config);
  std::vector<std::shared_ptr<WaitedOrigin>> origins;
  for (uint32_t i = 0; i < 20; ++i) origins.push_back(world.post(3));
  for (const auto& origin : origins) CHECK(origin->first.wait().outcome == Outcome::kExported);
  const std::vector<Got> received = server.received();
  REQUIRE(received.size() == 1);
  CHECK(walked(Signal::kTraces, received[0].body, 0).spans.size() == 60);
}

TEST_CASE("otlp_grpc: gzip is marked as gzip on the wire") {
  Server server({}, false);
  GrpcWorld world(to(server));
  const Settled how = world.deliver(2);
  CHECK(how.outcome == Outcome::kDropped);
  CHECK(how.detail.find("Unimplemented") != std::string::npos);
  CHECK(server.received().empty());
}

TEST_CASE("otlp_grpc: RESOURCE_EXHAUSTED is tried again only with RetryInfo, after that time") {
  Server server({{grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "slow down", retry_details(40))},
                 {},
                 {grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "for good")}});
  GrpcWorld world(to(server));
  const auto origin = world.post(1);
  for (bool told = false; !told;) {
    told = on(world.loops.at(0), [&] { return !world.log.lines.empty(); });
  }
  CHECK(world.log.has(
      "info Exporting failed. Will retry the request after interval. error=Throttle (40s), error: rpc error: "
      "code = ResourceExhausted desc = slow down interval=40s"));
  const auto tick = [&](Duration by) {
    on(world.loops.at(0), [&] {
      world.clock.advance(by);
      world.stage->on_tick(world.clock.now());
      return true;
    });
  };
  tick(milliseconds(39'900));
  CHECK(server.received().size() == 1);
  tick(milliseconds(100));
  CHECK(origin->first.wait().outcome == Outcome::kExported);
  CHECK(server.received().at(0).body == server.received().at(1).body);
  CHECK(world.deliver(1).reason == DropReason::kRefused);
}

TEST_CASE("otlp_grpc: partial success, and what is too large is sent in halves") {
  // partial_success { rejected_spans: 2, error_message: "old" }
  Server server({{grpc::Status::OK, std::string("\x0a\x07\x08\x02\x12\x03old", 9)}});
  GrpcWorld world(to(server, "none"));
  world.deliver(5);
  CHECK(world.dropped(DropReason::kRejected) == 2);
  CHECK(world.settled(Outcome::kExported) == 3);
  CHECK(world.deliver(1, std::string(2 << 20, 'n')).reason == DropReason::kTooLarge);
  world.post(20'000);
  for (bool done = false; !done;) {
    done = on(world.loops.at(0), [&] { return world.stage->held() == 0; });
  }
  CHECK(world.settled(Outcome::kExported) == 3 + 20'000);
  CHECK(world.dropped(DropReason::kTooLarge) == 1);
  world.check_accounts(0);
}

TEST_CASE("otlp_grpc: which refusals are about the data") {
  using grpc::StatusCode;
  const auto result = [](StatusCode code, const std::string& message = "no") {
    return result_of_grpc(grpc::Status(code, message), "");
  };
  CHECK(result(StatusCode::INVALID_ARGUMENT).data_refused);
  CHECK(result(StatusCode::RESOURCE_EXHAUSTED, "limit of 10 spans").data_refused);
  CHECK(result(StatusCode::FAILED_PRECONDITION, "TRACE_TOO_LARGE: max size of trace").data_refused);
  CHECK_FALSE(result(StatusCode::FAILED_PRECONDITION).data_refused);
  for (const StatusCode code : {StatusCode::UNAUTHENTICATED, StatusCode::PERMISSION_DENIED, StatusCode::UNIMPLEMENTED,
                                StatusCode::NOT_FOUND, StatusCode::INTERNAL, StatusCode::UNKNOWN}) {
    CHECK(result(code).kind == SendResult::Kind::kPermanent);
    CHECK_FALSE(result(code).data_refused);
  }
  CHECK(result(StatusCode::RESOURCE_EXHAUSTED, "Received message larger than max (9 vs. 8)").kind ==
        SendResult::Kind::kTooLarge);
  CHECK_FALSE(result_of_grpc(grpc::Status::OK, "no protobuf").data_refused);  // it was taken
}

TEST_CASE("otlp_grpc: a call that takes too long is tried again") {
  Server server(std::vector<Reply>{{.never = true}});
  OtlpGrpcConfig config = to(server);
  config.retry_on_failure.enabled = false;
  config.timeout = milliseconds(200);
  GrpcWorld world(config);
  const Settled how = world.deliver(1);
  CHECK(how.reason == DropReason::kRetriesExhausted);
  CHECK(how.detail == "rpc error: code = DeadlineExceeded desc = Deadline Exceeded");
}

TEST_CASE("otlp_grpc: nobody listens: unavailable, to be tried again") {
  OtlpGrpcConfig config = plain("127.0.0.1:1");
  config.retry_on_failure.enabled = false;
  GrpcWorld world(config);
  const Settled how = world.deliver(1);
  CHECK(how.reason == DropReason::kRetriesExhausted);
  CHECK(how.detail.starts_with("rpc error: code = Unavailable desc = "));
}

TEST_CASE("otlp_grpc: an exporter that ends with calls under way waits for the library, and nobody is called") {
  Server server({{.never = true}, {.never = true}});
  std::shared_ptr<WaitedOrigin> origin;
  {
    GrpcWorld world(to(server));
    origin = world.post(1);
    world.post(2);
    while (server.received().size() < 2) on(world.loops.at(0), [] { return true; });
    on(world.loops.at(0), [&] {
      world.stage->abandon();
      return true;
    });
    CHECK(world.dropped(DropReason::kShutdown) == 3);
    world.check_accounts(0);
  }
  CHECK(origin->first.wait().reason == DropReason::kShutdown);
}

}  // namespace weir::test
