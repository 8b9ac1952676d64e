// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "exporters/prometheus_remote_write/translator.h"
#include "naming_fixture.h"
#include "otlp/wire.h"

namespace weir::test {

// What a receiver reads in a WriteRequest.
struct ReadExemplar {
  LabelPairs labels;
  double value = 0;
  int64_t ms = 0;
};
struct ReadHistogram {
  uint64_t count = 0;
  double sum = 0;
  int64_t schema = 0;
  double zero_threshold = 0;
  uint64_t zero_count = 0;
  std::vector<std::pair<int64_t, uint64_t>> spans;
  std::vector<int64_t> deltas;
  int64_t ms = 0;
};
struct ReadSeries {
  LabelPairs labels;
  std::vector<std::pair<int64_t, double>> samples;  // (ms, value)
  std::vector<ReadExemplar> exemplars;
  std::vector<ReadHistogram> histograms;
  std::string text() const {
    std::string name, rest;
    for (const auto& [k, v] : labels) {
      if (k == "__name__")
        name = v;
      else
        rest += (rest.empty() ? "" : ",") + k + "=" + v;
    }
    return name + "{" + rest + "}";
  }
};

inline std::pair<std::string, std::string> read_label(std::string_view message) {
  std::pair<std::string, std::string> out;
  otlp::FieldCursor c(message);
  while (c.next()) (c.number() == 1 ? out.first : out.second) = c.bytes();
  REQUIRE(c.ok());
  return out;
}

inline ReadHistogram read_histogram(std::string_view message) {
  ReadHistogram out;
  otlp::FieldCursor c(message);
  while (c.next()) {
    switch (c.number()) {
      case 1:
        out.count = c.value();
        break;
      case 3:
        out.sum = c.real();
        break;
      case 4:
        out.schema = c.zigzag();
        break;
      case 5:
        out.zero_threshold = c.real();
        break;
      case 6:
        out.zero_count = c.value();
        break;
      case 11: {
        auto& [offset, length] = out.spans.emplace_back();
        otlp::FieldCursor span(c.bytes());
        while (span.next()) span.number() == 1 ? void(offset = span.zigzag()) : void(length = span.value());
        break;
      }
      case 12:
        REQUIRE(otlp::for_each_number(c, otlp::WireType::kVarint, [&](uint64_t n) {
          out.deltas.push_back(static_cast<int64_t>(n >> 1) ^ -static_cast<int64_t>(n & 1));
        }));
        break;
      case 15:
        out.ms = static_cast<int64_t>(c.value());
        break;
      default:
        FAIL("unexpected field " << c.number());
    }
  }
  REQUIRE(c.ok());
  return out;
}

inline ReadSeries read_series(std::string_view message) {
  ReadSeries out;
  otlp::FieldCursor c(message);
  while (c.next()) {
    if (c.number() == 1) out.labels.push_back(read_label(c.bytes()));
    if (c.number() == 4) out.histograms.push_back(read_histogram(c.bytes()));
    if (c.number() != 2 && c.number() != 3) continue;
    ReadExemplar one;
    otlp::FieldCursor inner(c.bytes());
    const bool sample = c.number() == 2;
    while (inner.next()) {
      if (inner.type() == otlp::WireType::kBytes) one.labels.push_back(read_label(inner.bytes()));
      if (inner.type() == otlp::WireType::kFixed64) one.value = inner.real();
      if (inner.type() == otlp::WireType::kVarint) one.ms = static_cast<int64_t>(inner.value());
    }
    if (sample)
      out.samples.emplace_back(one.ms, one.value);
    else
      out.exemplars.push_back(one);
  }
  REQUIRE(c.ok());
  return out;
}

inline std::vector<ReadSeries> read_request(std::string_view request) {
  std::vector<ReadSeries> out;
  otlp::FieldCursor c(request);
  while (c.next()) {
    if (c.number() == 1) out.push_back(read_series(c.bytes()));
  }
  REQUIRE(c.ok());
  return out;
}

inline std::vector<ReadSeries> read_round(const std::vector<WritePiece>& round) {
  std::string bytes;
  for (const WritePiece& piece : round) bytes += piece.bytes;
  return read_request(bytes);
}

inline std::map<std::string, double> values_of(const std::vector<ReadSeries>& round) {
  std::map<std::string, double> out;
  for (const ReadSeries& s : round) {
    REQUIRE(s.samples.size() + s.histograms.size() == 1);
    if (!s.samples.empty()) out[s.text()] = s.samples[0].second;
  }
  return out;
}

}  // namespace weir::test
