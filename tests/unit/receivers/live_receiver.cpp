// SPDX-License-Identifier: Apache-2.0
#include "live_receiver.h"

#include <thread>

#include "net/grpc_framing.h"
#include "otlp/writer.h"

namespace weir::test {

Counter& CountingTelemetry::counter(const std::string& name, const std::string&, const Labels& labels) {
  std::string key = name + "{";
  for (const auto& [label, value] : labels) key += (key.ends_with('{') ? "" : ",") + value;
  std::lock_guard lock(mutex_);
  auto& count = counts_[key + "}"];
  if (!count) count = std::make_unique<Count>();
  return *count;
}

double CountingTelemetry::value(const std::string& key) {
  std::lock_guard lock(mutex_);
  const auto found = counts_.find(key);
  return found == counts_.end() ? -1 : found->second->sum.load();
}

void ListAdmission::admit(Batch&& batch, AnswerFn answer) {
  std::optional<Answer> now;
  {
    std::lock_guard lock(mutex_);
    for (const SpanRecord& span : batch.spans) names_.emplace_back(batch.name(span));
    contexts_.push_back(batch.context);
    bodies_.emplace_back(batch.parts[0].bytes->view());
    now = answer_;
    if (!now) kept_.push_back(std::move(answer));
  }
  changed_.notify_all();
  if (now) answer(*now);
}

void ListAdmission::set_answer(std::optional<Answer> answer) {
  std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}

void ListAdmission::answer_all(const Answer& answer) {
  std::vector<AnswerFn> kept;
  {
    std::lock_guard lock(mutex_);
    kept.swap(kept_);
  }
  for (AnswerFn& fn : kept) fn(answer);
}

size_t ListAdmission::kept() {
  std::lock_guard lock(mutex_);
  return kept_.size();
}

std::vector<std::string> ListAdmission::names() {
  std::lock_guard lock(mutex_);
  return names_;
}

std::vector<ContextRef> ListAdmission::contexts() {
  std::lock_guard lock(mutex_);
  return contexts_;
}

std::vector<std::string> ListAdmission::bodies() {
  std::lock_guard lock(mutex_);
  return bodies_;
}

bool ListAdmission::wait_for(size_t spans) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return names_.size() >= spans; });
}

LiveReceiver::Options LiveReceiver::defaults() {
  Options options;
  options.config.protocols.grpc.emplace().endpoint = "127.0.0.1:0";
  options.config.protocols.http.emplace().endpoint = "127.0.0.1:0";
  return options;
}

LiveReceiver::LiveReceiver(Options options) : budget(options.budget), loops_(options.shards, clock) {
  ComponentEnv env{.id = "otlp",
                   .shards = &loops_,
                   .clock = &clock,
                   .budget = &budget,
                   .telemetry = &telemetry,
                   .log = &log,
                   .authenticators = options.authenticators};
  receiver_ = std::make_unique<OtlpReceiver>(std::move(options.config), env, OtlpAdmissions{.traces = &traces});
  loops_.start_ticks(std::chrono::milliseconds(10), [this](uint32_t shard, Time now) {
    receiver_->on_tick(shard, now);
    ++ticks_[shard];
  });
  if (const std::string error = receiver_->bind(); !error.empty()) throw std::runtime_error(error);
  receiver_->start();
  loops_.run();
}

LiveReceiver::~LiveReceiver() { stop(); }

void LiveReceiver::drain() {
  receiver_->drain();
  for (uint32_t shard = 0; shard < loops_.size(); ++shard) {
    // The first tick from now may have begun before drain().
    for (const uint64_t seen = ticks_[shard]; ticks_[shard] < seen + 2;) std::this_thread::yield();
  }
}

void LiveReceiver::stop() {
  loops_.stop();
  loops_.join();
  for (uint32_t shard = 0; shard < loops_.size(); ++shard) receiver_->close(shard);
}

const Http2Peer::Answer& GrpcClient::wait(int32_t stream, bool closed, int timeout_ms) {
  flush();
  while (!(closed ? peer_.answer(stream).closed : peer_.answer(stream).ended)) {
    const std::string bytes = socket_.receive(timeout_ms);
    if (bytes.empty() || !peer_.receive(bytes)) break;
    flush();
  }
  return peer_.answer(stream);
}

void GrpcClient::read_all(int timeout_ms) {
  flush();
  for (std::string bytes; !(bytes = socket_.receive(timeout_ms)).empty(); flush()) {
    if (!peer_.receive(bytes)) break;
  }
}

Http2Peer::Answer GrpcClient::call(std::string_view body, const Http2Peer::Fields& extra, std::string_view path,
                                   bool end) {
  const int32_t stream = peer_.begin(Http2Peer::grpc_fields(path, extra));
  peer_.send_body(stream, body, end);
  return wait(stream);
}

std::string trace_request(const std::vector<std::string>& names, size_t trace_id_size) {
  otlp::MessageWriter writer;
  writer.begin(1);  // resource_spans
  writer.begin(2);  // scope_spans
  for (const std::string& name : names) {
    writer.begin(2);  // spans
    writer.bytes(1, std::string(trace_id_size, '\x11'));
    writer.bytes(2, std::string(8, '\x22'));
    writer.bytes(5, name);
    writer.end();
  }
  writer.end();
  writer.end();
  return writer.take();
}

std::string grpc_message(std::string_view message, char flag) {
  std::string frame = net::grpc_frame(message);
  frame[0] = flag;
  return frame;
}

}  // namespace weir::test
