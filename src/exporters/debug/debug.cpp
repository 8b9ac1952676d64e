// SPDX-License-Identifier: Apache-2.0
#include "exporters/debug/debug.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "exporters/debug/text.h"
#include "exporters/sending_queue.h"

namespace weir {

namespace {

// Where the text goes: file descriptors, written to with one write(2) per batch.
class Outputs {
 public:
  Outputs(const std::vector<std::string>& paths, std::string exporter) : exporter_(std::move(exporter)) {
    for (const std::string& path : paths) add(path);
  }
  ~Outputs() {
    for (const int fd : opened_) ::close(fd);
  }
  Outputs(const Outputs&) = delete;
  Outputs& operator=(const Outputs&) = delete;

  void write(std::string_view text) const {
    for (const int fd : all_) write_to(fd, text);
  }

 private:
  void add(const std::string& path) {
    if (path == "stdout") return all_.push_back(STDOUT_FILENO);
    if (path == "stderr") return all_.push_back(STDERR_FILENO);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
      throw std::runtime_error("exporters::" + exporter_ + ": open " + path + ": " +
                               std::generic_category().message(errno));
    opened_.push_back(fd);
    all_.push_back(fd);
  }

  static void write_to(int fd, std::string_view text) {
    while (!text.empty()) {
      const ssize_t written = ::write(fd, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;  // nobody reads; what is only shown is no reason to stop
      text.remove_prefix(static_cast<size_t>(written));
    }
  }

  const std::string exporter_;
  std::vector<int> all_;
  std::vector<int> opened_;
};

// In each second the first `initial` pass, then every `thereafter`-th.
class Thinning {
 public:
  Thinning(int64_t initial, int64_t thereafter) : initial_(initial), thereafter_(thereafter) {}
  bool passes(Duration mono) {
    if (mono - window_ >= std::chrono::seconds(1)) {
      window_ = mono;
      seen_ = 0;
    }
    if (++seen_ <= initial_) return true;
    return thereafter_ > 0 && (seen_ - initial_) % thereafter_ == 0;
  }

 private:
  const int64_t initial_;
  const int64_t thereafter_;
  Duration window_{0};
  int64_t seen_ = 0;
};

std::string log_time(Duration wall) {
  const std::time_t seconds = wall / std::chrono::seconds(1);
  std::tm parts = {};
  ::gmtime_r(&seconds, &parts);
  char date[40];
  const size_t length = std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(wall / std::chrono::milliseconds(1) % 1000));
  return std::string(date, length) + fraction;
}

class DebugTransport final : public Transport {
 public:
  DebugTransport(const DebugConfig& config, const ComponentEnv& env)
      : config_(config),
        clock_(*env.clock),
        outputs_(config.use_internal_logger ? std::vector<std::string>{"stderr"} : config.output_paths, env.id),
        thinning_(config.sampling_initial, config.sampling_thereafter) {
    if (!config.use_internal_logger) return;
    fields_ = "\"otelcol.component.id\": \"" + env.id +
              "\", \"otelcol.component.kind\": \"exporter\", \"otelcol.signal\": \"" +
              std::string(name_of(env.signal)) + "\"";
  }

  void send(const Batch& batch, absl::AnyInvocable<void(SendResult)> done) override {
    const Time now = clock_.now();
    if (thinning_.passes(now.mono)) outputs_.write(lines_for(batch, now.wall));
    done({});
  }

 private:
  std::string lines_for(const Batch& batch, Duration wall) const {
    const std::string start = config_.use_internal_logger ? log_time(wall) + "\tinfo\t" : "";
    const std::string separator = fields_.empty() ? "" : ", ";
    std::string lines = start + title(batch.signal) + "\t{" + fields_ + separator + counts(batch) + "}\n";
    if (config_.verbosity == DebugConfig::Verbosity::kBasic) return lines;
    lines += start + debug_text(batch, config_.verbosity);
    return lines + (fields_.empty() ? "" : "\t{" + fields_ + "}") + "\n";
  }

  static std::string title(Signal signal) {
    static constexpr const char* kTitles[] = {"Traces", "Metrics", "Logs"};
    return kTitles[static_cast<int>(signal)];
  }

  static std::string counts(const Batch& batch) {
    const std::string resources = std::to_string(batch.resources.size());
    const std::string items = std::to_string(batch.item_count());
    switch (batch.signal) {
      case Signal::kTraces:
        return "\"resource spans\": " + resources + ", \"spans\": " + items;
      case Signal::kLogs:
        return "\"resource logs\": " + resources + ", \"log records\": " + items;
      case Signal::kMetrics:
        break;
    }
    return "\"resource metrics\": " + resources + ", \"metrics\": " + std::to_string(batch.items.size()) +
           ", \"data points\": " + items;
  }

  const DebugConfig config_;
  const Clock& clock_;
  const Outputs outputs_;
  Thinning thinning_;
  std::string fields_;
};

}  // namespace

std::unique_ptr<Exporter> make_debug(const DebugConfig& config, const ComponentEnv& env) {
  QueueSetup setup;
  setup.queue = config.sending_queue.value_or(QueueConfig{.enabled = false});
  setup.retry.enabled = false;
  return make_queued_exporter(env, std::move(setup),
                              [config, env](Shard&) { return std::make_unique<DebugTransport>(config, env); });
}

}  // namespace weir
