// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/io/gzip_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "support/otlp_builder.h"

namespace weir::test {
namespace {

namespace fs = std::filesystem;
using google::protobuf::Struct;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string unzip(const std::string& bytes) {
  google::protobuf::io::ArrayInputStream in(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::GzipInputStream gzip(&in);
  std::string out;
  const void* data = nullptr;
  int size = 0;
  while (gzip.Next(&data, &size)) out.append(static_cast<const char*>(data), static_cast<size_t>(size));
  return out;
}

// Messages of a gRPC body are joined: joined protobuf messages are the merged message.
std::string unframe(const std::string& body) {
  std::string out;
  for (size_t at = 0; at + 5 <= body.size();) {
    size_t size = 0;
    for (size_t i = 1; i < 5; ++i) size = size << 8 | static_cast<unsigned char>(body[at + i]);
    const std::string message = body.substr(at + 5, size);
    out += body[at] == 1 ? unzip(message) : message;
    at += 5 + size;
  }
  return out;
}

Capture read_capture(const fs::path& path, const Struct& facts) {
  const auto& all = facts.fields();
  Capture capture;
  capture.name = path.stem();
  const std::string& signal = all.at("signal").string_value();
  capture.signal = signal == "traces" ? Signal::kTraces : signal == "metrics" ? Signal::kMetrics : Signal::kLogs;
  capture.json = all.at("protocol").string_value() == "http/json";
  const std::string body = read_file(path);
  if (all.at("protocol").string_value() == "grpc") {
    capture.bytes = unframe(body);
  } else {
    capture.bytes = all.at("encoding").string_value() == "gzip" ? unzip(body) : body;
  }
  if (capture.signal == Signal::kMetrics) {
    std::set<std::string> names;
    for (const auto& name : all.at("metrics").list_value().values()) names.insert(name.string_value());
    capture.items = names.size();
  } else {
    const char* key = capture.signal == Signal::kTraces ? "spans" : "records";
    capture.items = static_cast<uint64_t>(all.at(key).number_value());
  }
  return capture;
}

}  // namespace

std::vector<Capture> otlp_captures() {
  std::vector<Capture> captures;
  for (const auto& entry : fs::directory_iterator(WEIR_TEST_DATA "/captures")) {
    if (entry.path().extension() != ".bin" || entry.path().stem() == "otelcol-remotewrite") continue;
    Struct facts;
    const std::string text = read_file(fs::path(entry.path()).replace_extension(".json"));
    if (!google::protobuf::util::JsonStringToMessage(text, &facts).ok()) continue;
    captures.push_back(read_capture(entry.path(), facts));
  }
  return captures;
}

}  // namespace weir::test
