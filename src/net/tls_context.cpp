// SPDX-License-Identifier: Apache-2.0
#include "net/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "net/tls_ciphers.h"
#include "net/tls_pem.h"

namespace weir::net {

namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;

// Without TLS 1.3, whose suites are good throughout: forward secrecy and AES or ChaCha20.
constexpr char kDefaultCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES";
constexpr char kBadCertificate[] = "failed to load TLS cert and key: ";

std::string last_openssl_error() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "unknown error" : reason;
}

// Puts together one SSL_CTX; the first error stops it.
class Builder {
 public:
  Builder(const TlsSettings& settings, const SSL_METHOD* method) : settings_(settings) {
    made_.context = std::make_shared<TlsContext>();
    made_.context->ctx.reset(SSL_CTX_new(method));
    if (ctx() == nullptr) fail("OpenSSL: " + last_openssl_error());
  }

  SSL_CTX* ctx() const { return made_.context->ctx.get(); }
  bool ok() const { return made_.error.empty(); }
  void fail(std::string error) {
    if (ok()) made_.error = std::move(error);
  }
  TlsContextMade take(std::string_view prefix) {
    if (ok()) return std::move(made_);
    return {nullptr, std::string(prefix) + made_.error};
  }

  void common(const std::vector<std::string>& protocols) {
    if (!ok()) return;
    SSL_CTX_set_options(ctx(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ctx(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // Resumption is by tickets, which cost no memory here.
    SSL_CTX_set_session_cache_mode(ctx(), SSL_SESS_CACHE_OFF);
    for (const std::string& name : protocols) {
      made_.context->protocols += static_cast<char>(name.size());
      made_.context->protocols += name;
    }
    algorithms();
    certificate();
  }

  // The authorities that are trusted to vouch for the peer.
  void trust(const std::string& pem, const std::string& parse_error) {
    X509_STORE* store = SSL_CTX_get_cert_store(ctx());
    const std::vector<X509Ptr> all = certificates_in(pem);
    if (all.empty()) return fail(parse_error);
    for (const X509Ptr& one : all) X509_STORE_add_cert(store, one.get());
    // As in Go: whatever is listed is trusted, be it an intermediate or a server's own certificate.
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    ERR_clear_error();
  }

  // ca_file or ca_pem. A server has no use for them, but they are to be readable there too.
  void own_authorities(bool use) {
    if (!ok()) return;
    const bool by_file = !settings_.ca_file.empty();
    const std::string kind = by_file ? "failed to load CA CertPool File: " : "failed to load CA CertPool PEM: ";
    const Pem pem = read_pem(settings_.ca_file, settings_.ca_pem);
    if (!pem.error.empty()) return fail(kind + "failed to load CA " + settings_.ca_file + ": " + pem.error);
    const bool given = by_file || !settings_.ca_pem.empty();
    const std::string cannot_parse =
        kind + (by_file ? "failed to parse CA " + settings_.ca_file : "failed to parse CA");
    if (given && certificates_in(pem.text).empty()) return fail(cannot_parse);
    if (!use) return;
    if (!given || settings_.include_system_ca_certs_pool) SSL_CTX_set_default_verify_paths(ctx());
    if (given) trust(pem.text, cannot_parse);
  }

 private:
  void algorithms() {
    bool only_tls13 = false;
    const TlsNames ciphers = tls_cipher_list(settings_, only_tls13);
    const TlsNames curves = tls_curve_list(settings_);
    const int wanted_min = tls_version_number(settings_.min_version);
    const int max = tls_version_number(settings_.max_version);
    if (wanted_min < 0) fail("invalid TLS min_version: unsupported TLS version: \"" + settings_.min_version + "\"");
    if (max < 0) fail("invalid TLS max_version: unsupported TLS version: \"" + settings_.max_version + "\"");
    if (!ciphers.error.empty()) fail(ciphers.error);
    if (!curves.error.empty()) fail(curves.error);
    if (!ok()) return;
    const int min = only_tls13 ? TLS1_3_VERSION : wanted_min == 0 ? TLS1_2_VERSION : wanted_min;
    // Level 2, Debian's, refuses what the collector takes (RSA of 1024 bits); TLS before 1.2 signs with SHA-1 (level
    // 0).
    SSL_CTX_set_security_level(ctx(), min < TLS1_2_VERSION ? 0 : 1);
    const bool set =
        SSL_CTX_set_min_proto_version(ctx(), min) == 1 && SSL_CTX_set_max_proto_version(ctx(), max) == 1 &&
        SSL_CTX_set_cipher_list(ctx(), ciphers.list.empty() ? kDefaultCiphers : ciphers.list.c_str()) == 1 &&
        (curves.list.empty() || SSL_CTX_set1_groups_list(ctx(), curves.list.c_str()) == 1);
    if (!set) fail("OpenSSL: " + last_openssl_error());
  }

  void certificate() {
    if (!ok()) return;
    const bool has_cert = !settings_.cert_file.empty() || !settings_.cert_pem.empty();
    const bool has_key = !settings_.key_file.empty() || !settings_.key_pem.empty();
    if (!has_cert && !has_key) return;
    if (has_cert != has_key) {
      return fail(std::string(kBadCertificate) + "for auth via TLS, provide both certificate and key, or neither");
    }
    const Pem cert = read_pem(settings_.cert_file, settings_.cert_pem);
    const Pem key = read_pem(settings_.key_file, settings_.key_pem);
    if (!cert.error.empty()) return fail(kBadCertificate + cert.error);
    if (!key.error.empty()) return fail(kBadCertificate + key.error);
    use(cert.text, key.text);
  }

  void use(const std::string& cert_pem, const std::string& key_pem) {
    const std::string bad = std::string(kBadCertificate) + "failed to load TLS cert and key PEMs: tls: ";
    const std::vector<X509Ptr> chain = certificates_in(cert_pem);
    if (chain.empty()) return fail(bad + "failed to find any PEM data in certificate input");
    const BioPtr bio = bio_of(key_pem);
    const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
    ERR_clear_error();
    if (!key) return fail(bad + "failed to find any PEM data in key input");
    if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
      ERR_clear_error();
      return fail(bad + "private key does not match public key");
    }
    bool taken =
        SSL_CTX_use_certificate(ctx(), chain.front().get()) == 1 && SSL_CTX_use_PrivateKey(ctx(), key.get()) == 1;
    for (size_t i = 1; taken && i < chain.size(); ++i) taken = SSL_CTX_add1_chain_cert(ctx(), chain[i].get()) == 1;
    if (!taken) fail(bad + last_openssl_error());
  }

  const TlsSettings& settings_;
  TlsContextMade made_;
};

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
                    unsigned int offered_length, void* context) {
  const std::string& ours = static_cast<TlsContext*>(context)->protocols;
  unsigned char* found = nullptr;
  const int outcome = SSL_select_next_proto(&found, length, reinterpret_cast<const unsigned char*>(ours.data()),
                                            static_cast<unsigned int>(ours.size()), offered, offered_length);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Mutual TLS: a client without a certificate of these authorities is refused.
void require_clients_of(Builder& builder, const TlsServerSettings& settings) {
  const std::string& file = settings.client_ca_file;
  if (!builder.ok() || file.empty()) return;
  const Pem pem = read_pem(file, "");
  if (!pem.error.empty()) return builder.fail("failed to load CA " + file + ": " + pem.error);
  if (settings.include_system_ca_certs_pool) SSL_CTX_set_default_verify_paths(builder.ctx());
  builder.trust(pem.text, "failed to parse CA " + file);
  if (!builder.ok()) return;
  for (const X509Ptr& one : certificates_in(pem.text)) SSL_CTX_add_client_CA(builder.ctx(), one.get());
  SSL_CTX_set_verify(builder.ctx(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

}  // namespace

TlsContextMade make_server_context(const TlsServerSettings& settings, const std::vector<std::string>& protocols) {
  Builder builder(settings, TLS_server_method());
  builder.common(protocols);
  builder.own_authorities(false);
  require_clients_of(builder, settings);
  if (builder.ok() && SSL_CTX_get0_certificate(builder.ctx()) == nullptr) {
    builder.fail("TLS configuration must include both certificate and key for server connections");
  }
  TlsContextMade made = builder.take("failed to load TLS config: ");
  if (!made.context) return made;
  // Sessions of one context are taken up again by that context only: its authorities are those that were asked.
  static constexpr unsigned char kSessions[] = "weir";
  SSL_CTX_set_session_id_context(made.context->ctx.get(), kSessions, sizeof kSessions);
  if (!protocols.empty()) SSL_CTX_set_alpn_select_cb(made.context->ctx.get(), choose_protocol, made.context.get());
  return made;
}

TlsContextMade make_client_context(const TlsClientSettings& settings, const std::vector<std::string>& protocols) {
  Builder builder(settings, TLS_client_method());
  builder.common(protocols);
  builder.own_authorities(true);
  if (builder.ok()) {
    SSL_CTX_set_verify(builder.ctx(), settings.insecure_skip_verify ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  }
  return builder.take("failed to load TLS config: ");
}

void TlsContexts::watch(const std::string& path, Duration every) {
  if (!path.empty() && every > Duration(0)) watched_.push_back({path, every, Duration(0), ""});
}

// A file's state as stat() tells it through symbolic links: mounted secrets are replaced by switching one.
std::string TlsContexts::state_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return "none";
  const auto text = [](auto number) { return std::to_string(number) + " "; };
  return text(found.st_dev) + text(found.st_ino) + text(found.st_size) + text(found.st_mtim.tv_sec) +
         text(found.st_mtim.tv_nsec) + text(found.st_ctim.tv_sec) + text(found.st_ctim.tv_nsec);
}

std::string TlsContexts::load() {
  const Duration now = std::chrono::steady_clock::now().time_since_epoch();
  std::lock_guard lock(mutex_);
  for (Watched& file : watched_) {
    file.seen = state_of(file.path);
    file.next = now + file.every;
  }
  TlsContextMade made = make_();
  context_ = std::move(made.context);
  if (context_) warn_();
  return std::move(made.error);
}

bool TlsContexts::changed(Duration now) {
  bool any = false;
  for (Watched& file : watched_) {
    if (now < file.next) continue;
    file.next = now + file.every;
    any |= file.seen != state_of(file.path);
  }
  return any;
}

// States are taken before the files are read: a change in between is seen by the next look. Where they cannot be used
// (a key of another certificate, half written), the next look tries again.
std::shared_ptr<TlsContext> TlsContexts::current() {
  std::lock_guard lock(mutex_);
  if (watched_.empty() || !changed(std::chrono::steady_clock::now().time_since_epoch())) return context_;
  std::vector<std::string> seen;
  for (const Watched& file : watched_) seen.push_back(state_of(file.path));
  TlsContextMade made = make_();
  if (!made.context) {
    tell_unusable(made.error, seen);
    return context_;
  }
  for (size_t i = 0; i < watched_.size(); ++i) watched_[i].seen = std::move(seen[i]);
  context_ = std::move(made.context);
  tell_taken();
  return context_;
}

std::string TlsContexts::files() const {
  std::string all;
  for (const Watched& file : watched_) all += (all.empty() ? "" : ", ") + file.path;
  return all;
}

void TlsContexts::tell_taken() {
  unusable_.clear();
  if (log_.to == nullptr) return;
  const X509* own = SSL_CTX_get0_certificate(context_->ctx.get());
  log_.to->info(log_.component, "TLS certificates have changed and are used from now on",
                {{"files", files()}, {"not_after", own == nullptr ? "" : text_of(X509_get0_notAfter(own))}});
  warn_();
}

// Once for each change: every look tries again.
void TlsContexts::tell_unusable(const std::string& error, const std::vector<std::string>& states) {
  std::string now = error;
  for (const std::string& state : states) now += '\n' + state;
  if (log_.to == nullptr || std::exchange(unusable_, now) == now) return;
  log_.to->warn(log_.component, "TLS certificates have changed and cannot be used; those from before stay",
                {{"files", files()}, {"error", error}});
}

}  // namespace weir::net
