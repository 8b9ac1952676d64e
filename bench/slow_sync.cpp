// SPDX-License-Identifier: Apache-2.0
// LD_PRELOAD=libslow_sync.so WEIR_SYNC_DELAY_MS=5: each fdatasync takes so much longer, as on a disk that is slow to
// say that it has something.
#include <dlfcn.h>
#include <time.h>

#include <cstdlib>

extern "C" int fdatasync(int descriptor) {
  static const auto real = reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, "fdatasync"));
  static const double delay_ms = [] {
    const char* text = std::getenv("WEIR_SYNC_DELAY_MS");
    return text == nullptr ? 0.0 : std::atof(text);
  }();
  timespec rest{static_cast<time_t>(delay_ms / 1000), static_cast<long>(delay_ms * 1e6) % 1000000000};
  if (delay_ms > 0) nanosleep(&rest, nullptr);
  return real(descriptor);
}
