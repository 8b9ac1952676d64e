// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::test {

// The client side of HTTP/2 (on nghttp2) as bytes in and bytes out, for tests with or without sockets.
class Http2Peer {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  struct Answer {
    std::map<std::string, std::string> fields;  // of all HEADERS frames; the last value counts
    int header_frames = 0;
    std::string body;
    bool ended = false;
    bool closed = false;
    uint32_t reset = UINT32_MAX;  // error code of RST_STREAM, where one came
    std::string field(const std::string& name) const;
  };

  Http2Peer();
  ~Http2Peer();

  // Begins a request; gives its stream. The body comes by send_body().
  int32_t begin(const Fields& fields, bool end = false);
  void send_body(int32_t stream, std::string_view bytes, bool end);
  void reset(int32_t stream);
  void ping();
  // How much of an answer's body may come, from now on.
  void set_window(uint32_t bytes);
  // Bytes for the server, and what it has answered.
  std::string take_output();
  bool receive(std::string_view bytes);

  const Answer& answer(int32_t stream) { return answers_[stream]; }
  const std::vector<int32_t>& goaways() const { return goaways_; }  // their last-stream ids
  uint32_t goaway_error() const { return goaway_error_; }

  // Fields of a gRPC call of `path`.
  static Fields grpc_fields(std::string_view path, const Fields& extra = {});

 private:
  struct Impl;
  friend struct Impl;
  std::unique_ptr<Impl> impl_;
  std::map<int32_t, Answer> answers_;
  std::vector<int32_t> goaways_;
  uint32_t goaway_error_ = 0;
};

}  // namespace weir::test
