// SPDX-License-Identifier: Apache-2.0
// Bodies and headers that real senders put on the wire (tests/data/captures), sent again to a live receiver.
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "live_receiver.h"
#include "support/catch.h"

namespace weir::test {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

struct Capture {
  std::string name, path, body;
  bool is_grpc = false, chunked = false, expect_100 = false;
  size_t spans = 0;  // of traces; other signals are refused here
  bool is_traces = false;
  Http2Peer::Fields headers;
};

std::vector<Capture> captures() {
  std::vector<Capture> out;
  for (const auto& entry : fs::directory_iterator(WEIR_TEST_DATA "/captures")) {
    if (entry.path().extension() != ".bin" || entry.path().stem() == "otelcol-remotewrite") continue;
    const boost::json::object facts =
        boost::json::parse(read_file(fs::path(entry.path()).replace_extension(".json"))).as_object();
    Capture capture;
    capture.name = entry.path().stem();
    capture.path = facts.at("path").as_string();
    capture.body = read_file(entry.path());
    capture.is_grpc = facts.at("protocol").as_string() == "grpc";
    capture.chunked = facts.at("chunked").as_bool();
    capture.expect_100 = facts.at("expect_100").as_bool();
    capture.is_traces = capture.path.find("race") != std::string::npos;
    if (capture.is_traces) capture.spans = static_cast<size_t>(facts.at("spans").to_number<int64_t>());
    for (const boost::json::value& pair : facts.at("headers").as_array()) {
      capture.headers.emplace_back(pair.as_array()[0].as_string(), pair.as_array()[1].as_string());
    }
    out.push_back(std::move(capture));
  }
  return out;
}

int send_grpc(const LiveReceiver& live, const Capture& capture) {
  GrpcClient client(const_cast<LiveReceiver&>(live).grpc());
  const int32_t stream = client.peer().begin(capture.headers);
  client.peer().send_body(stream, capture.body, true);
  const Http2Peer::Answer answer = client.wait(stream);
  return answer.field("grpc-status").empty() ? -1 : std::stoi(answer.field("grpc-status"));
}

HttpAnswer send_http(LiveReceiver& live, const Capture& capture) {
  std::string head = "POST " + capture.path + " HTTP/1.1\r\n";
  for (const auto& [name, value] : capture.headers) head += name + ": " + value + "\r\n";
  RawSocket socket(live.http());
  socket.send(head + "\r\n");
  if (!capture.chunked) {
    socket.send(capture.body);
  } else {
    char line[20];
    for (size_t at = 0; at < capture.body.size(); at += 700) {
      const std::string part = capture.body.substr(at, 700);
      std::snprintf(line, sizeof(line), "%zx\r\n", part.size());
      socket.send(line + part + "\r\n");
    }
    socket.send("0\r\n\r\n");
  }
  std::string rest;
  return read_answer(socket, rest);
}

TEST_CASE("captures: what real senders sent is taken, span for span") {
  size_t traces = 0;
  for (const Capture& capture : captures()) {
    CAPTURE(capture.name);
    LiveReceiver::Options options = LiveReceiver::defaults();
    // One sender was configured with a path before the usual one.
    if (!capture.is_grpc && capture.is_traces) options.config.protocols.http->traces_url_path = capture.path;
    LiveReceiver live(options);
    if (capture.is_grpc) {
      CHECK(send_grpc(live, capture) == (capture.is_traces ? 0 : 12));
    } else {
      const HttpAnswer answer = send_http(live, capture);
      CHECK(answer.status == (capture.is_traces ? 200 : 404));
      CHECK(answer.continues <= (capture.expect_100 ? 1 : 0));
    }
    CHECK(live.traces.names().size() == capture.spans);
    traces += capture.is_traces ? 1 : 0;
  }
  CHECK(traces >= 25);
}

}  // namespace
}  // namespace weir::test
