// SPDX-License-Identifier: Apache-2.0
// gzip and zlib. libdeflate is two to three times as fast as zlib but wants to know the output's size, which a gzip
// stream of one member says in its last four bytes; everything else goes through zlib's stream.
#include <libdeflate.h>
#include <zlib.h>

#include <memory>

#include "net/growing_output.h"

namespace weir::net {

namespace {

// Deflate cannot do better: 258 bytes from two bits.
constexpr uint64_t kMostDeflateGives = 1032;
constexpr uint64_t kGzipFrame = 18;

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};

libdeflate_decompressor* decompressor() {
  thread_local const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> mine(libdeflate_alloc_decompressor());
  return mine.get();
}

// The size that the trailer of the last member claims (modulo 2^32). A claim only: it may lie.
uint64_t claimed_size(std::string_view input) {
  const auto* last = reinterpret_cast<const unsigned char*>(input.data() + input.size() - 4);
  return last[0] | uint64_t{last[1]} << 8 | uint64_t{last[2]} << 16 | uint64_t{last[3]} << 24;
}

class ZlibStream {
 public:
  explicit ZlibStream(int window_bits) { ready_ = inflateInit2(&stream_, window_bits) == Z_OK; }
  ~ZlibStream() {
    if (ready_) inflateEnd(&stream_);
  }
  ZlibStream(const ZlibStream&) = delete;
  ZlibStream& operator=(const ZlibStream&) = delete;

  // `many`: another stream may follow the first (gzip members).
  Decoded run(std::string_view input, bool many, GrowingOutput& output) {
    if (!ready_) return {{}, DecodeError::kOutOfBudget};
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    while (output.make_room()) {
      const int status = step(output);
      if (status == Z_STREAM_END && (!many || stream_.avail_in == 0)) return output.result();
      if (status == Z_STREAM_END && inflateReset(&stream_) == Z_OK) continue;
      if (status != Z_OK) return corrupt(why(status, many));
    }
    return output.result();
  }

 private:
  int step(GrowingOutput& output) {
    const uint32_t room = output.room();
    stream_.next_out = reinterpret_cast<Bytef*>(output.end());
    stream_.avail_out = room;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    output.add(room - stream_.avail_out);
    return status;
  }

  std::string_view why(int status, bool gzip) const {
    const std::string_view text = stream_.msg != nullptr ? stream_.msg : "";
    if (status == Z_BUF_ERROR) return "unexpected EOF";  // there was room, so the input ended early
    if (text.find("header") != std::string_view::npos || text.find("compression method") != std::string_view::npos) {
      return gzip ? "gzip: invalid header" : "zlib: invalid header";
    }
    if (text.find("check") != std::string_view::npos) return gzip ? "gzip: invalid checksum" : "zlib: invalid checksum";
    return "flate: corrupt input";
  }

  z_stream stream_{};
  bool ready_ = false;
};

Decoded stream_gzip(std::string_view input, uint32_t limit, ByteBudget& budget) {
  GrowingOutput output(input.size() * 4, limit, budget);
  return ZlibStream(15 + 16).run(input, true, output);
}

}  // namespace

Decoded decode_gzip(std::string_view input, uint32_t limit, ByteBudget& budget) {
  if (input.size() < kGzipFrame) return stream_gzip(input, limit, budget);
  const uint64_t size = claimed_size(input);
  if (size > limit || size > input.size() * kMostDeflateGives) return stream_gzip(input, limit, budget);
  Decoded output = known_output(size, limit, budget);
  if (output.error != DecodeError::kNone) return output;
  size_t read = 0;
  size_t written = 0;
  const libdeflate_result status = libdeflate_gzip_decompress_ex(decompressor(), input.data(), input.size(),
                                                                 output.bytes->data(), size, &read, &written);
  if (status == LIBDEFLATE_SUCCESS && read == input.size()) {
    output.bytes.truncate(static_cast<uint32_t>(written));
    return output;
  }
  output.bytes = {};  // several members, or an error that zlib names better
  return stream_gzip(input, limit, budget);
}

Decoded decode_zlib(std::string_view input, uint32_t limit, ByteBudget& budget) {
  GrowingOutput output(input.size() * 4, limit, budget);
  return ZlibStream(15).run(input, false, output);
}

}  // namespace weir::net
