// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir::otlp {

// Writes one protobuf message with nested ones, in linear time whatever the depth: lengths are noted while writing and
// put in when take() assembles the bytes. Values are written even where they are zero (a later field must be able to
// override an earlier one); leave out what you do not want.
class MessageWriter {
 public:
  // uint32, uint64, int32, int64 (as uint64_t), bool and enums
  void varint(uint32_t field, uint64_t value);
  void zigzag(uint32_t field, int64_t value);  // sint32, sint64
  void fixed64(uint32_t field, uint64_t value);
  void fixed32(uint32_t field, uint32_t value);
  void real(uint32_t field, double value) { fixed64(field, std::bit_cast<uint64_t>(value)); }
  void bytes(uint32_t field, std::string_view value);  // string, bytes, or a ready message
  // Fields that are ready, tags included.
  void raw(std::string_view fields) { flat_.append(fields); }

  // Packed repeated numbers; nothing is written for an empty list.
  void packed_varint(uint32_t field, std::span<const uint64_t> values);
  void packed_fixed64(uint32_t field, std::span<const uint64_t> values);
  void packed_real(uint32_t field, std::span<const double> values);

  // A nested message: everything written between begin and end belongs to it.
  void begin(uint32_t field);
  void end();

  // Common OTLP pieces: KeyValue messages in the repeated field `field`.
  void string_attribute(uint32_t field, std::string_view key, std::string_view value);
  void int_attribute(uint32_t field, std::string_view key, int64_t value);

  // The size that take() will give (with all messages ended).
  size_t size() const { return flat_.size() + open_.extra; }
  // The finished bytes; the writer is empty afterwards and keeps its memory for the next message.
  std::string take();
  void append_to(std::string& out);

 private:
  struct Mark {
    size_t at;      // offset in flat_ where the payload starts
    size_t length;  // of the payload, nested lengths included
  };
  struct Open {
    size_t mark = 0;   // index in marks_
    size_t extra = 0;  // bytes of length varints inside
  };
  void tag(uint32_t field, uint32_t wire_type);
  void put_varint(uint64_t value);

  std::string flat_;  // everything but the nested lengths
  std::vector<Mark> marks_;
  std::vector<Open> stack_;
  Open open_;
};

// Writes `value` as a varint to `at` (10 bytes of room); returns the end.
char* write_varint(char* at, uint64_t value);
size_t varint_size(uint64_t value);

}  // namespace weir::otlp
