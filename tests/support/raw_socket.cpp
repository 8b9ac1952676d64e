// SPDX-License-Identifier: Apache-2.0
#include "support/raw_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace weir::test {

RawSocket::RawSocket(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd_ < 0 || connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    throw std::runtime_error("cannot connect to port " + std::to_string(port));
  }
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

RawSocket::~RawSocket() { ::close(fd_); }

bool RawSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void RawSocket::shutdown_write() { ::shutdown(fd_, SHUT_WR); }

std::string RawSocket::receive(int timeout_ms) {
  pollfd wait{fd_, POLLIN, 0};
  if (at_end_ || poll(&wait, 1, timeout_ms) <= 0) return "";
  std::string bytes(65536, '\0');
  const ssize_t size = recv(fd_, bytes.data(), bytes.size(), 0);
  at_end_ = size <= 0;
  bytes.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return bytes;
}

std::string HttpAnswer::field(std::string_view name) const {
  for (size_t at = 0; at < head.size();) {
    const size_t end = std::min(head.find("\r\n", at), head.size());
    std::string line = head.substr(at, end - at);
    at = end + 2;
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string key = line.substr(0, colon);
    for (char& c : key) c = static_cast<char>(tolower(c));
    if (key == name) return line.substr(std::min(line.size(), colon + 2));
  }
  return "";
}

HttpAnswer read_answer(RawSocket& socket, std::string& rest, int timeout_ms) {
  HttpAnswer answer;
  while (true) {
    size_t end = std::string::npos;
    while ((end = rest.find("\r\n\r\n")) == std::string::npos) {
      const std::string more = socket.receive(timeout_ms);
      if (more.empty()) return answer;
      rest += more;
    }
    answer.head = rest.substr(0, end);
    rest.erase(0, end + 4);
    const int status = answer.head.size() > 12 ? std::atoi(answer.head.c_str() + 9) : -1;
    if (status == 100) {
      ++answer.continues;
      continue;
    }
    answer.status = status;
    break;
  }
  const auto length = static_cast<size_t>(std::atoll(answer.field("content-length").c_str()));
  while (rest.size() < length) {
    const std::string more = socket.receive(timeout_ms);
    if (more.empty()) break;
    rest += more;
  }
  answer.body = rest.substr(0, length);
  rest.erase(0, length);
  return answer;
}

HttpAnswer http_exchange(uint16_t port, std::string_view bytes, int timeout_ms) {
  RawSocket socket(port);
  socket.send(bytes);
  std::string rest;
  return read_answer(socket, rest, timeout_ms);
}

std::string http_post(std::string_view path, std::string_view type, std::string_view body, std::string_view extra) {
  std::string out = "POST " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n";
  if (!type.empty()) out += "Content-Type: " + std::string(type) + "\r\n";
  out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return out.append(extra).append("\r\n").append(body);
}

}  // namespace weir::test
