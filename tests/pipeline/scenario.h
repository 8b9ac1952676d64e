// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "weir/clock.h"

namespace weir::test {

// A pipeline test as read from its file; README.md beside this says what it looks like.
struct Scenario {
  struct Request {
    Duration at{0};
    std::vector<std::string> spans;  // lines without their time; none: only time passes
  };
  struct Expectation {
    std::vector<std::string> lines;  // sorted
    bool contains = false;           // others may be there too
  };
  std::string title;
  std::string config;
  std::vector<Request> requests;
  std::map<std::string, Expectation> expected;  // "sink/NAME" or "accounts"
};
Scenario read_scenario(const std::string& path);

// The bytes of one OTLP trace request holding the spans; `at` is the present, since 1970.
std::string encode_request(const std::vector<std::string>& spans, Duration at);

}  // namespace weir::test
