// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <ctime>
#include <optional>

#include "net/server_session.h"

namespace weir::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using BeastView = boost::beast::string_view;

std::string_view view_of(BeastView text) { return {text.data(), text.size()}; }

// What the parser reports. The session below implements it.
class ParserEvents {
 public:
  virtual ~ParserEvents() = default;
  virtual void head_complete(int version, bool keep_alive, std::optional<uint64_t> content_length) = 0;
  virtual void body(std::string_view bytes) = 0;
};

class Parser final : public http::basic_parser<true> {
 public:
  Parser(ParserEvents& events, RequestHead& head, uint32_t header_bytes) : events_(events), head_(head) {
    eager(true);
    header_limit(header_bytes);
    body_limit(boost::none);  // sinks have their own, and an answer for it
  }

 private:
  void on_request_impl(http::verb, BeastView method, BeastView target, int version, error_code&) override {
    version_ = version;
    head_.set_method(view_of(method));
    head_.set_target(view_of(target));
  }
  void on_response_impl(int, BeastView, int, error_code&) override {}
  void on_field_impl(http::field, BeastView name, BeastView value, error_code&) override {
    head_.add(view_of(name), view_of(value));
  }
  void on_header_impl(error_code&) override {
    std::optional<uint64_t> known;
    if (content_length()) known = *content_length();
    if (!known && !chunked()) known = 0;
    events_.head_complete(version_, keep_alive(), known);
  }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(BeastView body, error_code&) override {
    events_.body(view_of(body));
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, BeastView, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, BeastView body, error_code&) override {
    events_.body(view_of(body));
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  ParserEvents& events_;
  RequestHead& head_;
  int version_ = 11;
};

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(Duration wall) {
  const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(wall).count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

class Http1Session final : public ServerSession, private ParserEvents {
 public:
  Http1Session(SessionEnv env, Time now) : env_(std::move(env)), since_(now.mono) { set_time(now); }
  ~Http1Session() override { count_open(false); }

  void receive(std::string_view bytes) override;
  void receive_end() override;
  void take_output(std::string& out) override;
  // One request at a time: while one waits for its answer, later ones wait in the kernel.
  bool wants_input() const override { return !ending_ && state_ != State::kAnswering; }
  bool finished() const override { return ending_ && out_.empty() && state_ != State::kAnswering; }
  void on_tick(Time now) override;
  void drain() override;
  void respond(uint64_t id, Response&& response) override;

 private:
  enum class State : uint8_t {
    kIdle,       // between requests
    kHead,       // some bytes of a head came
    kBody,       // a head is complete, its body is read
    kAnswering,  // a request is complete and waits for its answer
  };
  static constexpr uint64_t kDiscard = 256 << 10;  // at most so much of a body that does not matter is read on

  void head_complete(int version, bool keep_alive, std::optional<uint64_t> content_length) override;
  void body(std::string_view bytes) override;
  void request_complete();
  void finish_request();
  void parse(std::string_view& bytes);
  void parse_all(std::string_view bytes);
  void fail(error_code error);
  void refuse(int status);
  bool is_sound() const;
  bool rest_is_short() const;
  void write(Response&& response);
  void watch_body(Time now);
  void count_open(bool open);
  void set_time(Time now);

  SessionEnv env_;
  State state_ = State::kIdle;
  std::optional<Parser> parser_;
  RequestHead head_;
  std::unique_ptr<RequestSink> sink_;
  std::string unparsed_;  // the beginning of a head or chunk header, or requests that wait for their turn
  std::string out_;
  uint64_t request_ = 0;  // number of the request at hand
  bool answered_ = false;
  bool in_sink_ = false;  // a call of the sink is on the stack: it must not be destroyed now
  bool counted_ = false;
  bool keep_alive_ = true;
  bool http10_ = false;
  bool ending_ = false;
  bool draining_ = false;
  bool input_ended_ = false;
  uint64_t body_received_ = 0;
  uint64_t discarded_ = 0;
  Duration since_;  // when the state was entered
  Duration now_{0};
  std::string date_;
  int64_t date_second_ = -1;
};

void Http1Session::set_time(Time now) {
  now_ = now.mono;
  const int64_t second = now.wall / std::chrono::seconds(1);
  if (second == date_second_) return;
  date_second_ = second;
  date_ = http_date(now.wall);
}

void Http1Session::count_open(bool open) {
  if (counted_ == open || env_.open_requests == nullptr) return;
  counted_ = open;
  env_.open_requests->fetch_add(open ? 1 : UINT64_MAX, std::memory_order_relaxed);
}

void Http1Session::receive(std::string_view bytes) {
  if (ending_) return;  // the rest of a request that was refused
  if (unparsed_.empty()) return parse_all(bytes);
  unparsed_.append(bytes);
  const std::string all = std::exchange(unparsed_, {});
  parse_all(all);
}

void Http1Session::parse_all(std::string_view bytes) {
  while (!bytes.empty() && !ending_ && state_ != State::kAnswering) {
    const size_t before = bytes.size();
    parse(bytes);
    if (bytes.size() == before) break;  // the parser needs more to go on
  }
  if (!ending_) unparsed_.assign(bytes);
}

void Http1Session::parse(std::string_view& bytes) {
  if (state_ == State::kIdle) {
    // Empty lines before a request line are ignored (RFC 9112 §2.2).
    while (!bytes.empty() && (bytes.front() == '\r' || bytes.front() == '\n')) bytes.remove_prefix(1);
    if (bytes.empty()) return;
    head_.clear();
    parser_.emplace(static_cast<ParserEvents&>(*this), head_, env_.limits.header_bytes);
    state_ = State::kHead;
    since_ = now_;
    ++request_;
    answered_ = false;
    count_open(true);
  }
  error_code error;
  bytes.remove_prefix(parser_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error));
  if (error && error != http::error::need_more) return fail(error);
  if (parser_->is_done()) request_complete();
}

void Http1Session::fail(error_code error) {
  sink_.reset();
  if (answered_) {
    ending_ = true;
    return;
  }
  refuse(error == http::error::header_limit ? 431 : 400);
}

void Http1Session::refuse(int status) {
  Response response{.status = status, .close = true};
  response.fields.push_back({"content-type", "text/plain; charset=utf-8"});
  response.body = std::to_string(status) + " " + std::string(reason_phrase(status));
  respond(request_, std::move(response));
}

// RFC 9112 §3.2: no second Host (that a client may send none hurts nobody here); §6.1: what is transfer-coded otherwise
// than by chunks has no end that is known.
bool Http1Session::is_sound() const {
  size_t hosts = 0;
  for (size_t i = 0; i < head_.size(); ++i) hosts += head_.field(i).name == "host" ? 1 : 0;
  const bool chunked = !head_.content_length;
  const std::string_view coding = head_.find("transfer-encoding");
  return hosts <= 1 && (chunked ? boost::beast::iequals(coding, "chunked") : coding.empty());
}

void Http1Session::head_complete(int version, bool keep_alive, std::optional<uint64_t> content_length) {
  state_ = State::kBody;
  since_ = now_;
  body_received_ = discarded_ = 0;
  keep_alive_ = keep_alive && env_.limits.keep_alive && !draining_;
  http10_ = version < 11;
  head_.content_length = content_length;
  if (!is_sound()) return refuse(400);
  head_.expects_continue = head_.find("expect").starts_with("100-");
  sink_ =
      env_.handler->on_request(head_, env_.connection, Responder(weak_from_this(), request_, env_.connection.shard));
  if (head_.expects_continue && !answered_ && !http10_) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
}

// True where the rest of a request that is answered already is so short that it is read to keep the connection.
bool Http1Session::rest_is_short() const {
  return head_.content_length && *head_.content_length - body_received_ <= kDiscard && !head_.expects_continue;
}

void Http1Session::body(std::string_view bytes) {
  body_received_ += bytes.size();
  if (!answered_ && sink_) return sink_->on_body(bytes);
  discarded_ += bytes.size();
  if (answered_ && discarded_ > kDiscard) ending_ = true;
}

void Http1Session::request_complete() {
  state_ = State::kAnswering;
  in_sink_ = true;
  if (sink_ && !answered_) sink_->on_end();
  in_sink_ = false;
  finish_request();
}

// A request is over when it was read and answered, in either order.
void Http1Session::finish_request() {
  if (state_ != State::kAnswering || !answered_) return;
  sink_.reset();
  parser_.reset();
  state_ = State::kIdle;
  since_ = now_;
  if (!keep_alive_ || input_ended_) ending_ = true;
}

void Http1Session::respond(uint64_t id, Response&& response) {
  if (id != request_ || answered_ || !counted_) return;
  answered_ = true;
  write(std::move(response));
  count_open(false);
  if (state_ == State::kAnswering && !in_sink_) {
    finish_request();
    parse_all(std::exchange(unparsed_, {}));  // what waited for its turn
  }
  if (on_output) on_output();
}

void Http1Session::write(Response&& response) {
  const bool unread = state_ == State::kBody;
  if (response.close || draining_ || (unread && !rest_is_short())) keep_alive_ = false;
  if (response.close || (unread && !keep_alive_)) ending_ = true;
  out_ += "HTTP/1.1 ";
  out_ += std::to_string(response.status);
  out_ += ' ';
  out_ += reason_phrase(response.status);
  out_ += "\r\ndate: ";
  out_ += date_;
  for (const ResponseField& field : response.fields) {
    out_ += "\r\n";
    out_ += field.name;
    out_ += ": ";
    out_ += field.value;
  }
  if (response.status != 204) out_ += "\r\ncontent-length: " + std::to_string(response.body.size());
  if (!keep_alive_) out_ += "\r\nconnection: close";
  if (keep_alive_ && http10_) out_ += "\r\nconnection: keep-alive";
  out_ += "\r\n\r\n";
  if (head_.method() != "HEAD") out_ += response.body;
}

void Http1Session::receive_end() {
  input_ended_ = true;
  if (state_ == State::kAnswering) return;  // the answer first
  sink_.reset();
  count_open(false);
  ending_ = true;
}

void Http1Session::take_output(std::string& out) {
  if (out.empty()) {
    out.swap(out_);
  } else {
    out += out_;
  }
  out_.clear();
}

void Http1Session::drain() {
  draining_ = true;
  if (state_ == State::kIdle) ending_ = true;
}

void Http1Session::on_tick(Time now) {
  set_time(now);
  if (ending_) return;
  const Duration spent = now_ - since_;
  const ServerLimits& limits = env_.limits;
  if (state_ == State::kIdle && limits.idle_timeout != Duration(0) && spent >= limits.idle_timeout) ending_ = true;
  if (state_ == State::kHead && spent >= limits.header_timeout) {
    Response response{.status = 408, .close = true};
    respond(request_, std::move(response));
  }
  if (state_ == State::kBody) watch_body(now);
  if (!sink_ || answered_) return;
  in_sink_ = true;
  sink_->on_tick(now);
  in_sink_ = false;
  if (state_ != State::kAnswering || !answered_) return;
  finish_request();
  parse_all(std::exchange(unparsed_, {}));
}

void Http1Session::watch_body(Time now) {
  const ServerLimits& limits = env_.limits;
  const Duration spent = now.mono - since_;
  const bool over = limits.body_timeout != Duration(0) && spent >= limits.body_timeout;
  const Duration late = spent - limits.body_grace;
  const auto due =
      late < Duration(0) ? 0 : static_cast<uint64_t>(late / std::chrono::milliseconds(1)) * limits.body_rate / 1000;
  if (!over && (late < Duration(0) || body_received_ > due)) return;
  if (sink_ && !answered_) sink_->on_stalled();
  ending_ = true;
}

}  // namespace

std::shared_ptr<ServerSession> make_http1_session(SessionEnv env, Time now) {
  return std::make_shared<Http1Session>(std::move(env), now);
}

}  // namespace weir::net
