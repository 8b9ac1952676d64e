// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::test {

// A blocking TCP client on loopback for tests that speak to a listener byte by byte.
class RawSocket {
 public:
  explicit RawSocket(uint16_t port);
  ~RawSocket();
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  // False when the peer has closed or reset the connection.
  bool send(std::string_view bytes);
  void shutdown_write();
  // What comes next; "" at the end of the stream (see at_end()) or after `timeout_ms` without a byte.
  std::string receive(int timeout_ms = 5000);
  bool at_end() const { return at_end_; }

 private:
  int fd_ = -1;
  bool at_end_ = false;
};

// One HTTP/1.1 answer.
struct HttpAnswer {
  int status = 0;  // 0: none came
  std::string head;
  std::string body;
  int continues = 0;  // interim 100s before it
  // The value of a header (name in lower case), or "".
  std::string field(std::string_view name) const;
};

// Reads the next answer. `rest` keeps bytes that belong to later ones.
HttpAnswer read_answer(RawSocket& socket, std::string& rest, int timeout_ms = 5000);
// Sends `bytes` on a connection of its own and reads one answer.
HttpAnswer http_exchange(uint16_t port, std::string_view bytes, int timeout_ms = 5000);
// "POST path HTTP/1.1" with Host, Content-Type (where not empty), Content-Length, and extra header lines ("A: b\r\n").
std::string http_post(std::string_view path, std::string_view type, std::string_view body, std::string_view extra = "");

}  // namespace weir::test
