// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <grpcpp/support/status.h>

#include "exporters/sending_queue.h"

namespace weir {

// What the end of an Export call means (collector-semantics §4.1), in the collector's words. `response` is the message
// of a call that succeeded.
SendResult result_of_grpc(const grpc::Status& status, std::string_view response);

}  // namespace weir
