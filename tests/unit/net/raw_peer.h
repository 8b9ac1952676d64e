// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "support/catch.h"

namespace weir::net::test {

// One blocking TCP connection with a deadline on every wait: what `nc` would be.
class RawSocket {
 public:
  explicit RawSocket(int fd) : fd_(fd) {}
  RawSocket(RawSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  RawSocket& operator=(RawSocket&&) = delete;
  ~RawSocket() { close(); }

  static RawSocket connect(uint16_t port) {
    RawSocket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      throw std::runtime_error("connect failed");
    return socket;
  }

  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // the peer is gone; the test sees that elsewhere
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  // What has come when `enough` says so, or up to the peer's end; never longer than the deadline.
  std::string read_until(const std::function<bool(const std::string&)>& enough) {
    std::string all;
    char chunk[65536];
    while (!enough(all)) {
      pollfd wait{fd_, POLLIN, 0};
      if (::poll(&wait, 1, 20000) != 1) throw std::runtime_error("nothing came before the deadline");
      const ssize_t got = ::recv(fd_, chunk, sizeof chunk, 0);
      if (got <= 0) break;
      all.append(chunk, static_cast<size_t>(got));
    }
    return all;
  }
  std::string read_to_end() {
    return read_until([](const std::string&) { return false; });
  }
  // A request or reply head and, after it, `body` bytes.
  std::string read_message(size_t body = 0) {
    return read_until([body](const std::string& all) {
      const size_t end = all.find("\r\n\r\n");
      return end != std::string::npos && all.size() >= end + 4 + body;
    });
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

// Accepts connections on a free port of 127.0.0.1, one after the other, and plays `script` with each (index from 0) on
// a thread of its own.
class RawServer {
 public:
  explicit RawServer(std::function<void(RawSocket&, int index)> script)
      : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof at;
    ::bind(listening_, reinterpret_cast<sockaddr*>(&at), sizeof at);
    ::listen(listening_, 16);
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&at), &length);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this, script = std::move(script)] {
      for (int index = 0;; ++index) {
        RawSocket socket(::accept(listening_, nullptr, nullptr));
        if (socket.fd() < 0) return;
        try {
          script(socket, index);
        } catch (const std::exception&) {
          // The test's own expectation fails.
        }
      }
    });
  }
  ~RawServer() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  uint16_t port() const { return port_; }

 private:
  int listening_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace weir::net::test
