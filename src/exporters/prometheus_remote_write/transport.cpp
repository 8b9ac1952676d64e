// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus_remote_write/transport.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "net/codecs.h"

namespace weir {
namespace {

constexpr size_t kMaxWaitingJobs = 16;

std::string compressed(const WriteChunk& chunk) {
  std::vector<std::string_view> pieces;
  pieces.reserve(chunk.pieces.size());
  for (const WritePiece& piece : chunk.pieces) pieces.push_back(piece.bytes);
  return net::compress(net::Codec::kSnappy, pieces);
}

}  // namespace

// A batch between its first attempt and its outcome.
struct RemoteWriteTransport::Job {
  Delivery delivery;
  net::HttpClient::Headers headers;
  absl::AnyInvocable<void(SendResult)> done;  // empty while it waits for another attempt
  bool pumping = false;
};

struct RemoteWriteTransport::Meters {
  Meters(Telemetry& t, const std::string& id, const RemoteWriteConfig& config)
      : labels{{"exporter", id}, {"endpoint", config.http.endpoint}},
        sent_batches(t.counter(kPrefix + "sent_batches",
                               "Number of remote write request batches sent to the remote write endpoint regardless of "
                               "success or failure [Alpha]",
                               labels)),
        series(t.counter(kPrefix + "translated_time_series",
                         "Number of Prometheus time series that were translated from OTel metrics [Development]",
                         labels)),
        failed(t.counter(kPrefix + "failed_translations",
                         "Number of translation operations that failed to translate metrics from Otel to Prometheus "
                         "[Development]",
                         labels)),
        samples(
            t.counter(kPrefix + "written_samples", "Number of Prometheus Remote Write samples [Development]", labels)),
        histograms(t.counter(kPrefix + "written_histograms",
                             "Number of Prometheus Remote Write histograms [Development]", labels)),
        already_stored(t.counter("weir_remote_write_already_stored_total",
                                 "Series of which the receiver had the sample, or a later one, already.", labels)),
        refused(t.counter("weir_remote_write_refused_total", "Series that the receiver refused for good.", labels)) {
    t.gauge(kPrefix + "consumers", "Number of configured workers to use to fan out the outgoing requests [Development]",
            labels)
        .set(static_cast<double>(config.parallel_requests()));
  }
  static inline const std::string kPrefix = "otelcol_exporter_prometheusremotewrite_";
  Labels labels;
  Counter& sent_batches;
  Counter& series;
  Counter& failed;
  Counter& samples;
  Counter& histograms;
  Counter& already_stored;
  Counter& refused;
};

RemoteWriteTransport::RemoteWriteTransport(const RemoteWriteConfig& config, const ComponentEnv& env,
                                           std::unique_ptr<WriteClient> client)
    : config_(config),
      env_(env),
      translator_(config_, env.id, *env.budget, *env.log, env.clock->now(), env.journal != nullptr),
      meters_(std::make_unique<Meters>(*env.telemetry, env.id, config_)),
      client_(std::move(client)) {}

RemoteWriteTransport::~RemoteWriteTransport() { client_.reset(); }

// The job of an earlier attempt of this batch, or a new one.
RemoteWriteTransport::Job& RemoteWriteTransport::job_for(const Batch& batch) {
  const auto waiting = [&](const auto& job) { return !job->done && job->delivery.is_of(batch); };
  if (const auto it = std::find_if(jobs_.begin(), jobs_.end(), waiting); it != jobs_.end()) return **it;
  // A batch that the queue gave up never comes again.
  const auto idle = [](const auto& job) { return !job->done; };
  if (jobs_.size() >= kMaxWaitingJobs) {
    const auto oldest = std::find_if(jobs_.begin(), jobs_.end(), idle);
    if (oldest != jobs_.end()) jobs_.erase(oldest);
  }
  Translation translation = translator_.translate(batch, env_.clock->now());
  meters_->series.add(static_cast<double>(translation.series));
  meters_->samples.add(static_cast<double>(translation.samples));
  meters_->histograms.add(static_cast<double>(translation.histograms));
  if (translation.dropped > 0) meters_->failed.add(translation.dropped);
  Delivery delivery(std::move(translation), config_.request_bytes(),
                    batch.parts.empty() ? BufferRef() : batch.parts[0].bytes, *env_.budget);
  jobs_.push_back(std::make_shared<Job>(Job{std::move(delivery), {}, {}}));
  return *jobs_.back();
}

void RemoteWriteTransport::send(const Batch& batch, absl::AnyInvocable<void(SendResult)> done) {
  Job& job = job_for(batch);
  job.done = std::move(done);
  job.delivery.resume();
  job.headers.clear();
  for (const std::string& key : config_.include_metadata_keys) {
    if (!batch.context) break;
    for (const auto& [name, value] : batch.context->metadata) {
      if (std::equal(name.begin(), name.end(), key.begin(), key.end(),
                     [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); })) {
        job.headers.emplace_back(key, value);
      }
    }
  }
  if (job.delivery.attempts() > 1)
    job.headers.emplace_back("Retry-Attempt", std::to_string(job.delivery.attempts() - 1));
  pump(job);
}

