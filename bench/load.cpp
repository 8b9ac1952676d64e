// SPDX-License-Identifier: Apache-2.0
// weir_load: sends OTLP/gRPC trace requests and says what became of them. See usage() for the options.
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "h2.h"
#include "shop.h"
#include "traffic.h"

namespace weir::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string address = "127.0.0.1";
  uint16_t port = 4317;
  uint32_t connections = 8;
  uint32_t in_flight = 4;  // per connection
  uint32_t spans_per_request = 512;
  uint64_t spans = 1000000;
  double rate = 0;  // spans a second, 0 = as fast as it goes
  double errors = 0.01;
  uint64_t seed = 1;
  std::string facts_file;
  std::string shape = "pairs";
};

std::unique_ptr<Source> make_source(const Options& options, uint64_t seed) {
  if (options.shape == "shop") return std::make_unique<Shop>(seed, options.errors);
  return std::make_unique<Traffic>(options.spans_per_request, seed, options.errors);
}

int usage() {
  std::puts(
      "usage: weir_load [--port N] [--address IPv4] [--connections N] [--in-flight N] [--spans-per-request N] [--spans "
      "N]\n"
      "                 [--rate SPANS_PER_SECOND] [--errors SHARE] [--seed N] [--shape pairs|shop] [--facts FILE]\n"
      "pairs: traces of a CLIENT and a SERVER span. shop: traces through several services with errors and slow\n"
      "requests, one trace a request. --facts writes a line `trace span duration_ms error number status` for each "
      "span.");
  return 2;
}

// Drives all connections from one epoll loop until every span is sent and answered.
class Load {
 public:
  explicit Load(const Options& options) : options_(options), epoll_(epoll_create1(0)) {
    if (!options.facts_file.empty()) facts_.open(options.facts_file);
    for (uint32_t i = 0; i < options.connections; ++i) {
      auto line = std::make_unique<Line>(connect_to(options.address, options.port), options, i);
      Line* at = line.get();
      at->connection.on_reply = [this, at](int32_t stream, int status) { on_reply(*at, stream, status); };
      lines_.push_back(std::move(line));
      watch(EPOLL_CTL_ADD, *at);
    }
  }

  int run() {
    const auto start = Clock::now();
    start_ = start;
    while (answered_ < options_.spans) {
      for (auto& line : lines_) fill(*line);
      epoll_event events[64];
      const int ready = epoll_wait(epoll_, events, 64, options_.rate > 0 ? 1 : 1000);
      for (int i = 0; i < ready; ++i) on_event(*static_cast<Line*>(events[i].data.ptr), events[i].events);
    }
    report(std::chrono::duration<double>(Clock::now() - start).count());
    return statuses_.size() == 1 && statuses_.contains(0) ? 0 : 1;
  }

 private:
  struct Line {
    Line(int fd, const Options& options, uint32_t number)
        : connection(fd, false), traffic(make_source(options, options.seed * 1000 + number)) {}
    Connection connection;
    std::unique_ptr<Source> traffic;
    struct Call {
      uint32_t spans;
      Clock::time_point begun;
    };
    std::unordered_map<int32_t, Call> under_way;  // by stream
    std::vector<SpanFacts> sent;  // of the request under way, where facts are wanted (then one at a time)
  };

  void fill(Line& line) {
    const uint32_t room = facts_.is_open() ? 1 : options_.in_flight;
    while (line.under_way.size() < room && started_ < options_.spans && due()) {
      const uint64_t now = static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
      const int32_t stream =
          line.connection.call("/opentelemetry.proto.collector.trace.v1.TraceService/Export", line.traffic->next(now));
      if (facts_.is_open()) line.sent = line.traffic->facts();
      line.under_way[stream] = {line.traffic->spans(), Clock::now()};
      started_ += line.traffic->spans();
    }
    if (!line.connection.flush()) throw std::runtime_error("the connection was closed");
    watch(EPOLL_CTL_MOD, line);
  }

  bool due() const {
    if (options_.rate <= 0) return true;
    return static_cast<double>(started_) < options_.rate * std::chrono::duration<double>(Clock::now() - start_).count();
  }

  void on_event(Line& line, uint32_t) {
    if (!line.connection.on_readable() || !line.connection.flush())
      throw std::runtime_error("the connection was closed");
  }

