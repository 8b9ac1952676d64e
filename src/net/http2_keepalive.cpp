// SPDX-License-Identifier: Apache-2.0
#include "net/http2_keepalive.h"

namespace weir::net {

Http2Keepalive::Http2Keepalive(const ServerLimits& limits, Duration now, uint64_t jitter)
    : limits_(limits), born_(now), max_age_(limits.max_connection_age), last_bytes_(now), idle_since_(now) {
  max_age_ += max_age_ / 1000 * (static_cast<int64_t>(jitter % 201) - 100);  // ± 10 %
}

void Http2Keepalive::on_bytes(Duration now) {
  last_bytes_ = now;
  pinged_ = Duration(0);
}

Http2Keepalive::Action Http2Keepalive::on_peer_ping(Duration now, bool any_stream) {
  const Duration last = last_peer_ping_;
  last_peer_ping_ = now;
  if (pings_allowed_) {
    pings_allowed_ = false;
    strikes_ = 0;
    return Action::kNone;
  }
  const bool idle = !any_stream && !limits_.pings_without_stream;
  const Duration least = idle ? Duration(std::chrono::hours(2)) : limits_.min_peer_ping_interval;
  if (last != Duration(0) && now - last < least) ++strikes_;
  return strikes_ > kStrikes ? Action::kTooManyPings : Action::kNone;
}

Http2Keepalive::Action Http2Keepalive::on_tick(Duration now, bool any_stream) {
  const Duration none{0};
  if (any_stream) idle_since_ = now;
  if (pinged_ != none && now - pinged_ >= limits_.ping_timeout) return Action::kClose;
  const bool old = max_age_ != none && now - born_ >= max_age_;
  const bool idle = limits_.max_connection_idle != none && now - idle_since_ >= limits_.max_connection_idle;
  if ((old || idle) && !draining_) {
    draining_ = true;
    return Action::kDrain;
  }
  const Duration grace = limits_.max_connection_age_grace;
  if (old && grace != none && now - born_ >= max_age_ + grace) return Action::kClose;
  if (pinged_ == none && limits_.ping_interval != none && now - last_bytes_ >= limits_.ping_interval) {
    pinged_ = now;
    return Action::kPing;
  }
  return Action::kNone;
}

}  // namespace weir::net
