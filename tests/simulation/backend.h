// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "daemon/components.h"
#include "exporters/sending_queue.h"
#include "weir/clock.h"

namespace weir::test {

// The destinations of a simulated run. They outlive the process and its crashes.
struct Backend {
  struct Sink {
    bool up = true;
    int lose_answers_percent = 0;             // what was taken in is reported as not reached
    std::set<uint64_t> poison;                // spans for which a whole request is refused for good
    std::map<uint64_t, uint32_t> deliveries;  // by span id: how often it was taken in
    std::vector<std::pair<Duration, uint64_t>>
        recent;                              // when how many spans were taken in, for the bound of duplicates
    uint64_t under_way = 0;                  // spans of requests that have no answer yet
    uint64_t answers_lost = 0;               // spans of requests whose answer was lost
    std::map<std::string, double> series;    // the last value of each
    std::map<uint64_t, std::string> stamps;  // by span id: what a processor gave it
    std::vector<std::string> complaints;     // a series that went back, a span that came with another stamp
  };
  std::map<std::string, Sink> sinks;  // by exporter id
  std::mt19937_64 random;
  Duration now{0};  // mono; set by the run

  bool chance(int percent) { return static_cast<int>(random() % 100) < percent; }
};

// The exporter type `backend`: the real sending queue, with a transport to Backend::sinks[its id]. Answers come later,
// by the exporter's shard.
void add_backend_exporter(ComponentList& list, Backend& backend);

}  // namespace weir::test
