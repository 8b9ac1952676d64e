// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "exporters/sending_queue.h"
#include "net/http_client.h"
#include "weir/clock.h"

namespace weir {

// What an answer of an OTLP/HTTP server means (collector-semantics §4.2), in the collector's words. `wall_now` is for a
// Retry-After date.
SendResult result_of_http(const net::HttpClient::Reply& reply, const std::string& url, Duration wall_now);

}  // namespace weir
