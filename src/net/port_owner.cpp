// SPDX-License-Identifier: Apache-2.0
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "net/listening_socket.h"

namespace weir::net {

namespace {

namespace fs = std::filesystem;

// The inode of the socket that listens on `port`, from a table in the format of proc(5), net/tcp; "" where none does.
std::string listening_inode(const char* table, uint16_t port) {
  std::ifstream lines(table);
  std::string line;
  while (std::getline(lines, line)) {
    char local[64];
    unsigned state = 0;
    unsigned long inode = 0;
    constexpr const char* kFormat = "%*s %63s %*s %x %*s %*s %*s %*s %*s %lu";
    if (std::sscanf(line.c_str(), kFormat, local, &state, &inode) != 3 || state != 0x0A) continue;
    const std::string address = local;
    if (std::strtoul(address.c_str() + address.rfind(':') + 1, nullptr, 16) == port) return std::to_string(inode);
  }
  return "";
}

bool holds(const fs::path& process, const std::string& link_wanted) {
  std::error_code error;
  for (fs::directory_iterator fd(process / "fd", error), end; !error && fd != end; fd.increment(error)) {
    std::error_code unreadable;
    if (fs::read_symlink(fd->path(), unreadable) == link_wanted) return true;
  }
  return false;
}

std::string process_with(const std::string& inode) {
  const std::string wanted = "socket:[" + inode + "]";
  std::error_code error;
  for (fs::directory_iterator process("/proc", error), end; !error && process != end; process.increment(error)) {
    const std::string pid = process->path().filename();
    if (std::isdigit(static_cast<unsigned char>(pid.front())) == 0 || !holds(process->path(), wanted)) continue;
    std::string name;
    std::getline(std::ifstream(process->path() / "comm"), name);
    return " by " + name + " (pid " + pid + ")";
  }
  return "";
}

}  // namespace

std::string listener_of_port(uint16_t port) {
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    const std::string inode = listening_inode(table, port);
    if (!inode.empty()) return process_with(inode);
  }
  return "";
}

}  // namespace weir::net
