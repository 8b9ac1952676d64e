// SPDX-License-Identifier: Apache-2.0
#include "otlp/writer.h"

#include <cstring>
#include <protozero/buffer_string.hpp>
#include <protozero/varint.hpp>

#include "otlp/fields.h"
#include "otlp/wire.h"

namespace weir::otlp {
namespace {

template <class T>
void append_packed(std::string& out, std::span<const T> values) {
  out.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

}  // namespace

char* write_varint(char* at, uint64_t value) { return at + protozero::write_varint(at, value); }
size_t varint_size(uint64_t value) { return static_cast<size_t>(protozero::length_of_varint(value)); }

void MessageWriter::put_varint(uint64_t value) { protozero::add_varint_to_buffer(&flat_, value); }

void MessageWriter::tag(uint32_t field, uint32_t wire_type) {
  put_varint(static_cast<uint64_t>(field) << 3 | wire_type);
}

void MessageWriter::varint(uint32_t field, uint64_t value) {
  tag(field, static_cast<uint32_t>(WireType::kVarint));
  put_varint(value);
}

void MessageWriter::zigzag(uint32_t field, int64_t value) { varint(field, protozero::encode_zigzag64(value)); }

void MessageWriter::fixed64(uint32_t field, uint64_t value) {
  tag(field, static_cast<uint32_t>(WireType::kFixed64));
  flat_.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void MessageWriter::fixed32(uint32_t field, uint32_t value) {
  tag(field, static_cast<uint32_t>(WireType::kFixed32));
  flat_.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void MessageWriter::bytes(uint32_t field, std::string_view value) {
  tag(field, static_cast<uint32_t>(WireType::kBytes));
  put_varint(value.size());
  flat_.append(value);
}

void MessageWriter::packed_varint(uint32_t field, std::span<const uint64_t> values) {
  if (values.empty()) return;
  size_t size = 0;
  for (uint64_t value : values) size += varint_size(value);
  tag(field, static_cast<uint32_t>(WireType::kBytes));
  put_varint(size);
  for (uint64_t value : values) put_varint(value);
}

void MessageWriter::packed_fixed64(uint32_t field, std::span<const uint64_t> values) {
  if (values.empty()) return;
  tag(field, static_cast<uint32_t>(WireType::kBytes));
  put_varint(values.size_bytes());
  append_packed(flat_, values);
}

void MessageWriter::packed_real(uint32_t field, std::span<const double> values) {
  if (values.empty()) return;
  tag(field, static_cast<uint32_t>(WireType::kBytes));
  put_varint(values.size_bytes());
  append_packed(flat_, values);
}

void MessageWriter::begin(uint32_t field) {
  tag(field, static_cast<uint32_t>(WireType::kBytes));
  stack_.push_back(open_);
  open_ = {marks_.size(), 0};
  marks_.push_back({flat_.size(), 0});
}

void MessageWriter::end() {
  Mark& mark = marks_[open_.mark];
  mark.length = flat_.size() - mark.at + open_.extra;
  const size_t extra = open_.extra + varint_size(mark.length);
  open_ = stack_.back();
  stack_.pop_back();
  open_.extra += extra;
}

void MessageWriter::string_attribute(uint32_t field, std::string_view key, std::string_view value) {
  begin(field);
  bytes(field::key_value::kKey, key);
  begin(field::key_value::kValue);
  bytes(field::any_value::kString, value);
  end();
  end();
}

void MessageWriter::int_attribute(uint32_t field, std::string_view key, int64_t value) {
  begin(field);
  bytes(field::key_value::kKey, key);
  begin(field::key_value::kValue);
  varint(field::any_value::kInt, static_cast<uint64_t>(value));
  end();
  end();
}

void MessageWriter::append_to(std::string& out) {
  const size_t start = out.size();
  out.resize(start + size());
  char* to = out.data() + start;
  size_t from = 0;
  for (const Mark& mark : marks_) {
    std::memcpy(to, flat_.data() + from, mark.at - from);
    to = write_varint(to + (mark.at - from), mark.length);
    from = mark.at;
  }
  std::memcpy(to, flat_.data() + from, flat_.size() - from);
  flat_.clear();
  marks_.clear();
  stack_.clear();
  open_ = {};
}

std::string MessageWriter::take() {
  std::string out;
  append_to(out);
  return out;
}

}  // namespace weir::otlp
