// SPDX-License-Identifier: Apache-2.0
#include "net/client_connection.h"

#include <boost/asio/buffer.hpp>
#include <cstring>

namespace weir::net {

namespace http = boost::beast::http;
using boost::system::error_code;
using Failure = HttpClient::Failure;

namespace {

HttpClient::Reply failed(Failure failure, std::string error) {
  HttpClient::Reply reply;
  reply.failure = failure;
  reply.error = std::move(error);
  return reply;
}

std::string head_of(const HttpClient::Request& request, const Route& route) {
  const std::string authority = route.to.authority();
  size_t length = 0;
  for (std::string_view piece : request.body) length += piece.size();
  std::string head = request.method + " ";
  if (route.asks_proxy()) head += "http://" + authority;
  head += (request.path.empty() ? "/" : request.path) + " HTTP/1.1\r\nHost: " + authority;
  if (route.asks_proxy() && !route.proxy->authorization.empty()) {
    head += "\r\nProxy-Authorization: " + route.proxy->authorization;
  }
  for (const auto& [name, value] : request.headers) head += "\r\n" + name + ": " + value;
  if (length > 0 || (request.method != "GET" && request.method != "HEAD")) {
    head += "\r\nContent-Length: " + std::to_string(length);
  }
  return head + "\r\n\r\n";
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

HttpClient::Reply reply_of(http::response<http::string_body>&& message) {
  HttpClient::Reply reply;
  reply.status = static_cast<int>(message.result_int());
  for (const auto& field : message) reply.headers.emplace_back(lower(field.name_string()), field.value());
  reply.body = std::move(message.body());
  return reply;
}

HttpClient::Reply parse_failure(const error_code& error) {
  const bool too_large = error == http::error::body_limit || error == http::error::header_limit;
  return failed(too_large ? Failure::kReplyTooLarge : Failure::kBadReply,
                too_large ? "the reply is larger than its limit" : "bad reply: " + error.message());
}

}  // namespace

ClientConnection::ClientConnection(LoopShard& shard, const HttpClient::Options& options, const Route& route,
                                   ClientPool& pool)
    : shard_(shard), options_(options), route_(route), pool_(&pool), idle_timer_(shard.io()) {}

void ClientConnection::connect(ClientCallRef call) {
  call_ = std::move(call);
  const auto on_connected = [self = shared_from_this()](Connected outcome) {
    self->connecting_ = nullptr;
    if (self->pool_ == nullptr) return;
    if (!outcome.stream) {
      return self->abort(outcome.name_failed ? Failure::kResolve : Failure::kConnect, std::move(outcome.error));
    }
    self->stream_ = std::move(outcome.stream);
    self->send_call();
    self->read_more();
  };
  connecting_ = Dial::start(shard_, route_, on_connected);
}

void ClientConnection::start(ClientCallRef call) {
  idle_timer_.cancel();
  call_ = std::move(call);
  reused_ = true;
  send_call();
}

void ClientConnection::send_call() {
  heard_ = false;
  new_parser();
  head_ = head_of(call_->request, route_);
  std::vector<std::string_view> pieces{head_};
  pieces.insert(pieces.end(), call_->request.body.begin(), call_->request.body.end());
  writing_ = true;
  stream_->write(pieces, [self = shared_from_this()](IoResult result) { self->on_written(std::move(result)); });
}

void ClientConnection::new_parser() {
  parser_.emplace();
  parser_->body_limit(options_.max_reply_bytes);
  parser_->header_limit(static_cast<uint32_t>(buffer_.size() / 2));
  parser_->eager(true);
  if (call_->request.method == "HEAD") parser_->skip(true);
}

// A failed write is no verdict yet: a server that refuses a large body answers and closes before it has read all of it.
// The read tells.
void ClientConnection::on_written(IoResult) {
  writing_ = false;
  if (reply_) deliver();
}

void ClientConnection::read_more() {
  stream_->read(buffer_.data() + filled_, buffer_.size() - filled_,
                [self = shared_from_this()](IoResult result) { self->on_read(std::move(result)); });
}

void ClientConnection::on_read(IoResult result) {
  if (pool_ == nullptr || reply_) return;
  if (!call_) {  // idle: its end, or bytes that nobody asked for
    ClientPool* pool = std::exchange(pool_, nullptr);
    idle_timer_.cancel();
    stream_->close();
    return pool->on_idle_end(shared_from_this());
  }
  if (!result.ok()) return on_closed(std::move(result));
  heard_ = true;
  filled_ += result.bytes;
  parse();
}

void ClientConnection::on_closed(IoResult result) {
  error_code error;
  stale_ = reused_ && !heard_ && !call_->sent_again;
  if (result.end && heard_) parser_->put_eof(error);  // a body may end with the connection
  if (result.end && heard_ && !error && parser_->is_done()) return end(reply_of(parser_->release()), false);
  const std::string why =
      result.end ? "the server closed the connection without a whole reply" : result.error.message();
  end(failed(Failure::kClosed, why), false);
}

void ClientConnection::parse() {
  error_code error;
  while (parse_once(error)) {
  }
  if (error && error != http::error::need_more) return end(parse_failure(error), false);
  if (parser_->is_done()) return on_message();
  read_more();
}

// True where another turn may get further.
bool ClientConnection::parse_once(error_code& error) {
  const size_t used = parser_->put(boost::asio::buffer(buffer_.data(), filled_), error);
  filled_ -= used;
  std::memmove(buffer_.data(), buffer_.data() + used, filled_);
  if (error || used == 0) return false;
  if (!parser_->is_done()) return filled_ > 0;
  const unsigned status = parser_->get().result_int();
  if (status < 100 || status > 199 || status == 101) return false;
  new_parser();  // an interim reply; the real one follows
  return filled_ > 0;
}

void ClientConnection::on_message() {
  const bool reusable = parser_->keep_alive() && parser_->get().result_int() >= 200 && filled_ == 0 && !writing_;
  end(reply_of(parser_->release()), reusable);
}

void ClientConnection::abort(Failure failure, std::string error) {
  if (pool_ == nullptr || reply_) return;
  if (connecting_) connecting_->cancel();
  connecting_ = nullptr;
  if (call_) end(failed(failure, std::move(error)), false);
}

void ClientConnection::end(HttpClient::Reply reply, bool reusable) {
  reply_ = std::move(reply);
  reusable_ = reusable;
  if (!reusable && stream_) stream_->close();
  if (!writing_) deliver();
}

void ClientConnection::deliver() {
  HttpClient::Reply reply = std::move(*reply_);
  reply_.reset();
  ClientCallRef call = std::move(call_);
  call_ = nullptr;
  if (reusable_) become_idle();
  ClientPool* pool = reusable_ ? pool_ : std::exchange(pool_, nullptr);
  if (pool == nullptr) return;
  if (stale_) return pool->on_stale(shared_from_this(), std::move(call));
  pool->on_reply(shared_from_this(), std::move(call), std::move(reply), reusable_);
}

void ClientConnection::become_idle() {
  parser_.reset();
  idle_timer_.expires_after(options_.idle_timeout);
  idle_timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (error || self->pool_ == nullptr || self->call_) return;
    ClientPool* pool = std::exchange(self->pool_, nullptr);
    self->stream_->close();
    pool->on_idle_end(self);
  });
  read_more();
}

void ClientConnection::forget_pool() {
  pool_ = nullptr;
  idle_timer_.cancel();
  if (connecting_) connecting_->cancel();
  connecting_ = nullptr;
  if (stream_) stream_->close();
}

}  // namespace weir::net
