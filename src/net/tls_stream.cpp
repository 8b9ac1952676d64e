// SPDX-License-Identifier: Apache-2.0
#include "net/tls_stream.h"

#include <openssl/err.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir::net {

namespace {

constexpr size_t kRecord = 16384;            // what one TLS record carries at most
constexpr size_t kMostSealed = 8 * kRecord;  // sealed ahead of the stream below
constexpr size_t kHandshakeBuffer = 8192;
constexpr size_t kLargestBuffer = 64 << 10;
constexpr size_t kRecordOverhead = 256;
constexpr size_t kLingerBytes = 1 << 20;

// Reasons of OpenSSL as error codes.
class TlsCategory final : public std::error_category {
 public:
  const char* name() const noexcept override { return "tls"; }
  std::string message(int reason) const override {
    const char* text = ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, reason));
    return std::string("tls: ") + (text == nullptr ? "protocol error" : text);
  }
};

std::error_code tls_error(int reason) {
  static const TlsCategory category;
  return {reason, category};
}

std::error_code aborted() { return std::make_error_code(std::errc::operation_canceled); }

}  // namespace

// OpenSSL's view of the channel's two buffers.
BIO* TlsChannel::make_bio(TlsChannel* channel) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weir");
    BIO_meth_set_read(made, [](BIO* bio, char* into, int room) {
      auto& input = static_cast<TlsChannel*>(BIO_get_data(bio))->input_;
      BIO_clear_retry_flags(bio);
      if (input.empty()) {
        BIO_set_retry_read(bio);
        return -1;
      }
      const size_t part = input.copy(into, static_cast<size_t>(room));
      input.remove_prefix(part);
      return static_cast<int>(part);
    });
    BIO_meth_set_write(made, [](BIO* bio, const char* from, int length) {
      static_cast<TlsChannel*>(BIO_get_data(bio))->sealed_.append(from, static_cast<size_t>(length));
      return length;
    });
    BIO_meth_set_ctrl(made, [](BIO*, int what, long, void*) { return what == BIO_CTRL_FLUSH ? 1L : 0L; });
    return made;
  }();
  BIO* bio = BIO_new(method);
  BIO_set_data(bio, channel);
  BIO_set_init(bio, 1);
  return bio;
}

TlsChannel::TlsChannel(std::shared_ptr<TlsContext> context, SslPtr ssl, std::unique_ptr<Stream> below)
    : context_(std::move(context)), ssl_(std::move(ssl)), below_(std::move(below)) {
  BIO* bio = make_bio(this);
  SSL_set_bio(ssl_.get(), bio, bio);
}

TlsChannel::~TlsChannel() = default;

// --- the handshake

void TlsChannel::handshake(Done done) {
  handshake_done_ = std::move(done);
  below_->shard().post([self = shared_from_this()] { self->step(); });
}

void TlsChannel::step() {
  if (state_ != State::kHandshake || !handshake_done_) return;
  ERR_clear_error();
  const int outcome = SSL_do_handshake(ssl_.get());
  const bool waits = outcome != 1 && SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_WANT_READ;
  if (outcome == 1 || waits) flush();
  if (waits && !below_ended_ && !below_error_) return read_below();
  std::string error = outcome == 1 ? "" : why_handshake_failed(outcome);
  if (outcome == 1) state_ = State::kOpen;
  std::exchange(handshake_done_, nullptr)(std::move(error));
}

std::string TlsChannel::why_handshake_failed(int outcome) const {
  if (below_error_) return below_error_.message();
  if (SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_WANT_READ) return "EOF";
  const unsigned long code = ERR_peek_error();
  const long verified = SSL_get_verify_result(ssl_.get());
  if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED && verified != X509_V_OK) {
    return std::string("tls: failed to verify certificate: ") + X509_verify_cert_error_string(verified);
  }
  return tls_error(ERR_GET_REASON(code)).message();
}

std::string TlsChannel::protocol() const {
  const unsigned char* name = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &length);
  return name == nullptr ? "" : std::string(reinterpret_cast<const char*>(name), length);
}

void TlsChannel::linger(std::string words) {
  if (state_ != State::kHandshake) return;
  state_ = State::kLingering;
  ssl_.reset();  // the larger part of what the connection costs
  input_ = {};
  if (!words.empty()) sealed_ = std::move(words);
  if (below_ended_ || below_error_) return close();
  flush();
  if (!writing_below_) below_->shutdown_write();
  read_below();
}

