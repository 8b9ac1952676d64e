// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "net/event_loops.h"
#include "receivers/otlp/receiver.h"
#include "support/http2_peer.h"
#include "support/raw_socket.h"

namespace weir::test {

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::string_view, LogFields) override {}
};

// Counts under "name{label,label}".
class CountingTelemetry final : public Telemetry {
 public:
  Counter& counter(const std::string& name, const std::string&, const Labels& labels) override;
  Gauge& gauge(const std::string&, const std::string&, const Labels&) override { std::abort(); }
  Histogram& histogram(const std::string&, const std::string&, const Labels&, const std::vector<double>&) override {
    std::abort();
  }
  double value(const std::string& key);

 private:
  struct Count final : Counter {
    std::atomic<double> sum{0};
    void add(double by) override { sum.fetch_add(by); }
  };
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Count>> counts_;
};

// The edge of a graph that is a list. Answers at once, or when it is told to.
class ListAdmission final : public Admission {
 public:
  void admit(Batch&& batch, AnswerFn answer) override;

  void set_answer(std::optional<Answer> answer);  // empty: answers are kept
  // Answers all that are kept, on the calling thread.
  void answer_all(const Answer& answer);
  size_t kept();
  std::vector<std::string> names();  // of all spans so far, in order
  std::vector<ContextRef> contexts();
  std::vector<std::string> bodies();  // the bytes of each request
  // Waits until `spans` spans have come, at most 10 s.
  bool wait_for(size_t spans);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Answer> answer_ = Answer::accepted();
  std::vector<AnswerFn> kept_;
  std::vector<std::string> names_;
  std::vector<ContextRef> contexts_;
  std::vector<std::string> bodies_;
};

// A receiver on loops of its own, on free ports.
class LiveReceiver {
 public:
  struct Options {
    OtlpReceiverConfig config;
    uint64_t budget = 256 << 20;
    uint32_t shards = 2;
    const Authenticators* authenticators = nullptr;
  };
  static Options defaults();

  explicit LiveReceiver(Options options = defaults());
  ~LiveReceiver();

  // Ends the loops and closes what is open.
  void stop();

  OtlpReceiver& receiver() { return *receiver_; }
  // Tells the receiver to drain, and waits until every shard has heard of it by a tick.
  void drain();
  uint16_t grpc() const { return receiver_->grpc_port(); }
  uint16_t http() const { return receiver_->http_port(); }

  SystemClock clock;
  ByteBudget budget;
  SilentLog log;
  CountingTelemetry telemetry;
  ListAdmission traces;

 private:
  std::array<std::atomic<uint64_t>, 8> ticks_{};
  net::EventLoops loops_;
  std::unique_ptr<OtlpReceiver> receiver_;
};

// An HTTP/2 client on a socket.
class GrpcClient {
 public:
  explicit GrpcClient(uint16_t port) : socket_(port) {}

  Http2Peer& peer() { return peer_; }
  // Sends what the peer has to say.
  bool flush() { return socket_.send(peer_.take_output()); }
  bool send_raw(std::string_view bytes) { return socket_.send(bytes); }
  void end_input() { socket_.shutdown_write(); }
  // Reads until the stream is closed (or ended, without `closed`), the connection ends, or `timeout_ms` pass without a
  // byte.
  const Http2Peer::Answer& wait(int32_t stream, bool closed = true, int timeout_ms = 5000);
  // Reads whatever comes until nothing has come for so long, or the end.
  void read_all(int timeout_ms);
  bool at_end() const { return socket_.at_end(); }
  // One whole call.
  Http2Peer::Answer call(std::string_view body, const Http2Peer::Fields& extra = {}, std::string_view path = kTracePath,
                         bool end = true);

  static constexpr std::string_view kTracePath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

 private:
  RawSocket socket_;
  Http2Peer peer_;
};

// An ExportTraceServiceRequest with spans of these names.
std::string trace_request(const std::vector<std::string>& names, size_t trace_id_size = 16);
std::string grpc_message(std::string_view message, char flag = 0);

}  // namespace weir::test
