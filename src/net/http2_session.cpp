// SPDX-License-Identifier: Apache-2.0
#include "net/http2_session.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir::net {
namespace {

Http2Session& self(void* user) { return *static_cast<Http2Session*>(user); }
std::string_view text(const uint8_t* bytes, size_t size) { return {reinterpret_cast<const char*>(bytes), size}; }
// nghttp2 takes names and values as bytes that it does not change.
uint8_t* bytes_of(std::string_view view) { return reinterpret_cast<uint8_t*>(const_cast<char*>(view.data())); }

nghttp2_nv field_of(std::string_view name, std::string_view value) {
  return {bytes_of(name), bytes_of(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

struct Callbacks {
  nghttp2_session_callbacks* all = nullptr;
  nghttp2_option* options = nullptr;

  Callbacks() {
    if (nghttp2_session_callbacks_new(&all) != 0 || nghttp2_option_new(&options) != 0) throw std::bad_alloc();
    set_callbacks();
    // Our own checks of heads are laxer where gRPC peers expect an answer in words instead of a reset.
    nghttp2_option_set_no_http_messaging(options, 1);
    nghttp2_option_set_no_auto_window_update(options, 1);
    nghttp2_option_set_no_closed_streams(options, 1);
    // Old Envoys reset every stream they were answered on; a flood of resets costs less than a flood of requests.
    nghttp2_option_set_stream_reset_rate_limit(options, 5000, 1000);
    nghttp2_option_set_max_continuations(options, 8);
    nghttp2_option_set_max_outbound_ack(options, 1000);
    nghttp2_option_set_max_settings(options, 32);
    nghttp2_option_set_max_deflate_dynamic_table_size(options, 4096);
  }

  void set_callbacks() {
    nghttp2_session_callbacks_set_on_begin_headers_callback(
        all, [](nghttp2_session*, const nghttp2_frame* frame, void* user) { return self(user).begin_headers(*frame); });
    nghttp2_session_callbacks_set_on_header_callback(
        all, [](nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                const uint8_t* value, size_t value_size, uint8_t, void* user) {
          if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
          return self(user).header(frame->hd.stream_id, text(name, name_size), text(value, value_size));
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        all,
        [](nghttp2_session*, const nghttp2_frame* frame, void* user) { return self(user).frame_received(*frame); });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        all, [](nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* user) {
          return self(user).data(id, text(data, size));
        });
    nghttp2_session_callbacks_set_on_frame_send_callback(
        all, [](nghttp2_session*, const nghttp2_frame* frame, void* user) { return self(user).frame_sent(*frame); });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        all, [](nghttp2_session*, int32_t id, uint32_t, void* user) { return self(user).stream_closed(id); });
  }
};

const Callbacks& callbacks() {
  static const Callbacks made;
  return made;
}

}  // namespace

Http2Session::Http2Session(SessionEnv env, Time now)
    : env_(std::move(env)),
      keepalive_(env_.limits, now.mono, reinterpret_cast<uintptr_t>(this) >> 4),
      begun_(now.mono),
      now_(now.mono) {
  if (nghttp2_session_server_new2(&session_, callbacks().all, this, callbacks().options) != 0) throw std::bad_alloc();
  send_settings();
}

Http2Session::~Http2Session() {
  for (const auto& stream : slots_) {
    if (stream->id != 0) answered_or_gone(*stream);
  }
  nghttp2_session_del(session_);
}

void Http2Session::send_settings() {
  const ServerLimits& limits = env_.limits;
  const uint64_t streams = uint64_t{limits.max_concurrent_streams} + most_told();
  const nghttp2_settings_entry entries[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, static_cast<uint32_t>(std::min<uint64_t>(streams, UINT32_MAX))},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.stream_window},
      {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, kFrameSize},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.header_bytes},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  };
  note(nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, entries, std::size(entries)));
  note(nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                             static_cast<int32_t>(limits.connection_window)));
}

