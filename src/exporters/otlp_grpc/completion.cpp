// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/completion.h"

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>

#include <grpc/support/log.h>

namespace weir {

namespace {

// The library writes lines of its own to stderr, about what comes back as a call's status as well. They are wanted by
// whoever sets GRPC_VERBOSITY; of the others, only what it says before it ends the process.
void keep_quiet() {
  if (std::getenv("GRPC_VERBOSITY") != nullptr) return;
  gpr_set_log_function([](gpr_log_func_args* line) {
    if (std::string_view(line->message).starts_with("assertion failed")) std::fprintf(stderr, "%s\n", line->message);
  });
}

}  // namespace

std::shared_ptr<CompletionThread> CompletionThread::shared() {
  static std::mutex mutex;
  static std::weak_ptr<CompletionThread> existing;
  const std::lock_guard lock(mutex);
  std::shared_ptr<CompletionThread> thread = existing.lock();
  if (thread == nullptr) {
    keep_quiet();
    existing = thread = std::make_shared<CompletionThread>();
  }
  return thread;
}

CompletionThread::CompletionThread()
    : thread_([this] {
        void* tag = nullptr;
        bool ok = false;
        while (queue_.Next(&tag, &ok)) static_cast<PendingCall*>(tag)->finished();
      }) {}

CompletionThread::~CompletionThread() {
  queue_.Shutdown();
  thread_.join();
}

}  // namespace weir
