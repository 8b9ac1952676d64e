// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <thread>

#include <grpcpp/completion_queue.h>

namespace weir {

// A call that is under way in the library. The completion thread calls finished() once; the object is the call's own
// then.
class PendingCall {
 public:
  virtual ~PendingCall() = default;
  virtual void finished() = 0;
};

// The one completion queue and its thread, shared by all exporters that use the library; it ends with the last of them.
class CompletionThread {
 public:
  static std::shared_ptr<CompletionThread> shared();
  CompletionThread();
  ~CompletionThread();  // every call has finished by then
  grpc::CompletionQueue& queue() { return queue_; }

 private:
  grpc::CompletionQueue queue_;
  std::thread thread_;
};

}  // namespace weir
