// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <grpcpp/support/byte_buffer.h>

#include "weir/batch.h"

namespace weir {

// The batch as a message of ready bytes. The buffer holds references to the batch's bytes where it does not copy,
// because the library may still be writing them when the call has ended.
grpc::ByteBuffer make_message(const Batch& batch);

// The same, compressed by our gzip; the library sends it as it is, marked as compressed, where the call's algorithm is
// gzip.
grpc::ByteBuffer make_gzip_message(const Batch& batch);

std::string bytes_of(const grpc::ByteBuffer& buffer);

}  // namespace weir
