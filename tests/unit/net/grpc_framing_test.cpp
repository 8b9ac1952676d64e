// SPDX-License-Identifier: Apache-2.0
#include "net/grpc_framing.h"

#include <vector>

#include "support/catch.h"

namespace weir::net {
namespace {

// Writes down what the framer reports.
struct Recorder final : GrpcMessageSink {
  bool on_message(uint8_t flag, uint32_t length) override {
    prefixes.emplace_back(flag, length);
    current.clear();
    return length <= limit;
  }
  void on_message_bytes(std::string_view bytes) override { current += bytes; }
  bool on_message_end() override {
    messages.push_back(current);
    return messages.size() < most;
  }
  std::vector<std::pair<int, uint32_t>> prefixes;
  std::vector<std::string> messages;
  std::string current;
  uint32_t limit = UINT32_MAX;
  size_t most = 100;
};

std::string with_flag(std::string frame, char flag) {
  frame[0] = flag;
  return frame;
}

TEST_CASE("grpc framing: messages come out whole however the bytes are cut") {
  const std::string bytes = grpc_frame("hello") + with_flag(grpc_frame(""), 1) + grpc_frame(std::string(300, 'x'));
  for (size_t step : {size_t{1}, size_t{3}, size_t{7}, bytes.size()}) {
    CAPTURE(step);
    GrpcFramer framer;
    Recorder recorder;
    for (size_t at = 0; at < bytes.size(); at += step) framer.feed(std::string_view(bytes).substr(at, step), recorder);
    CHECK(recorder.messages == std::vector<std::string>{"hello", "", std::string(300, 'x')});
    CHECK(recorder.prefixes == std::vector<std::pair<int, uint32_t>>{{0, 5}, {1, 0}, {0, 300}});
    CHECK(framer.between_messages());
  }
}

TEST_CASE("grpc framing: where it stands in the middle") {
  GrpcFramer framer;
  Recorder recorder;
  CHECK(framer.between_messages());
  framer.feed(std::string_view("\0\0\0", 3), recorder);
  CHECK(framer.in_prefix());
  framer.feed(std::string_view("\0\x04"
                               "ab",
                               4),
              recorder);
  CHECK(!framer.in_prefix());
  CHECK(!framer.between_messages());
  CHECK(recorder.prefixes == std::vector<std::pair<int, uint32_t>>{{0, 4}});
}

TEST_CASE("grpc framing: a sink that says stop hears nothing more") {
  Recorder recorder;
  recorder.limit = 10;
  GrpcFramer framer;
  framer.feed(grpc_frame(std::string(11, 'x')) + grpc_frame("next"), recorder);
  CHECK(recorder.prefixes.size() == 1);
  CHECK(recorder.messages.empty());
  Recorder second;
  second.most = 1;
  GrpcFramer other;
  other.feed(grpc_frame("one") + grpc_frame("two"), second);
  CHECK(second.messages == std::vector<std::string>{"one"});
}

TEST_CASE("grpc-timeout") {
  using namespace std::chrono_literals;
  CHECK(parse_grpc_timeout("250m") == Duration(250ms));
  CHECK(parse_grpc_timeout("10S") == Duration(10s));
  CHECK(parse_grpc_timeout("1H") == Duration(1h));
  CHECK(parse_grpc_timeout("2M") == Duration(2min));
  CHECK(parse_grpc_timeout("3u") == Duration(3us));
  CHECK(parse_grpc_timeout("0n") == Duration(0));
  CHECK(parse_grpc_timeout("99999999H") > Duration(24h * 36500));
  CHECK(parse_grpc_timeout("99999999S") == Duration(99999999s));
  for (const char* bad : {"", "1", "m", "bogus", "-1S", "1.5S", "123456789S", "1 S", "1s"}) {
    CAPTURE(bad);
    CHECK(!parse_grpc_timeout(bad));
  }
}

TEST_CASE("grpc-message and -bin values") {
  CHECK(percent_encode("a b%\n\xc3\xa9") == "a b%25%0A%C3%A9");
  CHECK(base64_encode("") == "");
  CHECK(base64_encode("a") == "YQ");
  CHECK(base64_encode("ab") == "YWI");
  CHECK(base64_encode("abc") == "YWJj");
  CHECK(base64_encode(std::string_view("\0\xff\x10", 3)) == "AP8Q");
  for (const char* good : {"", "YQ", "YQ==", "YWI=", "YWJj", "YQ,YWI="}) CHECK(is_base64(good));
  for (const char* bad : {"%%%", "Y", "Y===", "YQ=", "a b", "====", "=YQ"}) {
    CAPTURE(bad);
    CHECK(!is_base64(bad));
  }
}

TEST_CASE("paths of gRPC methods") {
  CHECK(parse_grpc_path("/a.b.C/M")->service == "a.b.C");
  CHECK(parse_grpc_path("/a.b.C/M")->method == "M");
  CHECK(!parse_grpc_path("nonsense"));
  CHECK(!parse_grpc_path("/nonsense"));
  CHECK(!parse_grpc_path(""));
}

TEST_CASE("a refusal is trailers only, a reply is not") {
  const Response refusal = grpc_refusal(14, "über");
  CHECK(refusal.body.empty());
  CHECK(refusal.trailers.empty());
  CHECK(refusal.fields.at(1).value == "14");
  CHECK(refusal.fields.at(2).value == "%C3%BCber");
  const Response reply = grpc_reply("x", "application/grpc");
  CHECK(reply.body == std::string("\0\0\0\0\1x", 6));
  CHECK(reply.trailers.at(0).value == "0");
}

}  // namespace
}  // namespace weir::net