void TlsChannel::forget(size_t bytes) {
  forgotten_ += bytes;
  forgotten_ > kLingerBytes ? close() : read_below();
}

// --- reading

// The buffer follows the reader's, which follows the traffic.
void TlsChannel::read_below() {
  if (reading_below_ || state_ == State::kClosed) return;
  const size_t wanted =
      state_ == State::kOpen ? std::min(reader_.room + kRecordOverhead, kLargestBuffer) : kHandshakeBuffer;
  if (wanted != buffer_size_) {
    buffer_ = std::make_unique_for_overwrite<char[]>(wanted);
    buffer_size_ = wanted;
  }
  reading_below_ = true;
  below_->read(buffer_.get(), buffer_size_,
               [self = shared_from_this(), done = std::move(reader_.done)](IoResult result) mutable {
                 self->reader_.done = std::move(done);
                 self->on_below_read(std::move(result));
               });
  reader_.done = nullptr;
}

void TlsChannel::on_below_read(IoResult result) {
  reading_below_ = false;
  if (state_ == State::kClosed) return advance_read();
  if (state_ == State::kLingering) return result.ok() ? forget(result.bytes) : close();
  if (result.ok()) input_ = {buffer_.get(), result.bytes};
  below_ended_ = result.end;
  below_error_ = result.error;
  if (state_ == State::kOpen) return advance_read();
  if (opening_.size() < 5) opening_ += input_.substr(0, 5 - opening_.size());
  step();
}

void TlsChannel::read(char* into, size_t room, IoFn done) {
  const bool at_hand = state_ == State::kClosed || read_end_ || !input_.empty() || SSL_pending(ssl_.get()) > 0 ||
                       below_ended_ || below_error_;
  reader_ = {into, room, std::move(done)};
  if (!at_hand) return read_below();
  below_->shard().post([self = shared_from_this(), done = std::move(reader_.done)]() mutable {
    self->reader_.done = std::move(done);
    self->advance_read();
  });
  reader_.done = nullptr;
}

void TlsChannel::advance_read() {
  if (!reader_.done) return;
  if (state_ == State::kClosed) return finish_read({0, false, aborted()});
  if (read_end_) return finish_read(*read_end_);
  ERR_clear_error();
  size_t got = 0;
  int outcome = 1;
  while (outcome == 1 && got < reader_.room) {
    size_t part = 0;
    outcome = SSL_read_ex(ssl_.get(), reader_.into + got, reader_.room - got, &part);
    got += part;
  }
  const int why = SSL_get_error(ssl_.get(), outcome);
  flush();  // OpenSSL may have had something to say: a new key, an alert
  const bool waits = why == SSL_ERROR_WANT_READ && !below_ended_ && !below_error_;
  if (why != SSL_ERROR_NONE && !waits) read_end_ = read_outcome(why);
  if (got > 0) return finish_read({got, false, {}});
  if (waits) return read_below();
  finish_read(*read_end_);
}

// A peer that ends without saying so may have been cut off by somebody else. Clients must know, for a reply's body may
// end with the connection; requests say their own length.
IoResult TlsChannel::read_outcome(int why) {
  if (why == SSL_ERROR_ZERO_RETURN) return {0, true, {}};
  if (why == SSL_ERROR_WANT_READ && below_error_) return {0, false, below_error_};
  if (why == SSL_ERROR_WANT_READ && SSL_is_server(ssl_.get()) != 0) return {0, true, {}};
  if (why == SSL_ERROR_WANT_READ) return {0, false, tls_error(SSL_R_UNEXPECTED_EOF_WHILE_READING)};
  return {0, false, tls_error(ERR_GET_REASON(ERR_peek_error()))};
}

void TlsChannel::finish_read(IoResult result) { std::exchange(reader_.done, nullptr)(std::move(result)); }

// --- writing

void TlsChannel::write(std::span<const std::string_view> pieces, IoFn done) {
  writer_ = {};
  for (std::string_view piece : pieces) {
    if (!piece.empty()) writer_.pieces.push_back(piece);
    writer_.bytes += piece.size();
  }
  if (state_ == State::kOpen) seal();
  if (writing_below_) {
    *carried_.lock() = std::move(done);
  } else if (state_ == State::kOpen && !sealed_.empty()) {
    writer_.done = std::move(done);
    flush();
  } else {
    const std::error_code error = state_ == State::kClosed ? aborted() : write_error_;
    below_->shard().post([done = std::move(done), error]() mutable { done(IoResult{0, false, error}); });
  }
}