  void on_reply(Line& line, int32_t stream, int status) {
    const Line::Call call = line.under_way.at(stream);
    line.under_way.erase(stream);
    ++statuses_[status];
    answered_ += call.spans;
    waited_ms_.push_back(std::chrono::duration<float, std::milli>(Clock::now() - call.begun).count());
    for (const SpanFacts& f : line.sent) {
      char text[96];
      const int size =
          std::snprintf(text, sizeof text, "%s%s %s %u %d %u %d\n", hex(f.trace_hi).c_str(), hex(f.trace_lo).c_str(),
                        hex(f.span_id).c_str(), f.duration_ms, f.error ? 1 : 0, f.number, status);
      facts_.write(text, size);
    }
    line.sent.clear();
  }

  static std::string hex(uint64_t word) {  // in the order of its bytes in memory, as they are on the wire
    char text[17];
    const auto* b = reinterpret_cast<const unsigned char*>(&word);
    for (int i = 0; i < 8; ++i) std::snprintf(text + 2 * i, 3, "%02x", b[i]);
    return text;
  }

  void watch(int operation, Line& line) {
    epoll_event event{};
    event.events = EPOLLIN | (line.connection.wants_write() ? EPOLLOUT : 0u);
    event.data.ptr = &line;
    epoll_ctl(epoll_, operation, line.connection.fd(), &event);
  }

  void report(double seconds) {
    std::printf("{\"spans\": %llu, \"seconds\": %.3f, \"spans_per_second\": %.0f, \"replies\": {",
                static_cast<unsigned long long>(answered_), seconds, static_cast<double>(answered_) / seconds);
    const char* comma = "";
    for (const auto& [status, count] : statuses_) {
      std::printf("%s\"%d\": %llu", comma, status, static_cast<unsigned long long>(count));
      comma = ", ";
    }
    std::printf("}, \"p50_ms\": %.2f, \"p99_ms\": %.2f}\n", waited(0.5), waited(0.99));
  }

  // The share of all answers that came within this many milliseconds of their request.
  double waited(double share) {
    if (waited_ms_.empty()) return 0;
    const auto at = static_cast<ptrdiff_t>(share * static_cast<double>(waited_ms_.size() - 1));
    std::nth_element(waited_ms_.begin(), waited_ms_.begin() + at, waited_ms_.end());
    return waited_ms_[static_cast<size_t>(at)];
  }

  const Options options_;
  int epoll_;
  std::vector<std::unique_ptr<Line>> lines_;
  std::map<int, uint64_t> statuses_;
  std::vector<float> waited_ms_;  // from a request's start to its answer
  std::ofstream facts_;
  Clock::time_point start_;
  uint64_t started_ = 0;
  uint64_t answered_ = 0;
};

bool parse(int argc, char** argv, Options& options) {
  const std::map<std::string, std::function<void(const char*)>> takes = {
      {"--address", [&](const char* v) { options.address = v; }},
      {"--port", [&](const char* v) { options.port = static_cast<uint16_t>(std::atoi(v)); }},
      {"--connections", [&](const char* v) { options.connections = static_cast<uint32_t>(std::atoi(v)); }},
      {"--in-flight", [&](const char* v) { options.in_flight = static_cast<uint32_t>(std::atoi(v)); }},
      {"--spans-per-request", [&](const char* v) { options.spans_per_request = static_cast<uint32_t>(std::atoi(v)); }},
      {"--spans", [&](const char* v) { options.spans = std::strtoull(v, nullptr, 10); }},
      {"--rate", [&](const char* v) { options.rate = std::atof(v); }},
      {"--errors", [&](const char* v) { options.errors = std::atof(v); }},
      {"--seed", [&](const char* v) { options.seed = std::strtoull(v, nullptr, 10); }},
      {"--shape", [&](const char* v) { options.shape = v; }},
      {"--facts", [&](const char* v) { options.facts_file = v; }},
  };
  for (int i = 1; i < argc; i += 2) {
    const auto found = takes.find(argv[i]);
    if (found == takes.end() || i + 1 >= argc) return false;
    found->second(argv[i + 1]);
  }
  return true;
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  weir::bench::Options options;
  if (!weir::bench::parse(argc, argv, options)) return weir::bench::usage();
  try {
    return weir::bench::Load(options).run();
  } catch (const std::exception& e) {
    std::cerr << "weir_load: " << e.what() << "\n";
    return 1;
  }
}
