// SPDX-License-Identifier: Apache-2.0
#include "h2.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace weir::bench {

namespace {

constexpr int32_t kWindow = 64 << 20;

nghttp2_nv header(const char* name, const std::string& value) {
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(name)),
          reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), std::strlen(name), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME};
}

sockaddr_in address_of(const std::string& address, uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &at.sin_addr) != 1)
    throw std::runtime_error("not an IPv4 address: " + address);
  return at;
}

}  // namespace

struct Callbacks {
  static Connection& self(void* user) { return *static_cast<Connection*>(user); }

  static int on_data(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* user) {
    const auto found = self(user).streams_.find(id);
    if (found != self(user).streams_.end() && self(user).server_) {
      found->second->body.append(reinterpret_cast<const char*>(data), size);
    }
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                       const uint8_t* value, size_t value_size, uint8_t, void* user) {
    const auto found = self(user).streams_.find(frame->hd.stream_id);
    if (found == self(user).streams_.end()) return 0;
    if (std::string(reinterpret_cast<const char*>(name), name_size) == "grpc-status") {
      found->second->grpc_status = std::stoi(std::string(reinterpret_cast<const char*>(value), value_size));
    }
    return 0;
  }

  static int on_begin(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (self(user).server_) self(user).streams_.emplace(frame->hd.stream_id, std::make_unique<Connection::Stream>());
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (end && self(user).server_ && self(user).streams_.contains(frame->hd.stream_id))
      self(user).answer(frame->hd.stream_id);
    return 0;
  }

  static int on_close(nghttp2_session*, int32_t id, uint32_t, void* user) {
    const auto found = self(user).streams_.find(id);
    if (found == self(user).streams_.end()) return 0;
    const int status = found->second->grpc_status;
    self(user).streams_.erase(found);
    if (!self(user).server_ && self(user).on_reply) self(user).on_reply(id, status);
    return 0;
  }

  static ssize_t read_body(nghttp2_session* session, int32_t id, uint8_t* out, size_t room, uint32_t* flags,
                           nghttp2_data_source*, void* user) {
    Connection::Stream& stream = *self(user).streams_.at(id);
    const size_t size = std::min(room, stream.body.size() - stream.sent);
    std::memcpy(out, stream.body.data() + stream.sent, size);
    stream.sent += size;
    if (stream.sent < stream.body.size()) return static_cast<ssize_t>(size);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (self(user).server_) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const std::string ok = "0";
      nghttp2_nv trailer = header("grpc-status", ok);
      nghttp2_submit_trailer(session, id, &trailer, 1);
    }
    return static_cast<ssize_t>(size);
  }

  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    return callbacks;
  }
};

Connection::Connection(int fd, bool server) : fd_(fd), server_(server) {
  nghttp2_session_callbacks* callbacks = Callbacks::make();
  (server ? nghttp2_session_server_new : nghttp2_session_client_new)(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow},
                                             {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, 1 << 20},
                                             {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, 3);
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow);
}

Connection::~Connection() {
  nghttp2_session_del(session_);
  close(fd_);
}

bool Connection::on_readable() {
  static thread_local std::string buffer(1 << 20, '\0');
  for (;;) {
    const ssize_t size = read(fd_, buffer.data(), buffer.size());
    if (size == 0) return false;
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(buffer.data()), static_cast<size_t>(size)) <
        0)
      return false;
    if (static_cast<size_t>(size) < buffer.size()) return true;
  }
}

bool Connection::flush() {
  for (;;) {
    while (out_at_ == out_.size() || out_.size() - out_at_ < (256 << 10)) {
      const uint8_t* data = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session_, &data);
      if (size < 0) return false;
      if (size == 0) break;
      if (out_at_ == out_.size()) out_.clear(), out_at_ = 0;
      out_.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
    }
    if (out_at_ == out_.size())
      return nghttp2_session_want_read(session_) != 0 || nghttp2_session_want_write(session_) != 0;
    const ssize_t size = send(fd_, out_.data() + out_at_, out_.size() - out_at_, MSG_NOSIGNAL);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    out_at_ += static_cast<size_t>(size);
  }
}

int32_t Connection::call(const std::string& path, std::string message) {
  static const std::string post = "POST", http = "http", authority = "localhost", grpc = "application/grpc",
                           te = "trailers", agent = "weir-load";
  auto stream = std::make_unique<Stream>();
  const uint32_t size = htonl(static_cast<uint32_t>(message.size()));
  stream->body.reserve(message.size() + 5);
  stream->body.push_back('\0');
  stream->body.append(reinterpret_cast<const char*>(&size), 4);
  stream->body += message;
  const nghttp2_nv headers[] = {header(":method", post),         header(":scheme", http),      header(":path", path),
                                header(":authority", authority), header("content-type", grpc), header("te", te),
                                header("user-agent", agent)};
  nghttp2_data_provider body{{0}, Callbacks::read_body};
  const int32_t id = nghttp2_submit_request(session_, nullptr, headers, 7, &body, nullptr);
  if (id < 0) throw std::runtime_error(nghttp2_strerror(id));
  streams_[id] = std::move(stream);
  return id;
}

void Connection::answer(int32_t stream_id) {
  static const std::string ok = "200", grpc = "application/grpc";
  Stream& stream = *streams_.at(stream_id);
  if (on_message && stream.body.size() >= 5) {
    const bool compressed = stream.body[0] != 0;
    stream.body.erase(0, 5);
    on_message(stream.body, compressed);
  }
  stream.body.assign(5, '\0');
  const nghttp2_nv headers[] = {header(":status", ok), header("content-type", grpc)};
  nghttp2_data_provider body{{0}, Callbacks::read_body};
  nghttp2_submit_response(session_, stream_id, headers, 2, &body);
}

int listen_on(const std::string& address, uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in at = address_of(address, port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || listen(fd, 128) != 0) {
    throw std::runtime_error("cannot listen on port " + std::to_string(port) + ": " + std::strerror(errno));
  }
  return fd;
}

int connect_to(const std::string& address, uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in at = address_of(address, port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    throw std::runtime_error("cannot connect to port " + std::to_string(port) + ": " + std::strerror(errno));
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

}  // namespace weir::bench
