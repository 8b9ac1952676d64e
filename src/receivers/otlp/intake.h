// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "otlp/walker.h"
#include "receivers/otlp/receiver.h"
#include "receivers/otlp/verdict.h"
#include "weir/component.h"

namespace weir {

using VerdictFn = absl::AnyInvocable<void(Verdict)>;
using Metadata = std::vector<std::pair<std::string, std::string>>;

// One complete, inflated request on its way to the graph.
struct ExportRequest {
  Signal signal = Signal::kTraces;
  Format format = Format::kProtobuf;
  BufferRef bytes;
  std::string peer;
  Time received;
  Metadata metadata;
};

// The part of the receiver that both transports share: from bytes to the edge of the graph, and the counting. One per
// transport; thread-safe.
class Intake {
 public:
  Intake(const ComponentEnv& env, const OtlpAdmissions& admissions, std::string transport);

  bool has(Signal signal) const { return admissions_[static_cast<size_t>(signal)] != nullptr; }
  // Walks the request and hands it over. `verdict` is called once, now or later, on any thread. On a shard's thread.
  void take(ExportRequest&& request, VerdictFn verdict);

  ByteBudget& budget() const { return *env_.budget; }
  Time now() const { return env_.clock->now(); }
  // Notes that a request has come; false while the receiver drains and wants no more.
  bool open_for_request(Duration now);
  void drain() { draining_.store(true, std::memory_order_relaxed); }
  Duration last_request() const { return Duration(last_request_.load(std::memory_order_relaxed)); }

 private:
  struct Counters {
    Counter* accepted = nullptr;
    Counter* refused = nullptr;
    Counter* rejected = nullptr;
  };

  void make_counters(Signal signal);
  otlp::WalkResult walk(const ExportRequest& request, Batch& batch, Reservation& index) const;
  bool transcode(ExportRequest& request, std::string& error) const;
  void admit(Batch&& batch, uint32_t rejected, std::string reason, VerdictFn verdict);
  ContextRef context_of(ExportRequest& request) const;

  ComponentEnv env_;
  std::string transport_;
  std::array<Admission*, 3> admissions_;
  std::array<Counters, 3> counters_;
  std::atomic<bool> draining_{false};
  std::atomic<int64_t> last_request_{0};
};

}  // namespace weir