// To nghttp2 a stream that rests is open, to a client that was told it is closed. So nghttp2 has room for these beside
// what the client is granted; what the client reads is the grant. `settings`: the frame, whose first entry it is.
void Http2Session::write_grant(char* settings) const {
  constexpr size_t kValue = 9 + 2;  // behind the frame's head and the entry's name
  for (size_t i = 0; i < 4; ++i)
    settings[kValue + i] = static_cast<char>(env_.limits.max_concurrent_streams >> (24 - 8 * i));
}

// Errors of nghttp2 calls that are not ours to mend (out of memory, a session that is ending) end the connection.
void Http2Session::note(int error) {
  if (error != 0 && nghttp2_is_fatal(error) != 0) broken_ = true;
}

void Http2Session::receive(std::string_view bytes) {
  keepalive_.on_bytes(now_);
  const ssize_t taken =
      nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  if (taken < 0) broken_ = true;  // what nghttp2 wants to say about it (GOAWAY) is sent first
}

// Requests that are cut off by the end of the connection are answered all the same: the peer may still read.
void Http2Session::receive_end() {
  input_ended_ = true;
  for (const auto& stream : slots_) {
    if (stream->id == 0 || std::exchange(stream->remote_ended, true)) continue;
    if (stream->sink && !stream->answered) stream->sink->on_end();
  }
}

void Http2Session::take_output(std::string& out) {
  const uint8_t* bytes = nullptr;
  while (true) {
    const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
    if (size <= 0) {
      if (size < 0) broken_ = true;
      return;
    }
    constexpr size_t kResetSize = 13;
    if (!muted_.empty() && size == kResetSize && bytes[3] == NGHTTP2_RST_STREAM) {
      const int32_t id = (bytes[5] & 0x7f) << 24 | bytes[6] << 16 | bytes[7] << 8 | bytes[8];
      const auto muted = std::find(muted_.begin(), muted_.end(), id);
      if (muted != muted_.end()) {
        muted_.erase(muted);
        continue;
      }
    }
    const bool grant = bytes[3] == NGHTTP2_SETTINGS && (bytes[4] & NGHTTP2_FLAG_ACK) == 0;
    out.append(text(bytes, static_cast<size_t>(size)));
    if (grant) write_grant(out.data() + out.size() - static_cast<size_t>(size));
    if (!raw_.empty()) out.append(std::exchange(raw_, {}));
  }
}

bool Http2Session::finished() const {
  if (broken_) return true;
  if (input_ended_ && open_ == 0) return true;
  if (drain_ == Drain::kFinal && open_ == 0) return true;
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

Http2Stream* Http2Session::find(int32_t id) const {
  return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session_, id));
}

uint64_t Http2Session::id_of(const Http2Stream& stream) const {
  return static_cast<uint64_t>(stream.slot) << 32 | stream.generation;
}

Http2Stream& Http2Session::take_slot(int32_t id) {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.push_back(std::make_unique<Http2Stream>());
    slots_.back()->slot = free_.back();
  }
  Http2Stream& stream = *slots_[free_.back()];
  free_.pop_back();
  stream.id = id;
  ++open_;
  if (env_.open_requests != nullptr) env_.open_requests->fetch_add(1, std::memory_order_relaxed);
  return stream;
}

void Http2Session::release_slot(Http2Stream& stream) {
  const uint32_t slot = stream.slot;
  const uint32_t generation = stream.generation + 1;
  RequestHead head = std::move(stream.head);  // keeps its memory
  head.clear();
  stream = Http2Stream{};
  stream.slot = slot;
  stream.generation = generation;
  stream.head = std::move(head);
  free_.push_back(slot);
}

// A stream leaves the count of open requests once: when it is answered, or lost before that.
void Http2Session::answered_or_gone(Http2Stream& stream) {
  if (stream.uncounted) return;
  stream.uncounted = true;
  if (env_.open_requests != nullptr) env_.open_requests->fetch_sub(1, std::memory_order_relaxed);
}

