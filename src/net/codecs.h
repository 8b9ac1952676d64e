// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "weir/budget.h"
#include "weir/bytes.h"

namespace weir::net {

// kDeflate is the zlib format (RFC 1950), as everywhere in OTLP; raw deflate is refused, as the collector does. kSnappy
// takes the framed and the block format and writes blocks.
enum class Codec : uint8_t { kIdentity, kGzip, kDeflate, kZstd, kSnappy };

// The codec of a Content-Encoding or grpc-encoding value ("" and "identity" included; case does not matter); empty if
// unknown.
std::optional<Codec> codec_of(std::string_view name);
std::string_view name_of(Codec codec);  // "identity", "gzip", "deflate", "zstd", "snappy"

enum class DecodeError : uint8_t {
  kNone,
  kTooLarge,     // more than `limit` bytes come out
  kOutOfBudget,  // the byte budget refused room for what comes out
  kCorrupt,      // not a whole, correct stream of this codec
};

struct Decoded {
  BufferRef bytes;  // set where error is kNone; pays for itself out of the budget
  DecodeError error = DecodeError::kNone;
  std::string_view detail = {};  // kCorrupt: why, in the words the collector answers with ("gzip: invalid header")
};

// Inflates `input` whole. Room is reserved before output is kept and never more than `limit` (at most 2 GiB) is
// written, so a bomb stops early. Several gzip members or zstd frames in a row are one body. Empty input is corrupt,
// except for identity and zstd. kIdentity copies. Any thread.
Decoded decompress(Codec codec, std::string_view input, uint32_t limit, ByteBudget& budget);

// Level -1 means the cheapest that is worth it: gzip and deflate 1, zstd 1; snappy has none. kIdentity joins. Any
// thread.
std::string compress(Codec codec, std::span<const std::string_view> pieces, int level = -1);

}  // namespace weir::net
