// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "journal/format.h"

namespace weir::journal {

// The frame of what lies in a segment file (docs/journal-format.md): a header, then records at multiples of 8, each a
// head, its payload, and zeros up to the next multiple; after the last one a head of zeros.
inline constexpr size_t kHeaderSize = 64;
inline constexpr size_t kHeadSize = 56;
inline constexpr size_t kAlignment = 8;
inline constexpr uint32_t kMaxPayload = 1U << 30;
constexpr uint64_t padded(uint64_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }
constexpr uint64_t record_size(uint32_t payload) { return padded(kHeadSize + uint64_t{payload}); }

// CRC32C of `bytes`, behind those that gave `before`.
uint32_t crc32c(std::string_view bytes, uint32_t before = 0);

struct SegmentHeader {
  uint32_t version = kFormatVersion;
  uint32_t epoch = 0;         // of the opening of the log that wrote it
  uint64_t number = 0;        // of the segment; never used again
  uint64_t previous = 0;      // the segment that was written before this one; 0: none
  uint64_t previous_end = 0;  // … and up to where it was on disk when this one was begun
};
// What is in a record's head beside what its maker says.
struct HeadFrame {
  RecordHead head;
  uint8_t version = kFormatVersion;
  uint32_t epoch = 0;
  uint64_t synced_to = 0;         // in this segment, all before this offset was on disk when the record was written
  uint32_t routes_checksum = 0;   // of the kRoutes payload that its route is an index into
  uint32_t payload_checksum = 0;  // of the plain payload
};

// Up to where a segment is on disk, in a place of its own behind the header: written when the segment goes whose header
// said so until then.
inline constexpr uint64_t kEndNoteOffset = 48;
inline constexpr size_t kEndNoteSize = 16;

using HeaderBytes = std::array<char, kHeaderSize>;
using HeadBytes = std::array<char, kHeadSize>;

HeaderBytes encode(const SegmentHeader& header);
std::array<char, kEndNoteSize> encode_end_note(uint64_t end, uint64_t segment, uint32_t epoch);
HeadBytes encode(const HeadFrame& frame, uint64_t segment);

// Nothing where the checksum is not right. The fields up to `number` and the checksum keep their places in every
// format, so that a newer one is known for what it is.
std::optional<SegmentHeader> decode_header(std::string_view bytes);
// `bytes` from kEndNoteOffset on. Nothing where it is not there.
std::optional<uint64_t> decode_end_note(std::string_view bytes, uint64_t segment, uint32_t epoch);
// The checksum is seeded with the segment's number and the epoch that the head names; where `epoch` is given it has to
// be that one.
std::optional<HeadFrame> decode_head(std::string_view bytes, uint64_t segment, std::optional<uint32_t> epoch);
// True where a head may begin here: cheap, to be followed by decode_head.
bool looks_like_head(const char* bytes);

std::string segment_name(uint64_t number);
std::string spare_name(uint64_t number);
// The number in such a name; nothing where it is not one, letter by letter.
std::optional<uint64_t> segment_number(std::string_view name);
std::optional<uint64_t> spare_number(std::string_view name);

}  // namespace weir::journal
