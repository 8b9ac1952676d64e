// SPDX-License-Identifier: Apache-2.0
// Any bytes where the journal reads: as a payload of each kind, as a segment file, and as records with sound checksums
// (the first byte chooses). No fault; what is decoded is encoded and decoded again to the same; every opening succeeds,
// and what it finds can be read.
#include <cstdlib>
#include <string>
#include <string_view>

#include "journal/format.h"
#include "journal/segment_format.h"
#include "journal/segment_log.h"
#include "support/quiet.h"
#include "support/sim_disk.h"

namespace weir::journal {
namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

void decode_payload(std::string_view bytes) {
  if (const auto routes = decode_routes(bytes)) must(decode_routes(encode_routes(*routes)) == routes);
  if (const auto request = decode_request(bytes)) {
    const std::string again = encode_request_head(request->signal, request->context) + std::string(request->body);
    must(decode_request(again)->body == request->body);
  }
  if (const auto decisions = decode_decisions(bytes)) {
    must(decode_decisions(encode_decisions(decisions->first, decisions->second)).has_value());
  }
  if (const auto entries = decode_settlements(bytes)) {
    const std::string sorted = encode_settlements(*entries);
    must(encode_settlements(*decode_settlements(sorted)) == sorted);
  }
}

void open_log(test::SimDisk& disk) {
  test::QuietLog quiet;
  SegmentLog log(disk, quiet, {.segment_bytes = 8 << 10});
  const OpenReport report = log.open([&](const FoundRecord& record) {
    RecordHead head;
    BufferRef payload;
    must(log.read(record.at, head, payload) == 0);
    must(head.size == record.head.size && payload->size() == head.size);
    if (record.head.kind != RecordKind::kRequest) decode_payload(record.payload);
  });
  if (!report.refused.empty()) return;
  log.append({.sequence = 1}, {"what comes after it"});
  Location at;
  must(log.commit(true, [&](size_t, const Location& placed) { at = placed; }) == 0);
  RecordHead head;
  BufferRef payload;
  must(log.read(at, head, payload) == 0 && payload->view() == "what comes after it");
}

// Cuts the input into records: a length, a kind, and whatever else a head says, of the input's choice.
std::string framed(std::string_view bytes) {
  const HeaderBytes header =
      encode(SegmentHeader{.epoch = 1, .number = 2, .previous = 1, .previous_end = bytes.size()});
  std::string file(header.data(), header.size());
  while (bytes.size() > 4) {
    const auto byte = [&](size_t at) { return static_cast<uint8_t>(bytes[at]); };
    const std::string_view payload = bytes.substr(4, byte(0));
    HeadFrame frame{.epoch = 1, .synced_to = byte(2) * uint64_t{64}, .payload_checksum = crc32c(payload)};
    frame.head = {.kind = static_cast<RecordKind>(byte(1) % 5), .size = static_cast<uint32_t>(payload.size())};
    if (byte(3) % 16 == 0) frame.head.size = byte(3) * 0x1010101U;
    const HeadBytes head = encode(frame, 2);
    file.append(head.data(), byte(3) % 16 == 1 ? kHeadSize / 2 : kHeadSize);
    file.append(payload);
    file.resize(padded(file.size()));
    bytes.remove_prefix(4 + payload.size());
  }
  return file;
}

}  // namespace
}  // namespace weir::journal

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  weir::test::SimDisk disk;
  switch (data[0] % 4) {
    case 0:
      weir::journal::decode_payload(bytes);
      return 0;
    case 1:
      disk.put(weir::journal::segment_name(2), std::string(bytes));
      break;
    case 2:
      disk.put(weir::journal::spare_name(1), std::string(bytes));
      break;
    default:
      disk.put(weir::journal::segment_name(2), weir::journal::framed(bytes));
  }
  weir::journal::open_log(disk);
  return 0;
}
