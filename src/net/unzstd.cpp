// SPDX-License-Identifier: Apache-2.0
#include <zstd.h>

#include <memory>

#include "net/growing_output.h"

namespace weir::net {

namespace {

// 8 MiB: what RFC 8878 asks decoders to support. A stream that wants a larger window is refused.
constexpr int kWindowLogMax = 23;
// A thread's context above this is not kept: it holds the window of the largest stream it has seen.
constexpr size_t kKeptContext = 1u << 20;

constexpr std::string_view kCorrupt = "zstd: corrupt input";

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
using Context = std::unique_ptr<ZSTD_DCtx, FreeContext>;

Context& context() {
  thread_local Context mine;
  if (!mine) {
    mine.reset(ZSTD_createDCtx());
    ZSTD_DCtx_setParameter(mine.get(), ZSTD_d_windowLogMax, kWindowLogMax);
  }
  return mine;
}

Decoded decode_frame(std::string_view input, uint64_t size, uint32_t limit, ByteBudget& budget) {
  Decoded output = known_output(size, limit, budget);
  if (output.error != DecodeError::kNone) return output;
  const size_t written = ZSTD_decompressDCtx(context().get(), output.bytes->data(), size, input.data(), input.size());
  if (ZSTD_isError(written) != 0 || written != size) return corrupt(kCorrupt);
  return output;
}

Decoded run_stream(ZSTD_DCtx* stream, std::string_view input, GrowingOutput& output) {
  ZSTD_inBuffer in{input.data(), input.size(), 0};
  while (output.make_room()) {
    ZSTD_outBuffer out{output.end(), output.room(), 0};
    const size_t status = ZSTD_decompressStream(stream, &out, &in);
    if (ZSTD_isError(status) != 0) return corrupt(kCorrupt);
    output.add(out.pos);
    if (in.pos < in.size || out.pos == out.size) continue;
    return status == 0 ? output.result() : corrupt("unexpected EOF");
  }
  return output.result();
}

}  // namespace

Decoded decode_zstd(std::string_view input, uint32_t limit, ByteBudget& budget) {
  const unsigned long long size = ZSTD_getFrameContentSize(input.data(), input.size());
  if (size == ZSTD_CONTENTSIZE_ERROR) return corrupt(kCorrupt);
  const bool single = ZSTD_findFrameCompressedSize(input.data(), input.size()) == input.size();
  if (single && size != ZSTD_CONTENTSIZE_UNKNOWN) return decode_frame(input, size, limit, budget);
  GrowingOutput output(input.size() * 4, limit, budget);
  Context& stream = context();
  ZSTD_DCtx_reset(stream.get(), ZSTD_reset_session_only);
  Decoded result = run_stream(stream.get(), input, output);
  if (ZSTD_sizeof_DCtx(stream.get()) > kKeptContext) stream.reset();
  return result;
}

}  // namespace weir::net
