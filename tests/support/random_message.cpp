// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <map>

#include "otlp/writer.h"
#include "support/otlp_builder.h"

namespace weir::test {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool is_id(const FieldDescriptor& field) {
  return field.name().find("trace_id") != std::string::npos || field.name().find("span_id") != std::string::npos;
}

std::string random_id(RandomMessage& random, const FieldDescriptor& field) {
  if (random.chance(10)) return "";
  std::string id(field.name().find("trace_id") != std::string::npos ? 16 : 8, '\0');
  for (char& c : id) c = static_cast<char>(random.below(256));
  return id;
}

double random_real(RandomMessage& random) {
  static constexpr double kSpecial[] = {0.0, -0.0, 1e300, 5e-324, 1e21, 1e-7, std::numeric_limits<double>::infinity()};
  if (random.chance(20)) return kSpecial[random.below(std::size(kSpecial))];
  return static_cast<double>(static_cast<int64_t>(random.below(1u << 30)) - (1 << 29)) / 1000;
}

uint64_t random_number(RandomMessage& random) {
  const uint64_t bits = random.below(65);
  return bits == 0 ? 0 : random.below(std::numeric_limits<uint64_t>::max()) >> (64 - bits);
}

// Sets or adds one scalar; `f` names the reflection's setter or adder by type.
template <class Put>
void put_scalar(RandomMessage& random, const FieldDescriptor& field, Put&& put) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return put(field.type() == FieldDescriptor::TYPE_BYTES && is_id(field) ? random_id(random, field)
                                                                             : random.text(20));
    case FieldDescriptor::CPPTYPE_BOOL:
      return put(random.chance(50));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return put(random_real(random));
    case FieldDescriptor::CPPTYPE_ENUM:
      return put(field.enum_type()->value(
          static_cast<int>(random.below(static_cast<uint64_t>(field.enum_type()->value_count())))));
    case FieldDescriptor::CPPTYPE_INT32:
      return put(static_cast<int32_t>(random_number(random)));
    case FieldDescriptor::CPPTYPE_UINT32:
      return put(static_cast<uint32_t>(random_number(random)));
    case FieldDescriptor::CPPTYPE_INT64:
      return put(static_cast<int64_t>(random_number(random)));
    default:
      return put(random_number(random));
  }
}

struct Setter {
  Message& m;
  const FieldDescriptor* f;
  void operator()(const std::string& v) const { m.GetReflection()->SetString(&m, f, v); }
  void operator()(bool v) const { m.GetReflection()->SetBool(&m, f, v); }
  void operator()(double v) const { m.GetReflection()->SetDouble(&m, f, v); }
  void operator()(const google::protobuf::EnumValueDescriptor* v) const { m.GetReflection()->SetEnum(&m, f, v); }
  void operator()(int32_t v) const { m.GetReflection()->SetInt32(&m, f, v); }
  void operator()(uint32_t v) const { m.GetReflection()->SetUInt32(&m, f, v); }
  void operator()(int64_t v) const { m.GetReflection()->SetInt64(&m, f, v); }
  void operator()(uint64_t v) const { m.GetReflection()->SetUInt64(&m, f, v); }
};
struct Adder {
  Message& m;
  const FieldDescriptor* f;
  void operator()(const std::string& v) const { m.GetReflection()->AddString(&m, f, v); }
  void operator()(bool v) const { m.GetReflection()->AddBool(&m, f, v); }
  void operator()(double v) const { m.GetReflection()->AddDouble(&m, f, v); }
  void operator()(const google::protobuf::EnumValueDescriptor* v) const { m.GetReflection()->AddEnum(&m, f, v); }
  void operator()(int32_t v) const { m.GetReflection()->AddInt32(&m, f, v); }
  void operator()(uint32_t v) const { m.GetReflection()->AddUInt32(&m, f, v); }
  void operator()(int64_t v) const { m.GetReflection()->AddInt64(&m, f, v); }
  void operator()(uint64_t v) const { m.GetReflection()->AddUInt64(&m, f, v); }
};

// One field on the wire, and what it must keep its order with (its number; for members of a oneof, the oneof).
struct Chunk {
  int group;
  std::string bytes;
};

std::string unknown_field(RandomMessage& random) {
  otlp::MessageWriter writer;
  const auto number = static_cast<uint32_t>(100 + random.below(20000));
  switch (random.below(4)) {
    case 0:
      writer.varint(number, random_number(random));
      break;
    case 1:
      writer.fixed64(number, random_number(random));
      break;
    case 2:
      writer.fixed32(number, 7);
      break;
    default:
      writer.bytes(number, random.text(12));
  }
  return writer.take();
}

