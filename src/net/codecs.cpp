// SPDX-License-Identifier: Apache-2.0
#include "net/codecs.h"

#include <libdeflate.h>
#include <snappy.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "net/growing_output.h"

namespace weir::net {

namespace {

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

constexpr std::pair<std::string_view, Codec> kNames[] = {
    {"", Codec::kIdentity},       {"identity", Codec::kIdentity},      {"gzip", Codec::kGzip},
    {"deflate", Codec::kDeflate}, {"zlib", Codec::kDeflate},           {"zstd", Codec::kZstd},
    {"snappy", Codec::kSnappy},   {"x-snappy-framed", Codec::kSnappy},
};

Decoded copy(std::string_view input, uint32_t limit, ByteBudget& budget) {
  Decoded output = known_output(input.size(), limit, budget);
  if (output.error == DecodeError::kNone && !input.empty()) {
    std::memcpy(output.bytes->data(), input.data(), input.size());
  }
  return output;
}

std::string join(std::span<const std::string_view> pieces) {
  size_t size = 0;
  for (std::string_view piece : pieces) size += piece.size();
  std::string all;
  all.reserve(size);
  for (std::string_view piece : pieces) all.append(piece);
  return all;
}

// The pieces as one: itself where there is only one, otherwise a copy in `storage`.
std::string_view contiguous(std::span<const std::string_view> pieces, std::string& storage) {
  if (pieces.size() == 1) return pieces.front();
  storage = join(pieces);
  return storage;
}

// One compressor per thread, made again where the level changes.
libdeflate_compressor* compressor(int level) {
  struct Free {
    void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
  };
  thread_local std::unique_ptr<libdeflate_compressor, Free> mine;
  thread_local int mine_level = -1;
  level = level < 0 ? 1 : std::min(level, 12);
  if (!mine || mine_level != level) {
    mine.reset(libdeflate_alloc_compressor(level));
    mine_level = level;
  }
  return mine.get();
}

std::string compress_gzip(std::string_view input, int level) {
  libdeflate_compressor* with = compressor(level);
  std::string out(libdeflate_gzip_compress_bound(with, input.size()), '\0');
  out.resize(libdeflate_gzip_compress(with, input.data(), input.size(), out.data(), out.size()));
  return out;
}

std::string compress_zlib(std::string_view input, int level) {
  libdeflate_compressor* with = compressor(level);
  std::string out(libdeflate_zlib_compress_bound(with, input.size()), '\0');
  out.resize(libdeflate_zlib_compress(with, input.data(), input.size(), out.data(), out.size()));
  return out;
}

std::string compress_zstd(std::string_view input, int level) {
  struct Free {
    void operator()(ZSTD_CCtx* c) const { ZSTD_freeCCtx(c); }
  };
  thread_local const std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  level = level < 0 ? 1 : std::min(level, ZSTD_maxCLevel());
  std::string out(ZSTD_compressBound(input.size()), '\0');
  const size_t size = ZSTD_compressCCtx(context.get(), out.data(), out.size(), input.data(), input.size(), level);
  out.resize(ZSTD_isError(size) != 0 ? 0 : size);
  return out;
}

std::string compress_snappy(std::string_view input) {
  std::string out;
  snappy::Compress(input.data(), input.size(), &out);
  return out;
}

}  // namespace

std::optional<Codec> codec_of(std::string_view name) {
  for (const auto& [known, codec] : kNames) {
    if (same_word(known, name)) return codec;
  }
  return {};
}

std::string_view name_of(Codec codec) {
  static constexpr std::string_view kWords[] = {"identity", "gzip", "deflate", "zstd", "snappy"};
  return kWords[static_cast<int>(codec)];
}

Decoded decompress(Codec codec, std::string_view input, uint32_t limit, ByteBudget& budget) {
  limit = std::min(limit, 1u << 31);
  if (codec == Codec::kIdentity || (input.empty() && codec == Codec::kZstd)) return copy(input, limit, budget);
  if (input.empty()) return corrupt("EOF");
  if (input.size() > UINT32_MAX) return {{}, DecodeError::kTooLarge};
  switch (codec) {
    case Codec::kGzip:
      return decode_gzip(input, limit, budget);
    case Codec::kDeflate:
      return decode_zlib(input, limit, budget);
    case Codec::kZstd:
      return decode_zstd(input, limit, budget);
    default:
      return decode_snappy(input, limit, budget);
  }
}

std::string compress(Codec codec, std::span<const std::string_view> pieces, int level) {
  if (codec == Codec::kIdentity) return join(pieces);
  std::string storage;
  const std::string_view input = contiguous(pieces, storage);
  switch (codec) {
    case Codec::kGzip:
      return compress_gzip(input, level);
    case Codec::kDeflate:
      return compress_zlib(input, level);
    case Codec::kZstd:
      return compress_zstd(input, level);
    default:
      return compress_snappy(input);
  }
}

}  // namespace weir::net
