// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/binary.h"
#include "weir/clock.h"

namespace weir {

// Moments of the monotonic clock in states that outlive the process, as wall time. `now` is one reading of both clocks.
inline void put_moment(std::string& out, Duration mono, Time now) {
  put_fixed<int64_t>(out, (mono - now.mono + now.wall).count());
}
// At most `latest`, for clocks that were set back meanwhile.
inline Duration take_moment(ByteReader& in, Time now, Duration latest) {
  return std::min(Duration(in.fixed<int64_t>()) - now.wall + now.mono, latest);
}

}  // namespace weir
