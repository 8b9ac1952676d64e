// SPDX-License-Identifier: Apache-2.0
#include "net/tls.h"

#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "net/asio_access.h"
#include "net/tls_stream.h"

namespace weir::net {

namespace {

constexpr auto kLinger = std::chrono::seconds(2);
constexpr auto kClientAuthorities = std::chrono::seconds(1);

TlsAccepted failed(std::string error) { return {nullptr, "", std::move(error)}; }

// What Go's server says to whoever mistakes the port.
std::string words_for(std::string_view opening) {
  for (const std::string_view http : {"GET /", "HEAD ", "POST ", "PUT /", "OPTIO"}) {
    if (opening == http) {
      return "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    }
  }
  return "";
}

// A handshake of either side. Owned by the caller's handle; a timer that lets last words be read holds it on.
class Handshake : public std::enable_shared_from_this<Handshake> {
 public:
  Handshake(std::shared_ptr<TlsContext> context, SslPtr ssl, std::unique_ptr<Stream> plain, bool server, TlsDone done)
      : server_(server),
        timer_(io_of(plain->shard())),
        channel_(std::make_shared<TlsChannel>(std::move(context), std::move(ssl), std::move(plain))),
        done_(std::move(done)) {}

  void start() {
    channel_->handshake([weak = weak_from_this()](std::string error) {
      if (const auto self = weak.lock()) self->on_done(std::move(error));
    });
  }

  void limit(Duration limit) {
    timer_.expires_after(limit);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self || !self->done_) return;
      self->channel_->close();
      self->tell(failed(self->prefix() + "timed out"));
    });
  }

  void cancel() {
    if (!done_) return;
    done_ = nullptr;
    timer_.cancel();
    channel_->close();
  }

 private:
  std::string prefix() const { return server_ ? "TLS handshake with " + channel_->below().peer() + ": " : ""; }
  void tell(TlsAccepted outcome) { std::exchange(done_, nullptr)(std::move(outcome)); }

  void on_done(std::string error) {
    timer_.cancel();
    if (error.empty()) return tell({make_tls_stream(channel_), channel_->protocol(), ""});
    timer_.expires_after(kLinger);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code&) { self->channel_->close(); });
    channel_->linger(server_ ? words_for(channel_->opening()) : "");
    tell(failed(prefix() + error));
  }

  const bool server_;
  boost::asio::steady_timer timer_;
  const std::shared_ptr<TlsChannel> channel_;
  TlsDone done_;  // null after the end
};

struct Handle {
  explicit Handle(std::shared_ptr<Handshake> with) : handshake(std::move(with)) {}
  ~Handle() { handshake->cancel(); }
  const std::shared_ptr<Handshake> handshake;
};

TlsHandshake refuse(std::unique_ptr<Stream> plain, TlsDone done) {
  Shard& shard = plain->shard();
  plain->close();
  shard.post([done = std::move(done)]() mutable { done(failed("tls: out of memory")); });
  return nullptr;
}

class Server final : public TlsServer {
 public:
  Server(TlsContexts::Make make, TlsLog log, std::function<void()> warn)
      : contexts(std::move(make), std::move(log), std::move(warn)) {}

  TlsHandshake accept(std::unique_ptr<Stream> plain, Duration limit, TlsDone done) override {
    std::shared_ptr<TlsContext> context = contexts.current();
    SslPtr ssl(SSL_new(context->ctx.get()));
    if (!ssl) return refuse(std::move(plain), std::move(done));
    SSL_set_accept_state(ssl.get());
    const auto handshake =
        std::make_shared<Handshake>(std::move(context), std::move(ssl), std::move(plain), true, std::move(done));
    handshake->start();
    handshake->limit(limit);
    return std::make_shared<Handle>(handshake);
  }

  TlsContexts contexts;
};

class Client final : public TlsClient {
 public:
  Client(TlsClientSettings settings, TlsContexts::Make make, TlsLog log, std::function<void()> warn)
      : contexts(std::move(make), std::move(log), std::move(warn)), settings_(std::move(settings)) {}

  TlsHandshake connect(std::unique_ptr<Stream> plain, const std::string& host, TlsDone done) override {
    std::shared_ptr<TlsContext> context = contexts.current();
    SslPtr ssl(SSL_new(context->ctx.get()));
    const std::string& name = settings_.server_name_override.empty() ? host : settings_.server_name_override;
    if (!ssl || !set_up(ssl.get(), *context, name)) return refuse(std::move(plain), std::move(done));
    const auto handshake =
        std::make_shared<Handshake>(std::move(context), std::move(ssl), std::move(plain), false, std::move(done));
    handshake->start();
    return std::make_shared<Handle>(handshake);
  }

  TlsContexts contexts;

 private:
  // "tempo.test." is that name without its dot, in SNI and in certificates.
  static std::string without_last_dot(const std::string& name) {
    return name.size() > 1 && name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
  }

  // The name is looked for in the certificate's alternative names only, as in Go; an address is no name for SNI.
  static bool set_up(SSL* ssl, const TlsContext& context, const std::string& name) {
    SSL_set_connect_state(ssl);
    const std::string& protocols = context.protocols;
    const auto* offered = reinterpret_cast<const unsigned char*>(protocols.data());
    if (SSL_set_alpn_protos(ssl, offered, static_cast<unsigned>(protocols.size())) != 0) return false;
    boost::system::error_code no_address;
    const auto address = boost::asio::ip::make_address(name, no_address);
    X509_VERIFY_PARAM* check = SSL_get0_param(ssl);
    if (!no_address) return X509_VERIFY_PARAM_set1_ip_asc(check, address.to_string().c_str()) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    std::string sni = without_last_dot(name);
    return SSL_set1_host(ssl, sni.c_str()) == 1 &&
           SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, sni.data()) == 1;
  }

  const TlsClientSettings settings_;
};

void watch_files(TlsContexts& contexts, const TlsSettings& settings) {
  for (const std::string* file : {&settings.ca_file, &settings.cert_file, &settings.key_file}) {
    contexts.watch(*file, settings.reload_interval);
  }
}

}  // namespace

TlsServer::Made TlsServer::make(const TlsServerSettings& settings, std::vector<std::string> protocols, TlsLog log) {
  const auto server = std::make_shared<Server>(
      [settings, protocols = std::move(protocols)] { return make_server_context(settings, protocols); }, log,
      [settings, log] { warn_of_dates(settings, settings.client_ca_file, log); });
  watch_files(server->contexts, settings);
  if (settings.client_ca_file_reload) server->contexts.watch(settings.client_ca_file, kClientAuthorities);
  std::string error = server->contexts.load();
  if (!error.empty()) return {nullptr, std::move(error)};
  return {server, ""};
}

TlsClient::Made TlsClient::make(const TlsClientSettings& settings, std::vector<std::string> protocols, TlsLog log) {
  const auto client = std::make_shared<Client>(
      settings, [settings, protocols = std::move(protocols)] { return make_client_context(settings, protocols); }, log,
      [settings, log] { warn_of_dates(settings, "", log); });
  watch_files(client->contexts, settings);
  std::string error = client->contexts.load();
  if (!error.empty()) return {nullptr, std::move(error)};
  return {client, ""};
}

}  // namespace weir::net
