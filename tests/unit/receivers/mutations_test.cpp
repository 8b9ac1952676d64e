// SPDX-License-Identifier: Apache-2.0
// 2,000 random mutations of valid requests over both listeners: the receiver lives, every answer is a status that the
// protocol names, and good traffic beside it is not harmed.
#include <random>
#include <set>

#include "live_receiver.h"
#include "support/catch.h"

namespace weir::test {
namespace {

using Random = std::mt19937;

size_t below(Random& random, size_t n) { return n == 0 ? 0 : random() % n; }

// One to four flips, cuts, insertions or repetitions.
std::string mutated(std::string bytes, Random& random) {
  for (size_t i = 0, times = 1 + below(random, 4); i < times; ++i) {
    const size_t at = below(random, bytes.size());
    switch (below(random, 5)) {
      case 0:
        if (!bytes.empty()) bytes[at] = static_cast<char>(random());
        break;
      case 1:
        if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(random, 8)));
        break;
      case 2:
        bytes.erase(at, 1 + below(random, 20));
        break;
      case 3:
        bytes.insert(at, std::string(1 + below(random, 20), static_cast<char>(random())));
        break;
      default:
        bytes.insert(at, bytes.substr(below(random, bytes.size()), below(random, 60)));
    }
  }
  return bytes;
}

const std::set<int> kHttpStatuses = {200, 307, 400, 404, 405, 408, 413, 415, 431, 503};

void require_named_http(const HttpAnswer& answer, const std::string& sent) {
  CAPTURE(sent);
  if (answer.status == 0) return;  // cut short: the receiver waits for the rest, or the connection is over
  CHECK(kHttpStatuses.count(answer.status) == 1);
}

void require_named_grpc(const Http2Peer::Answer& answer) {
  if (answer.fields.empty()) return;  // reset, or the connection ended with GOAWAY
  const std::string status = answer.field("grpc-status");
  if (answer.field(":status") == "431") return;
  CAPTURE(status);
  REQUIRE(!status.empty());
  const int code = std::stoi(status);
  CHECK(code >= 0);
  CHECK(code <= 16);
}

void require_good_traffic(LiveReceiver& live, GrpcClient& grpc, RawSocket& http) {
  const size_t before = live.traces.names().size();
  CHECK(grpc.call(grpc_message(trace_request({"good"}))).field("grpc-status") == "0");
  http.send(http_post("/v1/traces", "application/x-protobuf", trace_request({"good"})));
  std::string rest;
  CHECK(read_answer(http, rest).status == 200);
  CHECK(live.traces.names().size() == before + 2);
}

TEST_CASE("mutations: requests of HTTP/1.1, whole and body only") {
  LiveReceiver live;
  GrpcClient good_grpc(live.grpc());
  RawSocket good_http(live.http());
  Random random(1);
  const std::string body = trace_request({"a", "b"});
  const std::string whole = http_post("/v1/traces", "application/x-protobuf", body);
  for (int i = 0; i < 1000; ++i) {
    const bool head_too = i % 2 == 0;
    const std::string sent =
        head_too ? mutated(whole, random) : http_post("/v1/traces", "application/x-protobuf", mutated(body, random));
    RawSocket socket(live.http());
    socket.send(sent);
    socket.shutdown_write();
    std::string rest;
    require_named_http(read_answer(socket, rest), sent);
    if (i % 50 == 0) require_good_traffic(live, good_grpc, good_http);
  }
  live.stop();
  CHECK(live.receiver().open_requests() == 0);
  CHECK(live.budget.used() == 0);
}

// Requests as a client's bytes, mutated behind the preface.
TEST_CASE("mutations: gRPC messages, and the frames of HTTP/2") {
  LiveReceiver live;
  GrpcClient good_grpc(live.grpc());
  RawSocket good_http(live.http());
  Random random(2);
  const std::string message = grpc_message(trace_request({"a", "b"}));
  for (int i = 0; i < 1000; ++i) {
    GrpcClient client(live.grpc());
    const int32_t stream = client.peer().begin(Http2Peer::grpc_fields(GrpcClient::kTracePath));
    const bool frames_too = i % 2 == 0;
    client.peer().send_body(stream, frames_too ? message : mutated(message, random), true);
    if (frames_too) {
      constexpr size_t kPreface = 24;
      const std::string bytes = client.peer().take_output();
      client.send_raw(bytes.substr(0, kPreface) + mutated(bytes.substr(kPreface), random));
      client.end_input();
    }
    require_named_grpc(client.wait(stream));
    if (i % 50 == 0) require_good_traffic(live, good_grpc, good_http);
  }
  live.stop();
  CHECK(live.receiver().open_requests() == 0);
  CHECK(live.budget.used() == 0);
}

}  // namespace
}  // namespace weir::test
