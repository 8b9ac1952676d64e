// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace weir::net {

// Descriptors (open files and sockets) are a limit of the process, and connections are what strangers take of them.

// Takes what the system grants: the soft limit, often 1,024 for the sake of select(), becomes the hard one.
void raise_descriptor_limit();

// How many connections may be open in all, as of now: what is left of the limit without what is open and a reserve for
// files and for connections of our own.
uint32_t connections_to_allow();

}  // namespace weir::net
