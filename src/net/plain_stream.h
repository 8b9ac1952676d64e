// SPDX-License-Identifier: Apache-2.0
// For .cpp files of src/net only.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <string>

#include "net/asio_access.h"
#include "net/stream.h"

namespace weir::net {

using PlainSocket = boost::asio::generic::stream_protocol::socket;

// A stream over a connected socket (TCP or Unix) of this shard. `counted`: it was counted
// among the shard's connections and is taken off when it is closed.
std::unique_ptr<Stream> make_plain_stream(LoopShard& shard, PlainSocket socket, std::string peer, bool counted);

}  // namespace weir::net
