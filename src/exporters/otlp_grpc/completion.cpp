// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/completion.h"

#include <mutex>

namespace weir {

std::shared_ptr<CompletionThread> CompletionThread::shared() {
  static std::mutex mutex;
  static std::weak_ptr<CompletionThread> existing;
  const std::lock_guard lock(mutex);
  std::shared_ptr<CompletionThread> thread = existing.lock();
  if (thread == nullptr) existing = thread = std::make_shared<CompletionThread>();
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
