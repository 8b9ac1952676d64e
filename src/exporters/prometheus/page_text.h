// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "exporters/prometheus/page_store.h"

namespace weir {

// What a scraper gets.
struct PageFormat {
  bool open_metrics = false;  // OpenMetrics 1.0 with exemplars, else Prometheus text 0.0.4
  bool allow_utf8 = false;    // names that are no classic names are quoted, else escaped with underscores
  bool timestamps = false;    // samples carry the time of their point
  std::string_view content_type() const;
};
// By the request's Accept header, as Prometheus servers send it.
PageFormat choose_format(std::string_view accept, bool enable_open_metrics, bool timestamps);

// Exponential histograms show their sum, count and +Inf bucket, as on the collector's page: the text formats have no
// more.
std::string write_page(const std::map<std::string, PageFamily>& families, const PageFormat& format);

}  // namespace weir