// Small pieces are put together to whole records; the bytes live until OpenSSL has copied them, which is at once.
std::string_view TlsChannel::next_record() {
  static thread_local char together[kRecord];
  Writer& w = writer_;
  const std::string_view first = w.pieces[w.piece].substr(w.offset);
  if (first.size() >= kRecord || w.piece + 1 == w.pieces.size()) {
    const std::string_view record = first.substr(0, kRecord);
    w.offset += record.size();
    if (record.size() == first.size()) ++w.piece, w.offset = 0;
    return record;
  }
  size_t filled = 0;
  while (filled < kRecord && !w.sealed_all()) {
    const std::string_view rest = w.pieces[w.piece].substr(w.offset);
    const size_t part = rest.copy(together + filled, kRecord - filled);
    filled += part;
    w.offset += part;
    if (part == rest.size()) ++w.piece, w.offset = 0;
  }
  return {together, filled};
}

void TlsChannel::seal() {
  while (!write_error_ && !writer_.sealed_all() && sealed_.size() < kMostSealed) {
    ERR_clear_error();
    const std::string_view record = next_record();
    size_t taken = 0;
    if (SSL_write_ex(ssl_.get(), record.data(), record.size(), &taken) == 1) continue;
    write_error_ = tls_error(ERR_GET_REASON(ERR_peek_error()));
  }
}

void TlsChannel::flush() {
  if (writing_below_ || sealed_.empty() || state_ == State::kClosed) return;
  sending_.clear();
  sending_.swap(sealed_);
  writing_below_ = true;
  const auto carried = std::make_shared<IoFn>(std::move(writer_.done));
  writer_.done = nullptr;
  carried_ = carried;
  const std::string_view bytes = sending_;
  below_->write({&bytes, 1}, [self = shared_from_this(), carried](IoResult result) {
    self->writer_.done = std::move(*carried);
    self->on_below_written(std::move(result));
  });
}

void TlsChannel::on_below_written(IoResult result) {
  writing_below_ = false;
  if (state_ == State::kClosed) return finish_write({0, false, aborted()});
  if (result.error) {
    write_error_ = result.error;
    sealed_.clear();
  }
  seal();
  if (!sealed_.empty()) return flush();
  if (sending_.capacity() > 2 * kRecord) sending_ = {};  // a connection that rests costs little
  if (sealed_.capacity() > 2 * kRecord) sealed_ = {};
  finish_write({write_error_ ? 0 : writer_.bytes, false, write_error_});
  if (state_ == State::kClosed || writing_below_) return;
  if (state_ == State::kLingering || said_goodbye_) return below_->shutdown_write();
  if (shutdown_wanted_) say_goodbye();
}

void TlsChannel::finish_write(IoResult result) {
  if (writer_.done) std::exchange(writer_.done, nullptr)(std::move(result));
}

// --- the end

void TlsChannel::shutdown_write() {
  if (state_ != State::kOpen || shutdown_wanted_) return;
  shutdown_wanted_ = true;
  if (!writing_below_) say_goodbye();
}

void TlsChannel::say_goodbye() {
  said_goodbye_ = true;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  flush();
  if (!writing_below_) below_->shutdown_write();
}

// The goodbye goes as far as the socket takes it at once.
void TlsChannel::close() {
  if (state_ == State::kClosed) return;
  if (state_ == State::kOpen && !said_goodbye_ && !writing_below_ && !write_error_ &&
      !(read_end_ && read_end_->error)) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    flush();
  }
  state_ = State::kClosed;
  handshake_done_ = nullptr;
  below_->close();
}

namespace {

class TlsStream final : public Stream {
 public:
  explicit TlsStream(std::shared_ptr<TlsChannel> channel) : channel_(std::move(channel)) {}
  ~TlsStream() override { channel_->close(); }
  void read(char* into, size_t room, IoFn done) override { channel_->read(into, room, std::move(done)); }
  void write(std::span<const std::string_view> pieces, IoFn done) override { channel_->write(pieces, std::move(done)); }
  void shutdown_write() override { channel_->shutdown_write(); }
  void close() override { channel_->close(); }
  const std::string& peer() const override { return channel_->below().peer(); }
  Shard& shard() const override { return channel_->below().shard(); }

 private:
  const std::shared_ptr<TlsChannel> channel_;
};

}  // namespace

std::unique_ptr<Stream> make_tls_stream(std::shared_ptr<TlsChannel> channel) {
  return std::make_unique<TlsStream>(std::move(channel));
}

}  // namespace weir::net
