// SPDX-License-Identifier: Apache-2.0
#include "journal/segment_format.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "journal/byte_codec.h"

namespace weir::journal {
namespace {

constexpr std::string_view kHeaderMagic = "weirlog\n";
constexpr size_t kHeaderFields = 44;         // its checksum included
constexpr uint32_t kHeadMagic = 0xd7a1e10c;  // no text, no likely protobuf
constexpr std::string_view kSegmentPrefix = "segment-";
constexpr std::string_view kSparePrefix = "spare-";

uint32_t seed_of(uint64_t segment, uint32_t epoch) {
  std::string seed;
  put_fixed(seed, segment);
  put_fixed(seed, epoch);
  return crc32c(seed);
}

template <size_t Size>
std::array<char, Size> sealed(std::string bytes, uint32_t seed) {
  bytes.resize(Size - sizeof(uint32_t));
  put_fixed(bytes, crc32c(bytes, seed));
  std::array<char, Size> out;
  std::memcpy(out.data(), bytes.data(), Size);
  return out;
}

// The bytes without their checksum, empty where it is not right.
std::string_view opened(std::string_view bytes, uint32_t seed) {
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(uint32_t));
  ByteReader checksum(bytes.substr(body.size()));
  return checksum.fixed<uint32_t>() == crc32c(body, seed) ? body : std::string_view();
}

std::optional<uint64_t> number_after(std::string_view name, std::string_view prefix, int base) {
  if (name.substr(0, prefix.size()) != prefix) return std::nullopt;
  name.remove_prefix(prefix.size());
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number, base);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

}  // namespace

uint32_t crc32c(std::string_view bytes, uint32_t before) {
  constexpr size_t kMostAtOnce = size_t{1} << 30;  // the library counts in int
  uint32_t state = ~before;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kMostAtOnce);
    auto* data = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(piece.data()));
    state = crc32_iscsi(data, static_cast<int>(piece.size()), state);
    bytes.remove_prefix(piece.size());
  }
  return ~state;
}

HeaderBytes encode(const SegmentHeader& header) {
  std::string out(kHeaderMagic);
  put_fixed(out, header.version);
  put_fixed(out, header.epoch);
  put_fixed(out, header.number);
  put_fixed(out, header.previous);
  put_fixed(out, header.previous_end);
  put_fixed(out, crc32c(out));
  HeaderBytes bytes{};
  out.copy(bytes.data(), bytes.size());
  return bytes;
}

std::optional<SegmentHeader> decode_header(std::string_view bytes) {
  if (bytes.size() < kHeaderSize || bytes.substr(0, kHeaderMagic.size()) != kHeaderMagic) return std::nullopt;
  ByteReader in(opened(bytes.substr(0, kHeaderFields), 0));
  in.bytes(kHeaderMagic.size());
  SegmentHeader header;
  header.version = in.fixed<uint32_t>();
  header.epoch = in.fixed<uint32_t>();
  header.number = in.fixed<uint64_t>();
  header.previous = in.fixed<uint64_t>();
  header.previous_end = in.fixed<uint64_t>();
  if (!in.ok()) return std::nullopt;
  return header;
}

std::array<char, kEndNoteSize> encode_end_note(uint64_t end, uint64_t segment, uint32_t epoch) {
  std::string out;
  put_fixed(out, end);
  return sealed<kEndNoteSize>(std::move(out), seed_of(segment, epoch));
}

std::optional<uint64_t> decode_end_note(std::string_view bytes, uint64_t segment, uint32_t epoch) {
  if (bytes.size() < kEndNoteSize) return std::nullopt;
  ByteReader in(opened(bytes.substr(0, kEndNoteSize), seed_of(segment, epoch)));
  const auto end = in.fixed<uint64_t>();
  return in.ok() ? std::optional(end) : std::nullopt;
}

HeadBytes encode(const HeadFrame& frame, uint64_t segment) {
  std::string out;
  put_fixed(out, kHeadMagic);
  put_fixed(out, static_cast<uint8_t>(frame.head.kind));
  put_fixed(out, frame.version);
  out.append(2, '\0');
  put_fixed(out, frame.head.size);
  put_fixed(out, frame.epoch);
  put_fixed(out, frame.head.sequence);
  put_fixed(out, frame.head.items_before);
  put_fixed(out, frame.head.items);
  put_fixed(out, frame.head.route);
  put_fixed(out, static_cast<uint32_t>(frame.synced_to));
  put_fixed(out, frame.routes_checksum);
  put_fixed(out, frame.payload_checksum);
  return sealed<kHeadSize>(std::move(out), seed_of(segment, frame.epoch));
}

bool looks_like_head(const char* bytes) {
  uint32_t magic = 0;
  std::memcpy(&magic, bytes, sizeof magic);
  return magic == kHeadMagic;
}

std::optional<HeadFrame> decode_head(std::string_view bytes, uint64_t segment, std::optional<uint32_t> epoch) {
  if (bytes.size() < kHeadSize || !looks_like_head(bytes.data())) return std::nullopt;
  HeadFrame frame;
  std::memcpy(&frame.epoch, bytes.data() + 12, sizeof frame.epoch);
  if (epoch && frame.epoch != *epoch) return std::nullopt;
  ByteReader in(opened(bytes.substr(0, kHeadSize), seed_of(segment, frame.epoch)));
  in.bytes(sizeof kHeadMagic);
  const auto kind = in.fixed<uint8_t>();
  frame.version = in.fixed<uint8_t>();
  in.bytes(2);
  frame.head.kind = static_cast<RecordKind>(kind);
  frame.head.size = in.fixed<uint32_t>();
  in.fixed<uint32_t>();
  frame.head.sequence = in.fixed<uint64_t>();
  frame.head.items_before = in.fixed<uint64_t>();
  frame.head.items = in.fixed<uint32_t>();
  frame.head.route = in.fixed<uint32_t>();
  frame.synced_to = in.fixed<uint32_t>();
  frame.routes_checksum = in.fixed<uint32_t>();
  frame.payload_checksum = in.fixed<uint32_t>();
  const bool known = kind >= static_cast<uint8_t>(RecordKind::kRoutes) &&
                     kind <= static_cast<uint8_t>(RecordKind::kSettlements) && frame.head.size <= kMaxPayload;
  if (!in.ok() || !known) return std::nullopt;
  return frame;
}

std::string segment_name(uint64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "segment-%016llx", static_cast<unsigned long long>(number));
  return text;
}

std::string spare_name(uint64_t number) { return std::string(kSparePrefix) + std::to_string(number); }

std::optional<uint64_t> segment_number(std::string_view name) {
  const auto number = number_after(name, kSegmentPrefix, 16);
  return number && *number > 0 && *number <= INT64_MAX && segment_name(*number) == name ? number : std::nullopt;
}

std::optional<uint64_t> spare_number(std::string_view name) {
  const auto number = number_after(name, kSparePrefix, 10);
  return number && spare_name(*number) == name ? number : std::nullopt;
}

}  // namespace weir::journal
