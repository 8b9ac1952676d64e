// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/message.h"

#include <memory>
#include <utility>
#include <vector>

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <grpcpp/support/slice.h>

#include "net/codecs.h"
#include "otlp/encoder.h"

// The C++ ByteBuffer cannot say that its bytes are compressed already; the C one can. This is the friend that the
// library declares for handing one to the other.
namespace grpc::internal {
class GrpcByteBufferPeer {
 public:
  static void set(ByteBuffer& to, grpc_byte_buffer* from) { to.set_buffer(from); }
};
}  // namespace grpc::internal

namespace weir {

namespace {

// More pieces than this cost more as slices than as one copy.
constexpr size_t kMostSlices = 16;

grpc_slice slice_of(std::string&& text) {
  auto* owner = new std::string(std::move(text));
  return grpc_slice_new_with_user_data(
      owner->data(), owner->size(), [](void* p) { delete static_cast<std::string*>(p); }, owner);
}

// What the pieces of an encoded batch point into.
struct Held {
  std::vector<BufferRef> buffers;
  otlp::Encoded encoded;
};

grpc::Slice slice_of(std::string_view piece, const std::shared_ptr<Held>& held) {
  auto* owner = new std::shared_ptr<Held>(held);
  const auto release = [](void* p) { delete static_cast<std::shared_ptr<Held>*>(p); };
  return {const_cast<char*>(piece.data()), piece.size(), release, owner};
}

}  // namespace

grpc::ByteBuffer make_message(const Batch& batch) {
  auto held = std::make_shared<Held>();
  held->encoded = otlp::encode(batch);
  const otlp::Encoded& encoded = held->encoded;
  if (encoded.pieces.size() > kMostSlices) {
    std::string joined;
    joined.reserve(encoded.size);
    otlp::append_to(encoded, joined);
    const grpc::Slice slice(slice_of(std::move(joined)), grpc::Slice::STEAL_REF);
    return {&slice, 1};
  }
  for (const Part& part : batch.parts) held->buffers.push_back(part.bytes);
  std::vector<grpc::Slice> slices;
  slices.reserve(encoded.pieces.size());
  for (const std::string_view piece : encoded.pieces) slices.push_back(slice_of(piece, held));
  return {slices.data(), slices.size()};
}

grpc::ByteBuffer make_gzip_message(const Batch& batch) {
  const otlp::Encoded encoded = otlp::encode(batch);
  grpc_slice slice = slice_of(net::compress(net::Codec::kGzip, encoded.pieces));
  grpc::ByteBuffer message;
  grpc::internal::GrpcByteBufferPeer::set(message,
                                          grpc_raw_compressed_byte_buffer_create(&slice, 1, GRPC_COMPRESS_GZIP));
  grpc_slice_unref(slice);
  return message;
}

std::string bytes_of(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

}  // namespace weir
