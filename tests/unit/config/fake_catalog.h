// SPDX-License-Identifier: Apache-2.0
// A few made-up components in the shape of real ones, and helpers to load a configuration from a text.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/catalog.h"
#include "config/fields.h"
#include "config/load.h"

namespace weir::config::fake {

struct Protocol {
  std::string endpoint = "localhost:4317";
  static const Fields<Protocol>& fields();
  void validate(const Value& at, const std::string& path, Problems& problems) const;
};

struct Protocols {
  std::optional<Protocol> grpc, http;
  static const Fields<Protocols>& fields();
};

struct Receiver {
  Protocols protocols;
  static const Fields<Receiver>& fields();
  void validate(const Value& at, const std::string& path, Problems& problems) const;
};

struct Batch {
  Duration timeout = std::chrono::milliseconds(200);
  uint32_t send_batch_size = 8192;
  std::vector<std::string> metadata_keys;
  static const Fields<Batch>& fields();
};

struct Tls {
  bool insecure = false;
  static const Fields<Tls>& fields();
};

enum class Compression { kNone, kGzip, kZstd };

struct Exporter {
  std::string endpoint;
  Tls tls;
  Compression compression = Compression::kGzip;
  std::map<std::string, std::string> headers;
  static const Fields<Exporter>& fields();
  void validate(const Value& at, const std::string& path, Problems& problems) const;
};

struct Nothing {
  static const Fields<Nothing>& fields();
};

ComponentCatalog catalog();

// Doors without a process behind them.
struct World {
  std::map<std::string, std::string> env, files;
  Sources sources() const;
};

struct Outcome {
  ServiceConfig config;
  std::vector<std::string> errors, warnings;
};

Outcome load_text(const std::string& yaml, World world = {}, const std::vector<std::string>& sets = {});

// A sound configuration, for tests that change one thing.
extern const char* const kSound;
std::string replaced(std::string text, const std::string& from, const std::string& to);

}  // namespace weir::config::fake
