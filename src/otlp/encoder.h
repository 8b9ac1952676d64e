// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "weir/batch.h"

namespace weir::otlp {

// An export request as pieces to be gathered (writev, a compressor, a gRPC slice list). Pieces point into the batch's
// buffers and into `scratch`; they are valid while both the batch and this object live. Movable.
struct Encoded {
  std::vector<std::string_view> pieces;
  uint64_t size = 0;                // sum of the pieces
  std::unique_ptr<char[]> scratch;  // tags and lengths
};

// The batch as an ExportXServiceRequest, by concatenation (DESIGN §2.8): headers verbatim, lengths, the items' own
// bytes. A `whole` batch is one piece. Adjacent bytes make one piece. Linear in the number of records.
Encoded encode(const Batch& batch);
// The size that encode() would give, without building pieces.
uint64_t encoded_size(const Batch& batch);

std::string encode_to_string(const Batch& batch);
void append_to(const Encoded& encoded, std::string& out);

}  // namespace weir::otlp
