// SPDX-License-Identifier: Apache-2.0
// For .cpp files of src/net only.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>

#include "net/endpoint.h"

namespace weir::net {

class UniqueFd {
 public:
  explicit UniqueFd(int fd = -1) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

struct ListeningSocket {
  std::string error;  // set: nothing else is
  UniqueFd fd;
  int family = 0;
  uint16_t port = 0;
  std::string address;
  std::string unlink_path;  // a Unix socket's file, to be removed at the end
};

// Binds and listens (blocking only for the resolution of a host name). The first address that works is taken, IPv4
// before IPv6.
ListeningSocket listen_at(const Endpoint& endpoint);

// "127.0.0.1:80", "[::1]:80", "unix"
std::string text_of(const sockaddr_storage& address);

// " by otelcol (pid 4711)": the process that listens on this TCP port, as far as /proc shows it to us; otherwise "".
std::string listener_of_port(uint16_t port);

}  // namespace weir::net
