// SPDX-License-Identifier: Apache-2.0
#include "extensions/pprof/pprof.h"

#include <unistd.h>

#include <fstream>
#include <iterator>

namespace weir {

namespace {

using T = PprofConfig;
using config::At;

constexpr uint16_t kDefaultPort = 1777;
constexpr const char* kText = "text/plain; charset=utf-8";

void decode_save_to_file(const At& at, T&) {
  std::string file;
  if (at.value.is_null() || !config::decode_scalar(at, file) || file.empty()) return;
  at.error("not supported by weir: record a profile with `perf record -g -p <pid of weir>`");
}

// Fractions of what Go's runtime samples.
void decode_fraction(const At& at, T&) {
  int64_t fraction = 0;
  if (at.value.is_null() || !config::decode_scalar(at, fraction) || fraction == 0) return;
  at.warn("does nothing: weir has no such profiles; use perf on the weir process");
}

std::string how_to_profile() {
  const std::string pid = std::to_string(::getpid());
  return "weir " WEIR_VERSION
         " is not written in Go and has no pprof profiles. Profile it with perf on its host (or in a container that\n"
         "shares its process namespace):\n\n"
         "  perf top -g -p " +
         pid + "                           what it does now\n  perf record -g -p " + pid +
         " -- sleep 30          a profile of 30 s\n"
         "  perf report                                 shows it\n"
         "  perf script | stackcollapse-perf.pl | flamegraph.pl > weir.svg\n"
         "  gdb -p " +
         pid + " -batch -ex 'thread apply all bt'   where its threads are\n\n" +
         "Here: /debug/pprof/cmdline. Its own metrics are at /metrics of the telemetry port (8888 unless "
         "configured).\n";
}

// The arguments, with a NUL between them, as Go's page has it.
net::PageReply command_line() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string arguments((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (arguments.ends_with('\0')) arguments.pop_back();
  return {200, kText, std::move(arguments)};
}

net::PageReply page(const std::string& path) {
  if (path == "/debug/pprof/" || path == "/debug/pprof") return {200, kText, how_to_profile()};
  if (path == "/debug/pprof/cmdline") return command_line();
  return {404, kText, "weir has no such profile: /debug/pprof/ says how it is profiled\n"};
}

}  // namespace

const config::Fields<T>& T::fields() {
  static const config::Fields<T> kFields = {
      config::field("endpoint", &T::endpoint, "host:port of the page"),
      config::custom<T>("block_profile_fraction", "int", decode_fraction, "accepted, does nothing"),
      config::custom<T>("mutex_profile_fraction", "int", decode_fraction, "accepted, does nothing"),
      config::custom<T>("save_to_file", "string", decode_save_to_file, "not supported"),
      config::accepted<T>("dialer", ""),
  };
  return kFields;
}

void T::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  PageConfig{endpoint, {}}.validate(at, path, problems);
}

std::string Pprof::start() {
  auto started = start_page({config_.endpoint, {}}, kDefaultPort, *shards_,
                            [](const net::PageRequest& request, net::PageDone done) { done(page(request.path)); });
  if (!started.server) return id_ + ": " + started.error;
  server_ = std::move(started.server);
  return "";
}

}  // namespace weir