// A message with that one field, to let the generated class encode it. `index`: of a repeated field, else -1.
std::string encoded_field(const Message& message, const FieldDescriptor& field, int index) {
  std::unique_ptr<Message> one(message.New());
  const Reflection& from = *message.GetReflection();
  if (index < 0) {
    one->CopyFrom(message);
    std::vector<const FieldDescriptor*> set;
    from.ListFields(message, &set);
    for (const FieldDescriptor* other : set) {
      if (other != &field) one->GetReflection()->ClearField(one.get(), other);
    }
  } else {
    one->CopyFrom(message);
    Reflection const& to = *one->GetReflection();
    to.SwapElements(one.get(), &field, 0, index);
    while (to.FieldSize(*one, &field) > 1) to.RemoveLast(one.get(), &field);
    std::vector<const FieldDescriptor*> set;
    to.ListFields(*one, &set);
    for (const FieldDescriptor* other : set) {
      if (other != &field) to.ClearField(one.get(), other);
    }
  }
  return one->SerializeAsString();
}

std::vector<std::string> pieces_of(const Message& message, RandomMessage& random);

void add_field(const Message& message, const FieldDescriptor& field, RandomMessage& random,
               std::vector<Chunk>& chunks) {
  const Reflection& reflection = *message.GetReflection();
  const auto number = static_cast<uint32_t>(field.number());
  const int group = field.real_containing_oneof() != nullptr ? -1 : field.number();
  const auto nested = [&](std::string_view bytes) {
    otlp::MessageWriter writer;
    writer.bytes(number, bytes);
    chunks.push_back({group, writer.take()});
  };
  if (field.is_repeated()) {
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        nested(scramble(reflection.GetRepeatedMessage(message, &field, i), random));
      } else {
        chunks.push_back({group, encoded_field(message, field, i)});
      }
    }
  } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    for (const std::string& piece : pieces_of(reflection.GetMessage(message, &field), random)) nested(piece);
  } else {
    const std::string last = encoded_field(message, field, -1);
    if (random.chance(15) && field.real_containing_oneof() == nullptr && !is_id(field)) {
      std::unique_ptr<Message> decoy(message.New());
      put_scalar(random, field, Setter{*decoy, &field});
      chunks.push_back({group, decoy->SerializeAsString()});
    }
    chunks.push_back({group, last});
  }
}

// The fields of a message in random order, but those of a group in their own.
std::vector<std::string> shuffled(std::vector<Chunk> chunks, RandomMessage& random) {
  std::map<int, std::vector<std::string>> in_order;
  for (Chunk& chunk : chunks) in_order[chunk.group].push_back(std::move(chunk.bytes));
  for (size_t i = chunks.size(); i > 1; --i) std::swap(chunks[i - 1].group, chunks[random.below(i)].group);
  std::map<int, size_t> next;
  std::vector<std::string> out;
  for (const Chunk& chunk : chunks) {
    out.push_back(std::move(in_order[chunk.group][next[chunk.group]++]));
    if (random.chance(5)) out.push_back(unknown_field(random));
  }
  return out;
}

std::vector<std::string> fields_of(const Message& message, RandomMessage& random) {
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  std::vector<Chunk> chunks;
  for (const FieldDescriptor* field : set) add_field(message, *field, random, chunks);
  return shuffled(std::move(chunks), random);
}

std::vector<std::string> pieces_of(const Message& message, RandomMessage& random) {
  std::vector<std::string> pieces(1);
  for (const std::string& field : fields_of(message, random)) {
    if (random.chance(15)) pieces.emplace_back();
    pieces.back() += field;
  }
  return pieces;
}

}  // namespace

std::string RandomMessage::text(size_t max) {
  std::string text(below(max + 1), ' ');
  for (char& c : text) c = static_cast<char>(' ' + below(95));
  return text;
}

void RandomMessage::fill(Message& message, int depth) {
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    const bool nested = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (field->real_containing_oneof() != nullptr ? chance(60) : chance(25)) continue;
    if (nested && depth > 7 + static_cast<int>(below(3))) continue;
    const uint64_t count = field->is_repeated() ? below(4) : 1;
    for (uint64_t k = 0; k < count; ++k) {
      if (nested) {
        fill(field->is_repeated() ? *reflection.AddMessage(&message, field)
                                  : *reflection.MutableMessage(&message, field),
             depth + 1);
      } else if (field->is_repeated()) {
        put_scalar(*this, *field, Adder{message, field});
      } else {
        put_scalar(*this, *field, Setter{message, field});
      }
    }
  }
}

std::string scramble(const Message& message, RandomMessage& random) {
  std::string out;
  for (const std::string& field : fields_of(message, random)) out += field;
  return out;
}

}  // namespace weir::test
