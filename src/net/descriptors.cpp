// SPDX-License-Identifier: Apache-2.0
#include "net/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>

namespace weir::net {

namespace {

constexpr uint64_t kLeastReserve = 48;
constexpr uint64_t kMostReserve = 1024;
constexpr uint64_t kLeastConnections = 8;

uint64_t open_now() {
  std::error_code error;
  uint64_t count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end; it.increment(error)) {
    ++count;
  }
  return count;
}

}  // namespace

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);  // where it is refused, the smaller one does
}

uint32_t connections_to_allow() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return UINT32_MAX;
  const uint64_t all = std::min<uint64_t>(limit.rlim_cur, UINT32_MAX);
  const uint64_t kept = open_now() + std::clamp(all / 4, kLeastReserve, kMostReserve);
  return static_cast<uint32_t>(std::max(all - std::min(all, kept), kLeastConnections));
}

}  // namespace weir::net