int Http2Session::begin_headers(const nghttp2_frame& frame) {
  if (frame.headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  Http2Stream& stream = take_slot(frame.hd.stream_id);
  stream.head.is_http2 = true;
  stream.begun = now_;
  note(nghttp2_session_set_stream_user_data(session_, frame.hd.stream_id, &stream));
  return 0;
}

int Http2Session::header(int32_t id, std::string_view name, std::string_view value) {
  Http2Stream* stream = find(id);
  if (stream == nullptr) return 0;
  stream->header_bytes += static_cast<uint32_t>(name.size() + value.size() + 32);  // as RFC 9113 counts them
  if (stream->header_bytes > env_.limits.header_bytes) stream->too_large = true;
  if (stream->too_large) return 0;
  if (nghttp2_check_header_value(bytes_of(value), value.size()) == 0) stream->malformed = true;
  if (name == ":method") {
    stream->head.set_method(value);
  } else if (name == ":path") {
    stream->head.set_target(value);
  } else if (name.starts_with(':')) {
    if (name == ":authority") stream->head.add("host", value);
  } else if (nghttp2_check_header_name(bytes_of(name), name.size()) == 0) {
    stream->malformed = true;
  } else {
    stream->head.add(name, value);
  }
  return 0;
}

int Http2Session::frame_received(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_SETTINGS) settings_seen_ = true;
  if (frame.hd.type == NGHTTP2_PING && (frame.hd.flags & NGHTTP2_FLAG_ACK) == 0) {
    act(keepalive_.on_peer_ping(now_, open_ > 0));
    return 0;
  }
  if (frame.hd.type == NGHTTP2_PING && drain_ == Drain::kNoticed) drain_since_ = Duration(0);  // the notice has arrived
  if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return 0;
  Http2Stream* stream = find(frame.hd.stream_id);
  if (stream == nullptr) return 0;
  if (!stream->head_done) request_complete(*stream);
  if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
  stream->remote_ended = true;
  if (stream->sink) stream->sink->on_end();
  return 0;
}

void Http2Session::request_complete(Http2Stream& stream) {
  stream.head_done = true;
  stream.begun = now_;
  const uint64_t id = id_of(stream);
  if (open_ > env_.limits.max_concurrent_streams) {
    return note(nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_REFUSED_STREAM));
  }
  if (stream.too_large) return respond(id, Response{.status = 431});
  if (stream.malformed || stream.head.method().empty()) {
    return note(nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_PROTOCOL_ERROR));
  }
  const std::string_view length = stream.head.find("content-length");
  if (!length.empty() && length.size() < 19 && length.find_first_not_of("0123456789") == length.npos) {
    stream.head.content_length = std::stoull(std::string(length));
  }
  stream.sink =
      env_.handler->on_request(stream.head, env_.connection, Responder(weak_from_this(), id, env_.connection.shard));
}

int Http2Session::data(int32_t id, std::string_view bytes) {
  Http2Stream* stream = find(id);
  if (stream != nullptr) {
    stream->body_received += bytes.size();
    if (stream->resting) stream->rest_received += bytes.size();
    if (stream->sink && (!stream->answered || stream->sink->wants_rest())) stream->sink->on_body(bytes);
  }
  // The sink has reserved and copied, or does not want them: the peer may send as many again.
  note(nghttp2_session_consume_connection(session_, bytes.size()));
  if (stream == nullptr || stream->rest_received > kMostRest) return 0;
  note(nghttp2_session_consume_stream(session_, id, bytes.size()));
  return 0;
}

void Http2Session::respond(uint64_t id, Response&& response) {
  const uint64_t slot = id >> 32;
  if (slot >= slots_.size()) return;
  Http2Stream& stream = *slots_[slot];
  if (stream.id == 0 || stream.generation != static_cast<uint32_t>(id) || stream.answered) return;
  stream.answered = true;
  stream.answered_at = now_;
  stream.response = std::move(response);
  submit(stream);
  answered_or_gone(stream);
  if (on_output) on_output();
}

