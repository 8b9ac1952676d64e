// SPDX-License-Identifier: Apache-2.0
// weir_sink PORT [IDS_FILE]: a bare OTLP/gRPC sink. Answers OK to everything; on SIGTERM or SIGINT prints what came.
// With IDS_FILE it walks the (uncompressed) requests and writes a line `trace span` for each span.
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <unordered_map>

#include "h2.h"
#include "otlp/walker.h"
#include "weir/ids.h"

namespace weir::bench {
namespace {

class Sink {
 public:
  Sink(uint16_t port, const char* ids_file) : epoll_(epoll_create1(0)), listener_(listen_on("127.0.0.1", port)) {
    if (ids_file != nullptr) ids_.open(ids_file);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    stop_ = signalfd(-1, &signals, SFD_CLOEXEC);
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN);
    watch(EPOLL_CTL_ADD, stop_, EPOLLIN);
  }

  void run() {
    for (;;) {
      epoll_event events[64];
      const int ready = epoll_wait(epoll_, events, 64, -1);
      for (int i = 0; i < ready; ++i) {
        const int fd = events[i].data.fd;
        if (fd == stop_) return report();
        if (fd == listener_)
          accept_all();
        else
          serve(fd);
      }
    }
  }

 private:
  void accept_all() {
    int fd;
    while ((fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
      auto connection = std::make_unique<Connection>(fd, true);
      connection->on_message = [this](std::string& body, bool compressed) { on_message(body, compressed); };
      connection->flush();
      connections_[fd] = std::move(connection);
      watch(EPOLL_CTL_ADD, fd, EPOLLIN);
    }
  }

  void serve(int fd) {
    Connection& connection = *connections_.at(fd);
    if (!connection.on_readable() || !connection.flush()) {
      connections_.erase(fd);
      return;
    }
    watch(EPOLL_CTL_MOD, fd, EPOLLIN | (connection.wants_write() ? EPOLLOUT : 0u));
  }

  void on_message(const std::string& body, bool compressed) {
    ++requests_;
    bytes_ += body.size();
    if (!ids_.is_open() || compressed) return;
    Batch batch;
    if (!otlp::walk(Signal::kTraces, Part{BufferRef::copy_of(body), {}, 0, 0}, batch).ok) return;
    spans_ += batch.spans.size();
    for (const SpanRecord& span : batch.spans) {
      ids_ << to_hex(span.trace_id.bytes()) << ' ' << to_hex(span.span_id.bytes()) << '\n';
    }
  }

  void watch(int operation, int fd, uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.fd = fd;
    epoll_ctl(epoll_, operation, fd, &event);
  }

  void report() {
    ids_.flush();
    std::printf("{\"requests\": %llu, \"bytes\": %llu, \"spans\": %llu}\n", static_cast<unsigned long long>(requests_),
                static_cast<unsigned long long>(bytes_), static_cast<unsigned long long>(spans_));
  }

  int epoll_, listener_, stop_ = -1;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
  std::ofstream ids_;
  uint64_t requests_ = 0, bytes_ = 0, spans_ = 0;
};

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: weir_sink PORT [IDS_FILE]\n";
    return 2;
  }
  try {
    weir::bench::Sink(static_cast<uint16_t>(std::atoi(argv[1])), argc > 2 ? argv[2] : nullptr).run();
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "weir_sink: " << e.what() << "\n";
    return 1;
  }
}
