// SPDX-License-Identifier: Apache-2.0
#include "processors/probabilistic_sampler/probabilistic_sampler.h"

#include <array>
#include <charconv>
#include <utility>

#include "otlp/attributes.h"
#include "otlp/batch_ops.h"
#include "ottl/run.h"
#include "processors/probabilistic_sampler/sampling_state.h"
#include "processors/sieve.h"

namespace weir {

namespace {

namespace field = otlp::field;

// Where a span's randomness came from, for the metric.
enum class Policy : uint8_t { kMissing, kHash, kTraceId, kState, kPriority };
constexpr size_t kPolicies = 5;
constexpr std::string_view kPolicyNames[] = {"missing_randomness", "trace_id_hash", "trace_id_w3c",
                                             "sampling_randomness", "sampling_priority"};

uint32_t hash_of_id(const TraceId& id, uint32_t seed) {
  uint32_t hash = 0x811c9dc5;
  const auto add = [&hash](unsigned char byte) { hash = (hash ^ byte) * 0x01000193; };
  for (int i = 0; i < 4; ++i) add(static_cast<unsigned char>(seed >> (8 * i)));
  for (char c : id.bytes()) add(static_cast<unsigned char>(c));
  return hash;
}

// 14 bits of the hash decide; the others make the rest of the number.
uint64_t randomness_of_hash(uint32_t hash) {
  const uint64_t bucket = hash & 0x3fff;
  const uint64_t unused = hash >> 18;
  return (0x3fff - bucket) << 42 | (unused ^ unused << 10) << 14 | bucket;
}

uint64_t last_56_bits(const TraceId& id) {
  uint64_t value = 0;
  for (char c : id.bytes().substr(9)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

enum class Priority : uint8_t { kNone, kDrop, kKeep };
Priority priority_of(const Batch& batch, const SpanRecord& span) {
  const auto value = otlp::find_span_attribute(batch, span, "sampling.priority");
  if (!value) return Priority::kNone;
  double number = -1;
  if (value->type == otlp::AnyValue::Type::kInt) number = static_cast<double>(value->integer);
  if (value->type == otlp::AnyValue::Type::kDouble) number = value->real;
  if (value->is_string()) {
    const char* end = value->bytes.data() + value->bytes.size();
    double parsed = 0;
    const auto result = std::from_chars(value->bytes.data(), end, parsed);
    if (result.ec == std::errc{} && result.ptr == end) number = parsed;
  }
  if (number > 0) return Priority::kKeep;
  return number == 0 ? Priority::kDrop : Priority::kNone;
}

struct Decision {
  bool sampled = false;
  Policy policy = Policy::kMissing;
  std::optional<SamplingState> state;  // what a sampled span's trace state is to be
};

class Sampler {
 public:
  explicit Sampler(const ProbabilisticSamplerConfig& config) : mode_(config.mode), seed_(config.hash_seed) {
    const float percentage = std::min(static_cast<float>(config.sampling_percentage), 100.0F);
    ratio_ = static_cast<double>(percentage) / 100;
    precision_ = config.sampling_precision;
    fail_closed_ = config.fail_closed;
    const auto buckets = static_cast<uint32_t>(percentage * (16384 / 100.0F));
    never_ = percentage <= 0 || (mode_ == SamplerMode::kHashSeed && buckets == 0);
    if (mode_ == SamplerMode::kHashSeed && !never_) threshold_ = uint64_t{16384 - buckets} << 42;
    if (mode_ == SamplerMode::kEqualizing && !never_) threshold_ = threshold_of(ratio_, precision_);
  }

  Decision decide(const Batch& batch, const SpanRecord& span) const {
    Decision decision;
    uint64_t randomness = kSamplingRange - 1;
    bool parsed = true;
    decision.state =
        SamplingState::parse(span.has_trace_state ? otlp::trace_state(batch, span) : std::string_view(), parsed);
    const bool good = read_randomness(span, parsed, decision, randomness) && is_consistent(decision, randomness);
    uint64_t threshold = fail_closed_ ? kNeverSampled : 0;
    if (good) threshold = never_ ? kNeverSampled : threshold_for(decision);
    const Priority priority = priority_of(batch, span);
    if (priority != Priority::kNone) {
      threshold = priority == Priority::kKeep ? 0 : kNeverSampled;
      decision.policy = Policy::kPriority;
    }
    decision.sampled = threshold <= randomness;
    if (decision.sampled && decision.state) decision.state->set_threshold(threshold);
    return decision;
  }

 private:
  // False where the trace state forbids a decision; without a state nothing is written then.
  bool read_randomness(const SpanRecord& span, bool parsed, Decision& decision, uint64_t& randomness) const {
    if (never_) {
      decision.policy = Policy::kPriority;
      return parsed;
    }
    if (mode_ == SamplerMode::kHashSeed) {
      if (!span.trace_id.empty()) {
        randomness = randomness_of_hash(hash_of_id(span.trace_id, seed_));
        decision.policy = Policy::kHash;
      }
      if (!parsed || decision.state->randomness() || decision.state->threshold()) {
        decision.state.reset();
        return false;
      }
      decision.state->set_randomness(randomness);
      return true;
    }
    if (!parsed) {
      decision.state.reset();
      return false;
    }
    if (const auto written = decision.state->randomness()) {
      randomness = *written;
      decision.policy = Policy::kState;
    } else if (!span.trace_id.empty()) {
      randomness = last_56_bits(span.trace_id);
      decision.policy = Policy::kTraceId;
    }
    return true;
  }

  static bool is_consistent(Decision& decision, uint64_t randomness) {
    if (decision.policy == Policy::kMissing) return false;
    const auto written = decision.state->threshold();
    if (!written || *written <= randomness) return true;
    decision.state->clear_threshold();
    return false;
  }

  uint64_t threshold_for(const Decision& decision) const {
    const auto written = decision.state->threshold();
    if (mode_ == SamplerMode::kHashSeed) return threshold_;
    if (mode_ == SamplerMode::kEqualizing) return written ? std::max(threshold_, *written) : threshold_;
    const double incoming =
        written ? static_cast<double>(kSamplingRange - *written) / static_cast<double>(kSamplingRange) : 1.0;
    return threshold_of(incoming * ratio_, precision_);
  }

  SamplerMode mode_;
  uint32_t seed_;
  double ratio_ = 0;
  int precision_ = 4;
  bool fail_closed_ = true;
  bool never_ = false;
  uint64_t threshold_ = 0;
};

using Counts = std::array<std::array<uint64_t, 2>, kPolicies>;

class SamplerStage final : public Stage {
 public:
  SamplerStage(const Sampler& sampler, const ComponentEnv& env, const StagePlace& place, Consumer& next)
      : sampler_(sampler), env_(env), downstream_(place.downstream), next_(next), frame_(no_keys_) {}

  void consume(Batch&& batch) override {
    kept_.clear();
    Counts counts{};
    frame_.enter_batch(batch, Duration::zero());
    rewriter_.start(batch);
    ottl::BatchWalk walk(batch, frame_, rewriter_);
    uint32_t number = 0;
    walk.spans([&] {
      const uint32_t mine = number++;
      const Decision decision = sampler_.decide(frame_.batch(), frame_.span());
      ++counts[static_cast<size_t>(decision.policy)][decision.sampled ? 1 : 0];
      if (!decision.sampled) return true;
      kept_.push_back(mine);
      if (!decision.state) return true;
      frame_.message().set_bytes(field::span::kTraceState, frame_.arena().copy(decision.state->text()));
      return true;
    });
    rewriter_.finish(env_.budget);
    count(counts);
    Batch kept = sieve(std::move(batch), kept_, downstream_, *env_.ledger, Settled::sampled_out());
    if (!otlp::empty(kept)) next_.consume(std::move(kept));
  }

 private:
  void count(const Counts& counts) const {
    for (size_t policy = 0; policy < kPolicies; ++policy) {
      for (size_t sampled = 0; sampled < 2; ++sampled) {
        if (counts[policy][sampled] == 0) continue;
        env_.telemetry
            ->counter("otelcol_processor_probabilistic_sampler_count_traces_sampled",
                      "Count of traces that were sampled or not",
                      {{"policy", std::string(kPolicyNames[policy])}, {"sampled", sampled == 1 ? "true" : "false"}})
            .add(static_cast<double>(counts[policy][sampled]));
      }
    }
  }

  const Sampler& sampler_;
  const ComponentEnv& env_;
  std::vector<DestinationId> downstream_;
  Consumer& next_;
  ottl::KeyTables no_keys_;
  ottl::Frame frame_;
  ottl::Rewriter rewriter_;
  std::vector<uint32_t> kept_;
};

class ProbabilisticSampler final : public Processor {
 public:
  ProbabilisticSampler(const ProbabilisticSamplerConfig& config, const ComponentEnv& env)
      : env_(env), sampler_(config) {}
  Placement placement() const override { return Placement::kEveryShard; }
  std::unique_ptr<Stage> make_stage(const StagePlace& place, Consumer& next) override {
    return std::make_unique<SamplerStage>(sampler_, env_, place, next);
  }

 private:
  ComponentEnv env_;
  Sampler sampler_;
};

}  // namespace

std::unique_ptr<Processor> make_probabilistic_sampler(const ProbabilisticSamplerConfig& config,
                                                      const ComponentEnv& env) {
  return std::make_unique<ProbabilisticSampler>(config, env);
}

}  // namespace weir