void Http2Session::submit(Http2Stream& stream) {
  const Response& response = stream.response;
  absl::InlinedVector<nghttp2_nv, 10> fields;
  stream.status = std::to_string(response.status);
  fields.push_back(field_of(":status", stream.status));
  for (const ResponseField& field : response.fields) fields.push_back(field_of(field.name, field.value));
  // A client that knows the length need not wait for the stream's end, which curl 7.88 misses where it was sending.
  stream.length = std::to_string(response.body.size());
  if (!response.body.empty() && response.trailers.empty()) fields.push_back(field_of("content-length", stream.length));
  if (stream.head.method() == "HEAD") stream.response.body.clear();
  nghttp2_data_provider body{};
  body.source.ptr = &stream;
  body.read_callback = [](nghttp2_session*, int32_t, uint8_t* into, size_t room, uint32_t* flags,
                          nghttp2_data_source* source, void* user) {
    return self(user).read_body(*static_cast<Http2Stream*>(source->ptr), into, room, flags);
  };
  const bool has_body = !response.body.empty() || !response.trailers.empty();
  note(nghttp2_submit_response(session_, stream.id, fields.data(), fields.size(), has_body ? &body : nullptr));
}

ssize_t Http2Session::read_body(Http2Stream& stream, uint8_t* into, size_t room, uint32_t* flags) {
  const Response& response = stream.response;
  const size_t part = std::min(room, response.body.size() - stream.body_sent);
  std::memcpy(into, response.body.data() + stream.body_sent, part);
  stream.body_sent += part;
  if (stream.body_sent < response.body.size()) return static_cast<ssize_t>(part);
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (response.trailers.empty()) return static_cast<ssize_t>(part);
  *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  absl::InlinedVector<nghttp2_nv, 4> fields;
  for (const ResponseField& field : response.trailers) fields.push_back(field_of(field.name, field.value));
  note(nghttp2_submit_trailer(session_, stream.id, fields.data(), fields.size()));
  return static_cast<ssize_t>(part);
}

int Http2Session::frame_sent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_RST_STREAM) note_reset(frame.rst_stream.error_code);
  if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return 0;
  keepalive_.on_data_sent();
  if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
  Http2Stream* stream = find(frame.hd.stream_id);
  if (stream != nullptr) local_end(*stream);
  return 0;
}

// The answer has left. Where the client has not ended its request it may be told to stop (a reset without error, RFC
// 9113 §8.1), as gRPC servers do, but HTTP clients that are busy sending lose an answer that a reset follows. So their
// stream rests: what comes is thrown away for a while. A sink that wants the rest of an old call frees its client for
// the next one at once; nghttp2 forgets a stream that it resets, so the frame is written by hand then and nghttp2's
// own, at the end of the rest, is swallowed.
void Http2Session::local_end(Http2Stream& stream) {
  stream.local_ended = true;
  if (stream.remote_ended) return;
  const bool rest = stream.sink && stream.sink->wants_rest() && told_ < most_told();
  if (!rest && stream.sink && stream.sink->resets_client())
    return note(nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_NO_ERROR));
  stream.resting = true;
  stream.answered_at = now_;
  --open_;
  stream.told = rest;
  if (!rest) return;
  ++told_;
  const auto id = static_cast<uint32_t>(stream.id);
  raw_ += {0, 0, 4, NGHTTP2_RST_STREAM, 0};
  for (int shift = 24; shift >= 0; shift -= 8) raw_ += static_cast<char>(id >> shift & 0xff);
  raw_ += {0, 0, 0, NGHTTP2_NO_ERROR};
}

int Http2Session::stream_closed(int32_t id) {
  Http2Stream* stream = find(id);
  if (stream == nullptr) return 0;
  answered_or_gone(*stream);
  if (!stream->resting) --open_;
  if (stream->told) --told_;
  release_slot(*stream);
  return 0;
}

std::shared_ptr<ServerSession> make_http2_session(SessionEnv env, Time now) {
  return std::make_shared<Http2Session>(std::move(env), now);
}

}  // namespace weir::net
