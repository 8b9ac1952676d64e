// SPDX-License-Identifier: Apache-2.0
#include "net/page_server.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "net/asio_access.h"
#include "net/codecs.h"
#include "net/listener.h"
#include "weir/clock.h"

namespace weir::net {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr uint32_t kHeaderLimit = 8192;
constexpr auto kRequestTime = std::chrono::seconds(10);
constexpr auto kIdleTime = std::chrono::seconds(60);
constexpr size_t kWorthCompressing = 1024;
// Scrapers and probes are few; more than this is somebody's mistake.
constexpr size_t kMostConnections = 256;

class PageConnection;

// Shared by the server and its connections; touched on the home shard only, but for `handler` being const.
struct PageHub : std::enable_shared_from_this<PageHub> {
  PageHub(LoopShard& on, PageServer::Handler with) : shard(on), handler(std::move(with)) {}
  LoopShard& shard;
  PageServer::Handler handler;  // null after the server's end
  std::unordered_set<PageConnection*> open;
  std::shared_ptr<TlsServer> tls;  // null: plaintext
  std::unordered_map<uint64_t, TlsHandshake> handshakes;
  uint64_t handshakes_begun = 0;
};

bool accepts_gzip(std::string_view header) {
  const size_t at = header.find("gzip");
  return at != std::string_view::npos && !header.substr(at + 4).starts_with(";q=0,") && header.substr(at + 4) != ";q=0";
}

class PageConnection : public std::enable_shared_from_this<PageConnection> {
 public:
  PageConnection(std::shared_ptr<PageHub> hub, std::unique_ptr<Stream> stream)
      : hub_(std::move(hub)), stream_(std::move(stream)), deadline_(hub_->shard.io()) {
    hub_->open.insert(this);
  }
  ~PageConnection() { hub_->open.erase(this); }

  void next_request() {
    parser_.emplace();
    parser_->header_limit(kHeaderLimit);
    parser_->body_limit(0);
    parser_->eager(true);
    in_request_ = filled_ > 0;
    limit_time(filled_ > 0 ? kRequestTime : kIdleTime);
    filled_ > 0 ? parse() : read();
  }

  // The server is going away: an idle connection ends now, one with an answer to give after it.
  void retire() {
    if (!busy_) close();
  }

 private:
  void read() {
    stream_->read(buffer_.data() + filled_, buffer_.size() - filled_, [self = shared_from_this()](IoResult result) {
      if (!result.ok()) return self->close();
      if (!std::exchange(self->in_request_, true)) self->limit_time(kRequestTime);
      self->filled_ += result.bytes;
      self->parse();
    });
  }

  void limit_time(Duration patience) {
    deadline_.expires_after(patience);
    deadline_.async_wait([weak = weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      if (!error && self) self->close();
    });
  }

  void close() {
    deadline_.cancel();
    stream_->close();
  }

  void parse() {
    error_code error;
    const size_t used = parser_->put(boost::asio::buffer(buffer_.data(), filled_), error);
    filled_ -= used;
    std::memmove(buffer_.data(), buffer_.data() + used, filled_);
    if (error == http::error::need_more || (!error && !parser_->is_done())) return read();
    busy_ = true;
    if (error == http::error::header_limit) return refuse(431, "request header too large\n");
    if (error == http::error::body_limit) return refuse(413, "no request body is taken here\n");
    if (error) return refuse(400, "bad request\n");
    answer();
  }

  void refuse(int status, std::string text) {
    keep_ = false;
    write({status, "text/plain; charset=utf-8", std::move(text)});
  }

  void answer() {
    const auto& message = parser_->get();
    const std::string_view target = message.target();
    const size_t question = target.find('?');
    PageRequest request;
    request.method = std::string_view(message.method_string());
    request.path = target.substr(0, question);
    if (question != std::string_view::npos) request.query = target.substr(question + 1);
    request.accept = std::string_view(message[http::field::accept]);
    keep_ = parser_->keep_alive();
    head_only_ = request.method == "HEAD";
    gzip_ = accepts_gzip(message[http::field::accept_encoding]);
    deadline_.cancel();
    if (request.method != "GET" && !head_only_)
      return write({405, "text/plain; charset=utf-8", "method not allowed\n"});
    if (!hub_->handler) return close();
    hub_->handler(request, [self = shared_from_this()](PageReply reply) mutable {
      LoopShard& shard = self->hub_->shard;
      shard.post([self = std::move(self), reply = std::move(reply)]() mutable { self->write(std::move(reply)); });
    });
  }