// Starts requests as far as they may be started, and ends the attempt when nothing is left to do in it.
void RemoteWriteTransport::pump(Job& job) {
  if (job.pumping) return;  // a request was answered at once
  job.pumping = true;
  WriteChunk chunk;
  while (job.delivery.requests_under_way() < config_.parallel_requests() && job.delivery.next(chunk)) {
    post(job, std::exchange(chunk, {}));
  }
  job.pumping = false;
  if (job.delivery.done() || job.delivery.retry_later()) finish(job);
}

void RemoteWriteTransport::post(Job& job, WriteChunk chunk) {
  meters_->sent_batches.add();
  std::string body = compressed(chunk);
  // The job lives in jobs_ until finish(), which waits for all answers.
  client_->post(std::move(body), job.headers, [this, &job, chunk = std::move(chunk)](WriteReply reply) mutable {
    answered(job, std::move(chunk), reply);
    pump(job);
  });
}

void RemoteWriteTransport::answered(Job& job, WriteChunk chunk, const WriteReply& reply) {
  const uint64_t stored = job.delivery.already_stored();
  const uint64_t refused = job.delivery.refused();
  const Delivery::Verdict verdict = job.delivery.answered(std::move(chunk), reply);
  meters_->already_stored.add(static_cast<double>(job.delivery.already_stored() - stored));
  meters_->refused.add(static_cast<double>(job.delivery.refused() - refused));
  report(job.delivery, verdict, reply);
}

void RemoteWriteTransport::report(const Delivery& delivery, Delivery::Verdict verdict, const WriteReply& reply) {
  if (verdict != Delivery::Verdict::kRefused) return;
  if (reply.status == 404) {
    env_.log->error(env_.id,
                    "the remote write endpoint does not exist: is the receiver turned on (Prometheus: "
                    "--web.enable-remote-write-receiver) and the path right? Metrics are lost",
                    {{"endpoint", config_.http.endpoint}, {"error", delivery.message()}});
    return;
  }
  env_.log->error(env_.id, "Permanent error: series refused by the remote write endpoint",
                  {{"endpoint", config_.http.endpoint}, {"error", delivery.message()}});
}

void RemoteWriteTransport::finish(Job& job) {
  SendResult result;
  const Delivery& delivery = job.delivery;
  auto done = std::exchange(job.done, nullptr);
  if (delivery.retry_later()) {
    result.kind = SendResult::Kind::kRetry;
    result.message = delivery.message();
    result.retry_after = delivery.retry_after();
  } else {
    result.rejected = delivery.lost_points();
    result.told = delivery.all_told();
    const bool all_refused = delivery.refused() > 0 && result.rejected >= delivery.points();
    if (all_refused) result.kind = SendResult::Kind::kPermanent;
    result.message = delivery.message();
    if (result.rejected > 0 && result.message.empty()) result.message = "data points that remote write cannot carry";
    jobs_.remove_if([&](const auto& have) { return have.get() == &job; });
  }
  done(std::move(result));
}

}  // namespace weir
