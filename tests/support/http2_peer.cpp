// SPDX-License-Identifier: Apache-2.0
#include "support/http2_peer.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>

namespace weir::test {

struct Http2Peer::Impl {
  struct Body {
    std::string bytes;
    size_t sent = 0;
    bool end = false;
  };

  explicit Impl(Http2Peer& owner_in) : owner(owner_in) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void* user) {
          static_cast<Impl*>(user)->owner.answers_[frame->hd.stream_id].fields[{
              reinterpret_cast<const char*>(name), name_size}] = {reinterpret_cast<const char*>(value), value_size};
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks, [](nghttp2_session*, uint8_t, int32_t stream, const uint8_t* data, size_t size, void* user) {
          static_cast<Impl*>(user)->owner.answers_[stream].body.append(reinterpret_cast<const char*>(data), size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks,
                                                         [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
                                                           static_cast<Impl*>(user)->received(*frame);
                                                           return 0;
                                                         });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, int32_t stream, uint32_t, void* user) {
          static_cast<Impl*>(user)->owner.answers_[stream].closed = true;
          return 0;
        });
    nghttp2_option* option = nullptr;
    nghttp2_option_new(&option);
    nghttp2_option_set_no_http_messaging(option, 1);
    nghttp2_session_client_new2(&session, callbacks, this, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Impl() { nghttp2_session_del(session); }

  void received(const nghttp2_frame& frame) {
    Answer& answer = owner.answers_[frame.hd.stream_id];
    if (frame.hd.type == NGHTTP2_HEADERS) ++answer.header_frames;
    if (frame.hd.type == NGHTTP2_RST_STREAM) answer.reset = frame.rst_stream.error_code;
    if (frame.hd.type == NGHTTP2_GOAWAY) {
      owner.goaways_.push_back(frame.goaway.last_stream_id);
      owner.goaway_error_ = frame.goaway.error_code;
    }
    const bool can_end = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
    if (can_end && (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) answer.ended = true;
  }

  ssize_t read(int32_t stream, uint8_t* into, size_t room, uint32_t* flags) {
    Body& body = bodies[stream];
    const size_t part = std::min(room, body.bytes.size() - body.sent);
    std::memcpy(into, body.bytes.data() + body.sent, part);
    body.sent += part;
    if (body.sent == body.bytes.size() && body.end) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return part == 0 && !body.end ? static_cast<ssize_t>(NGHTTP2_ERR_DEFERRED) : static_cast<ssize_t>(part);
  }

  Http2Peer& owner;
  nghttp2_session* session = nullptr;
  std::map<int32_t, Body> bodies;
};

std::string Http2Peer::Answer::field(const std::string& name) const {
  const auto found = fields.find(name);
  return found == fields.end() ? "" : found->second;
}

Http2Peer::Http2Peer() : impl_(std::make_unique<Impl>(*this)) {}
Http2Peer::~Http2Peer() = default;

int32_t Http2Peer::begin(const Fields& fields, bool end) {
  std::vector<nghttp2_nv> list;
  for (const auto& [name, value] : fields) {
    list.push_back({reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
                    reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
                    NGHTTP2_NV_FLAG_NONE});
  }
  nghttp2_data_provider body{};
  body.read_callback = [](nghttp2_session*, int32_t stream, uint8_t* into, size_t room, uint32_t* flags,
                          nghttp2_data_source*,
                          void* user) { return static_cast<Impl*>(user)->read(stream, into, room, flags); };
  return nghttp2_submit_request(impl_->session, nullptr, list.data(), list.size(), end ? nullptr : &body, nullptr);
}

void Http2Peer::send_body(int32_t stream, std::string_view bytes, bool end) {
  Impl::Body& body = impl_->bodies[stream];
  body.bytes += bytes;
  body.end = end;
  nghttp2_session_resume_data(impl_->session, stream);
}

void Http2Peer::reset(int32_t stream) {
  nghttp2_submit_rst_stream(impl_->session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
}

void Http2Peer::ping() { nghttp2_submit_ping(impl_->session, NGHTTP2_FLAG_NONE, nullptr); }

void Http2Peer::set_window(uint32_t bytes) {
  const nghttp2_settings_entry entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, bytes};
  nghttp2_submit_settings(impl_->session, NGHTTP2_FLAG_NONE, &entry, 1);
}

std::string Http2Peer::take_output() {
  std::string out;
  const uint8_t* bytes = nullptr;
  for (ssize_t size = 0; (size = nghttp2_session_mem_send(impl_->session, &bytes)) > 0;) {
    out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  }
  return out;
}

bool Http2Peer::receive(std::string_view bytes) {
  return nghttp2_session_mem_recv(impl_->session, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()) >= 0;
}

Http2Peer::Fields Http2Peer::grpc_fields(std::string_view path, const Fields& extra) {
  Fields fields = {{":method", "POST"},
                   {":scheme", "http"},
                   {":path", std::string(path)},
                   {":authority", "test"},
                   {"content-type", "application/grpc"},
                   {"te", "trailers"}};
  fields.insert(fields.end(), extra.begin(), extra.end());
  return fields;
}

}  // namespace weir::test
