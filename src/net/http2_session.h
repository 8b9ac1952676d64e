// SPDX-License-Identifier: Apache-2.0
// For .cpp files of src/net only: the server side of HTTP/2 on nghttp2.
#pragma once

#include <nghttp2/nghttp2.h>

#include <memory>
#include <string>
#include <vector>

#include "net/http2_keepalive.h"
#include "net/server_session.h"

namespace weir::net {

// One stream, reused for later ones. Its place in the session's table and `generation` make its id for Responders.
struct Http2Stream {
  int32_t id = 0;  // 0: free
  uint32_t slot = 0;
  uint32_t generation = 0;
  bool uncounted = false;  // it is no open request any more
  RequestHead head;
  uint32_t header_bytes = 0;
  bool head_done = false;
  bool too_large = false;  // the head was over the limit
  bool malformed = false;
  bool remote_ended = false;  // the client has ended its side
  bool answered = false;
  bool local_ended = false;  // our answer has left
  bool resting = false;      // the answer has left, the client goes on sending
  bool told = false;         // resting, and reset in the client's eyes
  std::unique_ptr<RequestSink> sink;
  Response response;
  std::string status, length;  // of its head
  size_t body_sent = 0;
  uint64_t body_received = 0;
  uint64_t rest_received = 0;  // of it, since it rests
  Duration begun{0};           // when its head began; then, when it was complete
  Duration answered_at{0};     // then, when it began to rest
};

class Http2Session final : public ServerSession {
 public:
  Http2Session(SessionEnv env, Time now);
  ~Http2Session() override;

  void receive(std::string_view bytes) override;
  void receive_end() override;
  void take_output(std::string& out) override;
  bool wants_input() const override { return nghttp2_session_want_read(session_) != 0; }
  bool finished() const override;
  void on_tick(Time now) override;
  void drain() override;
  void say_goodbye() override;
  void respond(uint64_t id, Response&& response) override;

  // Events of nghttp2.
  int begin_headers(const nghttp2_frame& frame);
  int header(int32_t id, std::string_view name, std::string_view value);
  int frame_received(const nghttp2_frame& frame);
  int data(int32_t id, std::string_view bytes);
  int frame_sent(const nghttp2_frame& frame);
  int stream_closed(int32_t id);
  ssize_t read_body(Http2Stream& stream, uint8_t* into, size_t room, uint32_t* flags);

 private:
  static constexpr uint32_t kFrameSize = 64 << 10;
  static constexpr uint32_t kMostMistakes = 1000;
  static constexpr Duration kMistakesTime = std::chrono::seconds(10);
  // Of a stream that rests; then its window stays closed. As much as a request may have where nothing else is written:
  // Python's httpx waits for ever where its body is not read.
  static constexpr uint64_t kMostRest = 64 << 20;
  static constexpr Duration kRestTime = std::chrono::seconds(10);

  uint32_t most_told() const { return env_.limits.max_concurrent_streams / 4; }
  void send_settings();
  void write_grant(char* settings) const;
  Http2Stream* find(int32_t id) const;
  uint64_t id_of(const Http2Stream& stream) const;
  Http2Stream& take_slot(int32_t id);
  void release_slot(Http2Stream& stream);
  void request_complete(Http2Stream& stream);
  void submit(Http2Stream& stream);
  void answered_or_gone(Http2Stream& stream);
  void local_end(Http2Stream& stream);
  void watch(Http2Stream& stream, Time now);
  void watch_answer(Http2Stream& stream);
  void let_go(Http2Stream& stream, uint32_t error);
  void watch_drain(Time now);
  void say_final();
  void watch_head(const Http2Stream& stream);
  void act(Http2Keepalive::Action action);
  void note_reset(uint32_t error);
  void note(int error);

  SessionEnv env_;
  nghttp2_session* session_ = nullptr;
  std::vector<std::unique_ptr<Http2Stream>> slots_;
  std::vector<uint32_t> free_;
  uint32_t open_ = 0;           // streams that are not resting
  uint32_t told_ = 0;           // streams that rest and were reset in the client's eyes
  std::vector<int32_t> muted_;  // streams whose next reset is not sent: the peer was told already
  std::string raw_;             // frames of our own, sent after the one that is being taken
  Http2Keepalive keepalive_;
  const Duration begun_;
  Duration now_;
  bool input_ended_ = false;
  uint32_t mistakes_ = 0;  // of the peer, that ended a stream
  Duration mistakes_since_{0};
  bool settings_seen_ = false;  // the client's first frame
  bool broken_ = false;
  enum class Drain : uint8_t { kNo, kNoticed, kFinal } drain_ = Drain::kNo;
  Duration drain_since_{0};
};

}  // namespace weir::net
