// SPDX-License-Identifier: Apache-2.0
#include "processors/probabilistic_sampler/sampler.h"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

// FNV-1a, 32 bits, of the seed and what follows it.
uint32_t hash_of(std::string_view bytes, uint32_t seed) {
  uint32_t hash = 0x811c9dc5;
  const auto add = [&hash](unsigned char byte) { hash = (hash ^ byte) * 0x01000193; };
  for (int i = 0; i < 4; ++i) add(static_cast<unsigned char>(seed >> (8 * i)));
  for (char c : bytes) add(static_cast<unsigned char>(c));
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

bool is_consistent(SamplingDecision& decision, uint64_t randomness) {
  if (decision.policy == SamplingPolicy::kMissing) return false;
  const auto written = decision.state->threshold();
  if (!written || *written <= randomness) return true;
  decision.state->clear_threshold();
  return false;
}

}  // namespace

Sampler::Sampler(const ProbabilisticSamplerConfig& config) : mode_(config.mode), seed_(config.hash_seed) {
  const float percentage = std::min(static_cast<float>(config.sampling_percentage), 100.0F);
  ratio_ = static_cast<double>(percentage) / 100;
  precision_ = config.sampling_precision;
  fail_closed_ = config.fail_closed;
  const auto buckets = static_cast<uint32_t>(percentage * (16384 / 100.0F));
  never_ = percentage <= 0 || (mode_ == SamplerMode::kHashSeed && buckets == 0);
  if (mode_ == SamplerMode::kHashSeed && !never_) threshold_ = uint64_t{16384 - buckets} << 42;
  if (mode_ == SamplerMode::kEqualizing && !never_) threshold_ = threshold_of(ratio_, precision_);
}

SamplingDecision Sampler::decide(SamplingSubject&& subject) const {
  SamplingDecision decision;
  uint64_t randomness = kSamplingRange - 1;
  decision.state = std::move(subject.state);
  const bool good = read_randomness(subject, decision, randomness) && is_consistent(decision, randomness);
  uint64_t threshold = fail_closed_ ? kNeverSampled : 0;
  if (good) threshold = never_ ? kNeverSampled : threshold_for(decision);
  if (subject.forced) {
    threshold = *subject.forced;
    decision.policy = SamplingPolicy::kPriority;
  }
  decision.sampled = threshold <= randomness;
  if (decision.sampled && decision.state) decision.state->set_threshold(threshold);
  return decision;
}

// False where what the record says forbids a decision; without a state nothing is written then.
bool Sampler::read_randomness(const SamplingSubject& subject, SamplingDecision& decision, uint64_t& randomness) const {
  if (never_) {
    decision.policy = SamplingPolicy::kPriority;
    return subject.parsed;
  }
  if (mode_ == SamplerMode::kHashSeed) return read_hash(subject, decision, randomness);
  if (!subject.parsed) {
    decision.state.reset();
    return false;
  }
  if (const auto written = decision.state->randomness()) {
    randomness = *written;
    decision.policy = SamplingPolicy::kState;
  } else if (!subject.id.empty()) {
    randomness = last_56_bits(subject.id);
    decision.policy = SamplingPolicy::kTraceId;
  }
  return true;
}

bool Sampler::read_hash(const SamplingSubject& subject, SamplingDecision& decision, uint64_t& randomness) const {
  if (!subject.id.empty()) {
    randomness = randomness_of_hash(hash_of(subject.id.bytes(), seed_));
    decision.policy = SamplingPolicy::kHash;
  } else if (!subject.hashed.empty()) {
    randomness = randomness_of_hash(hash_of(subject.hashed, seed_));
    decision.policy = SamplingPolicy::kAttribute;
  }
  if (!subject.parsed || decision.state->randomness() || decision.state->threshold()) {
    decision.state.reset();
    return false;
  }
  if (decision.policy != SamplingPolicy::kMissing) decision.state->set_randomness(randomness);
  return true;
}

uint64_t Sampler::threshold_for(const SamplingDecision& decision) const {
  const auto written = decision.state->threshold();
  if (mode_ == SamplerMode::kHashSeed) return threshold_;
  if (mode_ == SamplerMode::kEqualizing) return written ? std::max(threshold_, *written) : threshold_;
  const double incoming =
      written ? static_cast<double>(kSamplingRange - *written) / static_cast<double>(kSamplingRange) : 1.0;
  return threshold_of(incoming * ratio_, precision_);
}

}  // namespace weir