  void write(PageReply reply) {
    if (!hub_->handler) keep_ = false;
    const std::string_view plain = reply.body;
    const bool compressed = gzip_ && plain.size() > kWorthCompressing;
    body_ = compressed ? compress(Codec::kGzip, {&plain, 1}) : std::move(reply.body);
    head_ = "HTTP/1.1 " + std::to_string(reply.status) + " " +
            std::string(http::obsolete_reason(http::int_to_status(reply.status)));
    head_ += "\r\nContent-Type: " + reply.content_type + "\r\nContent-Length: " + std::to_string(body_.size());
    if (compressed) head_ += "\r\nContent-Encoding: gzip";
    if (reply.status == 405) head_ += "\r\nAllow: GET, HEAD";
    head_ += keep_ ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
    if (head_only_) body_.clear();
    limit_time(kRequestTime);
    const std::string_view pieces[] = {head_, body_};
    stream_->write(pieces, [self = shared_from_this()](IoResult result) { self->on_written(std::move(result)); });
  }

  void on_written(IoResult result) {
    busy_ = false;
    body_ = {};
    if (!result.ok()) return close();
    if (keep_ && hub_->handler) return next_request();
    stream_->shutdown_write();
    drain();
  }

  // Reads on until the client has seen the answer and closes: unread bytes would reset the connection and lose it.
  void drain() {
    filled_ = 0;
    stream_->read(buffer_.data(), buffer_.size(),
                  [self = shared_from_this()](IoResult result) { result.ok() ? self->drain() : self->close(); });
  }

  const std::shared_ptr<PageHub> hub_;
  const std::unique_ptr<Stream> stream_;
  boost::asio::steady_timer deadline_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  bool in_request_ = false;
  bool busy_ = false;
  bool keep_ = false;
  bool head_only_ = false;
  bool gzip_ = false;
  std::string head_;
  std::string body_;
  size_t filled_ = 0;
  std::array<char, 2 * kHeaderLimit> buffer_;
};

void serve(const std::shared_ptr<PageHub>& hub, std::unique_ptr<Stream> stream) {
  std::make_shared<PageConnection>(hub, std::move(stream))->next_request();
}

void shake_hands(const std::shared_ptr<PageHub>& hub, std::unique_ptr<Stream> stream) {
  const uint64_t number = ++hub->handshakes_begun;
  // A handshake ends with the hub that owns it.
  const auto done = [hub = hub.get(), number](TlsAccepted accepted) {
    const auto alive = hub->weak_from_this().lock();
    const auto handshake = hub->handshakes.extract(number);
    if (alive && accepted.stream && hub->handler) serve(alive, std::move(accepted.stream));
  };
  hub->handshakes[number] = hub->tls->accept(std::move(stream), kRequestTime, done);
}

}  // namespace

struct PageServer::Impl {
  std::shared_ptr<PageHub> hub;
  std::unique_ptr<Listener> listener;
};

PageServer::Started PageServer::start(Shards& shards, std::string_view endpoint, Handler handler, uint32_t home,
                                      std::shared_ptr<TlsServer> tls) {
  Started started;
  const std::optional<Endpoint> at = parse_endpoint(endpoint, started.error);
  if (!at) return started;
  auto hub = std::make_shared<PageHub>(loop_of(shards.at(home)), std::move(handler));
  hub->tls = std::move(tls);
  const auto on_stream = [hub](std::unique_ptr<Stream> stream) {
    if (!hub->handler || hub->open.size() + hub->handshakes.size() >= kMostConnections) return;
    hub->tls ? shake_hands(hub, std::move(stream)) : serve(hub, std::move(stream));
  };
  Listener::Bound bound = Listener::bind(shards, *at, on_stream, home);
  if (!bound.listener) return {nullptr, std::move(bound.error)};
  bound.listener->start();
  started.server.reset(new PageServer(std::make_unique<Impl>(Impl{std::move(hub), std::move(bound.listener)})));
  return started;
}

PageServer::PageServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

PageServer::~PageServer() {
  impl_->hub->shard.post([hub = impl_->hub] {
    hub->handler = nullptr;
    hub->handshakes.clear();
    const std::unordered_set<PageConnection*> open = hub->open;
    for (PageConnection* connection : open) connection->retire();
  });
}

uint16_t PageServer::port() const { return impl_->listener->port(); }

const std::string& PageServer::address() const { return impl_->listener->address(); }

}  // namespace weir::net
