// SPDX-License-Identifier: Apache-2.0
#include "net/plain_stream.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <vector>

namespace weir::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// What callbacks share with the stream, so that one that outlives the stream finds something.
struct Socket : std::enable_shared_from_this<Socket> {
  Socket(LoopShard& on_shard, PlainSocket from, bool is_counted)
      : shard(on_shard), socket(std::move(from)), counted(is_counted) {}

  void close() {
    error_code ignored;
    socket.close(ignored);
    if (std::exchange(counted, false)) shard.connections().fetch_sub(1, std::memory_order_relaxed);
  }

  // The operation owns the callback: one that never ends, because its loop did, must not keep alive what the callback
  // holds.
  void write_rest(size_t written, IoFn done) {
    socket.async_write_some(
        std::span<const asio::const_buffer>(out).subspan(out_first),
        [self = shared_from_this(), written, done = std::move(done)](const error_code& error, size_t bytes) mutable {
          self->on_written(error, written + bytes, bytes, std::move(done));
        });
  }

  void on_written(const error_code& error, size_t written, size_t last, IoFn done) {
    while (out_first < out.size() && last >= out[out_first].size()) last -= out[out_first++].size();
    if (!error && out_first < out.size()) {
      out[out_first] += last;
      return write_rest(written, std::move(done));
    }
    out.clear();
    done(IoResult{written, false, error});
  }

  LoopShard& shard;
  PlainSocket socket;
  bool counted;
  std::vector<asio::const_buffer> out;  // of the write under way; what is before out_first is written
  size_t out_first = 0;
};

class PlainStream final : public Stream {
 public:
  PlainStream(LoopShard& shard, PlainSocket socket, std::string peer, bool counted)
      : socket_(std::make_shared<Socket>(shard, std::move(socket), counted)), peer_(std::move(peer)) {}
  ~PlainStream() override { socket_->close(); }

  void read(char* into, size_t room, IoFn done) override {
    socket_->socket.async_read_some(asio::buffer(into, room),
                                    [done = std::move(done)](const error_code& error, size_t bytes) mutable {
                                      if (error == asio::error::eof) return done(IoResult{bytes, true, {}});
                                      done(IoResult{bytes, false, error});
                                    });
  }

  void write(std::span<const std::string_view> pieces, IoFn done) override {
    Socket& s = *socket_;
    s.out.clear();
    s.out_first = 0;
    for (std::string_view piece : pieces) {
      if (!piece.empty()) s.out.emplace_back(piece.data(), piece.size());
    }
    s.write_rest(0, std::move(done));
  }

  void shutdown_write() override {
    error_code ignored;
    socket_->socket.shutdown(asio::socket_base::shutdown_send, ignored);
  }

  void close() override { socket_->close(); }
  const std::string& peer() const override { return peer_; }
  Shard& shard() const override { return socket_->shard; }

 private:
  std::shared_ptr<Socket> socket_;
  std::string peer_;
};

}  // namespace

std::unique_ptr<Stream> make_plain_stream(LoopShard& shard, PlainSocket socket, std::string peer, bool counted) {
  return std::make_unique<PlainStream>(shard, std::move(socket), std::move(peer), counted);
}

}  // namespace weir::net
