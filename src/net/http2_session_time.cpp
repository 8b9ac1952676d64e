// SPDX-License-Identifier: Apache-2.0
// What an HTTP/2 session does because time has passed, and how it ends.
#include "net/http2_session.h"

namespace weir::net {

void Http2Session::on_tick(Time now) {
  now_ = now.mono;
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i]->id != 0) watch(*slots_[i], now);
  }
  if (!settings_seen_ && now_ - begun_ >= env_.limits.header_timeout) broken_ = true;
  act(keepalive_.on_tick(now_, open_ > 0));
  if (drain_ != Drain::kNo) watch_drain(now);
}

void Http2Session::watch(Http2Stream& stream, Time now) {
  if (!stream.head_done) return watch_head(stream);
  if (stream.answered) return watch_answer(stream);
  if (!stream.sink) return;
  stream.sink->on_tick(now);
  if (stream.answered || stream.remote_ended) return;
  const Duration late = now_ - stream.begun - env_.limits.body_grace;
  if (late < Duration(0)) return;
  const auto due = static_cast<uint64_t>(late / std::chrono::milliseconds(1)) * env_.limits.body_rate / 1000;
  if (stream.body_received <= due) stream.sink->on_stalled();
}

// Half a head blocks the connection's other streams too: nothing is lost with it.
void Http2Session::watch_head(const Http2Stream& stream) {
  if (now_ - stream.begun < env_.limits.header_timeout) return;
  note(nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM));
  broken_ = true;
}

// A client that does not open its window for the answer, or does not end its request after it, is not waited for.
void Http2Session::watch_answer(Http2Stream& stream) {
  const Duration spent = now_ - stream.answered_at;
  if (stream.resting && spent >= (stream.told ? env_.limits.rest_timeout : kRestTime))
    return let_go(stream, NGHTTP2_NO_ERROR);
  if (!stream.local_ended && spent >= env_.limits.write_timeout) let_go(stream, NGHTTP2_CANCEL);
}

void Http2Session::let_go(Http2Stream& stream, uint32_t error) {
  stream.answered_at = now_ + std::chrono::hours(24);  // once
  if (stream.told) muted_.push_back(stream.id);
  note(nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, error));
}

// nghttp2 counts the resets that the peer sends. Those that it brings about by its mistakes cost as much.
void Http2Session::note_reset(uint32_t error) {
  if (error != NGHTTP2_PROTOCOL_ERROR && error != NGHTTP2_FLOW_CONTROL_ERROR && error != NGHTTP2_STREAM_CLOSED) return;
  if (now_ - mistakes_since_ >= kMistakesTime) {
    mistakes_since_ = now_;
    mistakes_ = 0;
  }
  if (++mistakes_ <= kMostMistakes) return;
  note(nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM));
  broken_ = true;
}

void Http2Session::drain() {
  if (drain_ != Drain::kNo) return;
  drain_ = Drain::kNoticed;
  drain_since_ = now_;
  note(nghttp2_submit_shutdown_notice(session_));  // GOAWAY with the highest stream id: nothing is lost
  note(nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr));
}

// The final GOAWAY, one round trip after the notice: all that the peer had sent before it knew has arrived by then.
void Http2Session::watch_drain(Time now) {
  if (drain_ != Drain::kNoticed || now.mono - drain_since_ < std::chrono::seconds(1)) return;
  say_final();
}

void Http2Session::say_goodbye() {
  drain();
  if (drain_ == Drain::kNoticed) say_final();
}

void Http2Session::say_final() {
  drain_ = Drain::kFinal;
  const int32_t last = nghttp2_session_get_last_proc_stream_id(session_);
  if (last > 0) note(nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0));
}

void Http2Session::act(Http2Keepalive::Action action) {
  using Action = Http2Keepalive::Action;
  static constexpr std::string_view kTooMany = "too_many_pings";
  if (action == Action::kPing) note(nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr));
  if (action == Action::kDrain) drain();
  if (action == Action::kClose) broken_ = true;
  if (action == Action::kTooManyPings) {
    note(nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                               NGHTTP2_ENHANCE_YOUR_CALM, reinterpret_cast<const uint8_t*>(kTooMany.data()),
                               kTooMany.size()));
    broken_ = true;
  }
}

}  // namespace weir::net
