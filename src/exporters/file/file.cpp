// SPDX-License-Identifier: Apache-2.0
#include "exporters/file/file.h"

#include <stdexcept>
#include <utility>
#include <vector>

#include "exporters/file/writer.h"
#include "exporters/held_spans.h"
#include "exporters/queue_metrics.h"
#include "net/codecs.h"
#include "otlp/encoder.h"
#include "otlp/json_out.h"

namespace weir {

namespace {

// Written out when this much has come, flush_interval or not.
constexpr size_t kBufferBytes = 256 * 1024;

// Encodes batches into a buffer and settles them once the buffer is in the file.
class FileStage final : public Stage {
 public:
  FileStage(const FileConfig& config, const ComponentEnv& env)
      : config_(config), env_(env), metrics_(env, {}), writer_(FileWriter::open(config)), now_(env.clock->now()) {}

  void consume(Batch&& batch) override {
    held_.add(batch);
    if (waiting_.empty()) oldest_ = now_.mono;
    append(batch);
    waiting_.push_back(std::move(batch));
    if (buffer_.size() >= kBufferBytes) write_out();
  }

  void on_tick(Time now) override {
    now_ = now;
    if (!waiting_.empty() && now.mono - oldest_ >= config_.flush_interval) write_out();
  }

  void flush(Time now) override {
    now_ = now;
    write_out();
  }

  uint64_t held() const override { return held_.total(); }
  void add_held(std::vector<uint64_t>& by_destination) const override { held_.add_to(by_destination); }
  bool idle() const override { return waiting_.empty(); }
  // What flush() could not write has been settled then.
  void abandon() override { write_out(); }

 private:
  bool has_length_prefix() const {
    return config_.format == FileConfig::Format::kProto || !config_.compression.empty();
  }

  void append(const Batch& batch) {
    if (!has_length_prefix()) {
      otlp::append_json(batch, buffer_);
      buffer_.push_back('\n');
      return;
    }
    std::string message;
    if (config_.format == FileConfig::Format::kJson) {
      otlp::append_json(batch, message);
    } else {
      message = otlp::encode_to_string(batch);
    }
    if (!config_.compression.empty()) {
      const std::string_view plain = message;
      message = net::compress(net::Codec::kZstd, {&plain, 1});
    }
    append_length(message.size());
    buffer_ += message;
  }

  void append_length(size_t length) {
    for (int shift = 24; shift >= 0; shift -= 8) buffer_.push_back(static_cast<char>(length >> shift & 0xff));
  }

  void write_out() {
    if (waiting_.empty()) return;
    const std::string error = writer_->write(buffer_, now_.wall);
    for (const Batch& batch : waiting_) {
      settle_one(batch, error);
      held_.remove(batch);
    }
    waiting_.clear();
    buffer_.clear();
  }

  void settle_one(const Batch& batch, const std::string& error) {
    const uint64_t items = batch.item_count();
    if (error.empty()) {
      metrics_.sent(items);
      return settle_at_door(*env_.ledger, batch, Settled::exported());
    }
    metrics_.failed(items);
    env_.log->error(env_.id, "Exporting failed. Dropping data.",
                    {{"error", error}, {"dropped_items", std::to_string(items)}});
    settle_at_door(*env_.ledger, batch, Settled::dropped(DropReason::kRefused, error));
  }

  const FileConfig config_;
  const ComponentEnv env_;
  QueueMetrics metrics_;
  std::shared_ptr<FileWriter> writer_;
  Time now_;
  Duration oldest_{0};  // mono; when the first of the waiting batches came
  std::string buffer_;
  std::vector<Batch> waiting_;
  HeldSpans held_;
};

class FileExporter final : public Exporter {
 public:
  FileExporter(const FileConfig& config, const ComponentEnv& env) : config_(config), env_(env) {}
  std::unique_ptr<Stage> make_stage(Shard&) override {
    try {
      return std::make_unique<FileStage>(config_, env_);
    } catch (const std::runtime_error& error) {
      throw std::runtime_error("exporters::" + env_.id + ": " + error.what());
    }
  }

 private:
  const FileConfig config_;
  const ComponentEnv env_;
};

}  // namespace

std::unique_ptr<Exporter> make_file(const FileConfig& config, const ComponentEnv& env) {
  return std::make_unique<FileExporter>(config, env);
}

}  // namespace weir
