// SPDX-License-Identifier: Apache-2.0
#include "net/listening_socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <system_error>
#include <vector>

namespace weir::net {

namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  int family() const { return storage.ss_family; }
};

template <class T>
Address address_of(const T& from) {
  Address address;
  std::memcpy(&address.storage, &from, sizeof from);
  address.length = sizeof from;
  return address;
}

// ":port": every address of both families, or of IPv4 alone where the machine has no IPv6.
std::vector<Address> every_address(uint16_t port) {
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  six.sin6_addr = in6addr_any;
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  return {address_of(six), address_of(four)};
}

std::vector<Address> resolve(const Endpoint& endpoint, std::string& error) {
  if (endpoint.host.empty()) return every_address(endpoint.port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (failed != 0) {
    error = ::gai_strerror(failed);
    return {};
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  std::vector<Address> all;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    Address address;
    std::memcpy(&address.storage, a->ai_addr, a->ai_addrlen);
    address.length = a->ai_addrlen;
    all.push_back(address);
  }
  std::stable_partition(all.begin(), all.end(), [](const Address& a) { return a.family() == AF_INET; });
  return all;
}

// The socket's file of a process that is gone is in the way of bind(); one that somebody listens on is not touched.
void remove_stale(const Address& address, const std::string& path) {
  struct stat file {};
  if (::lstat(path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return;
  UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0 &&
      errno == ECONNREFUSED) {
    ::unlink(path.c_str());
  }
}

bool is_abstract(const std::string& path) { return path.starts_with('@'); }

std::vector<Address> unix_address(const Endpoint& endpoint, std::string& error) {
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  if (endpoint.unix_path.size() >= sizeof un.sun_path) {
    error = "the path is too long for a Unix socket";
    return {};
  }
  std::memcpy(un.sun_path, endpoint.unix_path.data(), endpoint.unix_path.size());
  Address address = address_of(un);
  if (is_abstract(endpoint.unix_path)) {
    reinterpret_cast<sockaddr_un*>(&address.storage)->sun_path[0] = '\0';
    address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + endpoint.unix_path.size());
  } else {
    remove_stale(address, endpoint.unix_path);
  }
  return {address};
}

// 0, or the errno of what failed.
int listen_on(const Address& address, UniqueFd& out) {
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return errno;
  const int on = 1;
  const int off = 0;
  if (address.family() != AF_UNIX) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.family() == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0) return errno;
  if (::listen(fd.get(), SOMAXCONN) != 0) return errno;
  out = std::move(fd);
  return 0;
}

std::string error_text(const Endpoint& endpoint, int error) {
  std::string text = "cannot listen on " + endpoint.to_string() + ": ";
  if (error != EADDRINUSE) return text + std::system_category().message(error);
  return text + "address already in use" + (endpoint.unix_path.empty() ? listener_of_port(endpoint.port) : "");
}

void fill_in_name(ListeningSocket& socket, const Endpoint& endpoint) {
  sockaddr_storage name{};
  socklen_t length = sizeof name;
  ::getsockname(socket.fd.get(), reinterpret_cast<sockaddr*>(&name), &length);
  socket.family = name.ss_family;
  if (name.ss_family == AF_UNIX) {
    if (!is_abstract(endpoint.unix_path)) socket.unlink_path = endpoint.unix_path;
    socket.address = endpoint.to_string();
    return;
  }
  socket.address = text_of(name);
  // sin_port and sin6_port lie at the same place.
  socket.port = ntohs(reinterpret_cast<const sockaddr_in*>(&name)->sin_port);
}

}  // namespace

ListeningSocket listen_at(const Endpoint& endpoint) {
  ListeningSocket socket;
  std::string why;
  const auto addresses = endpoint.unix_path.empty() ? resolve(endpoint, why) : unix_address(endpoint, why);
  int first_error = 0;
  for (const Address& address : addresses) {
    const int error = listen_on(address, socket.fd);
    if (error == 0) {
      fill_in_name(socket, endpoint);
      return socket;
    }
    if (first_error == 0 || first_error == EAFNOSUPPORT) first_error = error;
    if (error == EADDRINUSE) break;
  }
  if (why.empty()) {
    socket.error = error_text(endpoint, first_error);
  } else {
    socket.error = "cannot listen on " + endpoint.to_string() + ": " + why;
  }
  return socket;
}

std::string text_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(four.sin_port));
  }
  if (address.ss_family != AF_INET6) return "unix";
  const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
  const std::string port = std::to_string(ntohs(six.sin6_port));
  if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) {  // an IPv4 peer of a socket for both families
    ::inet_ntop(AF_INET, &six.sin6_addr.s6_addr[12], text, sizeof text);
    return std::string(text) + ":" + port;
  }
  ::inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
  return "[" + std::string(text) + "]:" + port;
}

}  // namespace weir::net
