// SPDX-License-Identifier: Apache-2.0
// Snappy in both formats that senders use: a single block, or the framing format (google/snappy, framing_format.txt).
#include <snappy.h>

#include <boost/crc.hpp>
#include <optional>

#include "net/growing_output.h"

namespace weir::net {

namespace {

constexpr std::string_view kMagic{"\xff\x06\x00\x00sNaPpY", 10};
constexpr std::string_view kCorrupt = "snappy: corrupt input";
constexpr size_t kChunkHeader = 4;
constexpr size_t kChecksum = 4;
constexpr uint32_t kMostInChunk = 65536;
// A copy element makes at most 64 bytes from 2.
constexpr uint64_t kMostSnappyGives = 32;

enum class ChunkType : uint8_t { kCompressed = 0x00, kPlain = 0x01, kFirstSkippable = 0x80, kStreamStart = 0xff };

uint32_t little_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

uint32_t masked_crc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  const uint32_t sum = crc.checksum();
  return ((sum >> 15) | (sum << 17)) + 0xa282ead8u;
}

struct Chunk {
  ChunkType type;
  std::string_view checksum;  // of data chunks
  std::string_view data;
  bool is_data() const { return type == ChunkType::kCompressed || type == ChunkType::kPlain; }
  bool is_sound() const {
    if (is_data()) return checksum.size() == kChecksum;
    if (type == ChunkType::kStreamStart) return data == kMagic.substr(kChunkHeader);
    return type >= ChunkType::kFirstSkippable;
  }
  // Bytes that a data chunk gives; empty where it lies.
  std::optional<uint32_t> size() const {
    size_t length = data.size();
    if (type == ChunkType::kCompressed && !snappy::GetUncompressedLength(data.data(), data.size(), &length)) return {};
    if (length > kMostInChunk) return {};
    return static_cast<uint32_t>(length);
  }
};

// Takes the next chunk off `rest`; empty where it is cut short.
std::optional<Chunk> next_chunk(std::string_view& rest) {
  if (rest.size() < kChunkHeader) return {};
  const uint32_t length = little_endian(rest.substr(1, 3));
  if (rest.size() - kChunkHeader < length) return {};
  Chunk chunk{static_cast<ChunkType>(rest[0]), {}, rest.substr(kChunkHeader, length)};
  rest.remove_prefix(kChunkHeader + length);
  if (chunk.is_data()) {
    chunk.checksum = chunk.data.substr(0, kChecksum);
    chunk.data.remove_prefix(chunk.checksum.size());
  }
  return chunk;
}

// What all chunks give together; empty where the framing is broken.
std::optional<uint64_t> framed_size(std::string_view rest) {
  uint64_t total = 0;
  while (!rest.empty()) {
    const std::optional<Chunk> chunk = next_chunk(rest);
    if (!chunk || !chunk->is_sound()) return {};
    if (!chunk->is_data()) continue;
    const std::optional<uint32_t> size = chunk->size();
    if (!size) return {};
    total += *size;
  }
  return total;
}

bool write_chunk(const Chunk& chunk, uint32_t size, char* to) {
  if (chunk.type == ChunkType::kPlain) {
    std::memcpy(to, chunk.data.data(), size);
  } else if (!snappy::RawUncompress(chunk.data.data(), chunk.data.size(), to)) {
    return false;
  }
  return masked_crc32c({to, size}) == little_endian(chunk.checksum);
}

Decoded decode_framed(std::string_view input, uint32_t limit, ByteBudget& budget) {
  const std::optional<uint64_t> size = framed_size(input);
  if (!size) return corrupt(kCorrupt);
  Decoded output = known_output(*size, limit, budget);
  if (output.error != DecodeError::kNone) return output;
  char* to = output.bytes->data();
  while (!input.empty()) {
    const std::optional<Chunk> chunk = next_chunk(input);
    if (!chunk->is_data()) continue;
    const uint32_t length = *chunk->size();
    if (!write_chunk(*chunk, length, to)) return corrupt(kCorrupt);
    to += length;
  }
  return output;
}

Decoded decode_block(std::string_view input, uint32_t limit, ByteBudget& budget) {
  size_t size = 0;
  if (!snappy::GetUncompressedLength(input.data(), input.size(), &size)) return corrupt(kCorrupt);
  if (size > limit) return {{}, DecodeError::kTooLarge};
  if (size > input.size() * kMostSnappyGives) return corrupt(kCorrupt);
  Decoded output = known_output(size, limit, budget);
  if (output.error != DecodeError::kNone) return output;
  if (!snappy::RawUncompress(input.data(), input.size(), output.bytes->data())) return corrupt(kCorrupt);
  return output;
}

}  // namespace

Decoded decode_snappy(std::string_view input, uint32_t limit, ByteBudget& budget) {
  return input.starts_with(kMagic) ? decode_framed(input, limit, budget) : decode_block(input, limit, budget);
}

}  // namespace weir::net
