// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/page_text.h"

#include <cstdio>
#include <limits>

namespace weir {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::string_view kTotal = "_total";

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quotes)
      out += "\\\"";
    else
      out += c;
  }
}

class PageWriter {
 public:
  PageWriter(std::string& out, const PageFormat& format) : out_(out), format_(format) {}
  void family(const std::string& name, const PageFamily& family);

 private:
  struct Sample {
    std::string_view suffix;
    std::string_view extra_name = {};  // le or quantile
    double extra = 0;
    const PageExemplar* exemplar = nullptr;
  };
  void header(std::string_view keyword, const std::string& name, std::string_view text, bool help);
  void series(FamilyType type, const PageSeries& series);
  void histogram(const PageSeries& series);
  void sample(const PageSeries& series, const Sample& sample, const std::string& value);
  void labels(const LabelPairs& pairs, const Sample& sample, bool quoted_name);
  void exemplar(const PageExemplar& exemplar);
  void label(std::string_view name, std::string_view value);
  std::string shown(std::string_view name, bool metric) const;
  std::string number(double value) const;
  std::string time(uint64_t time_ns) const;

  std::string& out_;
  const PageFormat& format_;
  std::string name_;
  bool quoted_ = false;  // name_ stands inside the braces
};

bool is_classic(std::string_view name, bool metric) { return escape_name(name, metric) == name; }

std::string PageWriter::shown(std::string_view name, bool metric) const {
  return format_.allow_utf8 ? std::string(name) : escape_name(name, metric);
}

// OpenMetrics writes floats as such.
std::string PageWriter::number(double value) const {
  std::string text = format_value(value);
  if (format_.open_metrics && text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

std::string PageWriter::time(uint64_t time_ns) const {
  const uint64_t ms = time_ns / 1'000'000;
  if (!format_.open_metrics) return std::to_string(ms);
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03u", static_cast<unsigned>(ms % 1000));
  return std::to_string(ms / 1000) + fraction;
}

void PageWriter::header(std::string_view keyword, const std::string& name, std::string_view text, bool help) {
  out_.append("# ").append(keyword).append(" ");
  if (quoted_) {
    out_ += '"';
    append_escaped(out_, name, true);
    out_ += '"';
  } else {
    out_ += name;
  }
  out_ += ' ';
  if (help)
    append_escaped(out_, text, format_.open_metrics);
  else
    out_.append(text);
  out_ += '\n';
}

void PageWriter::family(const std::string& name, const PageFamily& family) {
  static constexpr std::string_view kTypes[] = {"counter", "gauge", "histogram", "summary"};
  if (family.series.empty()) return;
  name_ = shown(name, true);
  quoted_ = !is_classic(name_, true);
  std::string head = name_;
  std::string_view type = kTypes[static_cast<size_t>(family.type)];
  if (format_.open_metrics && family.type == FamilyType::kCounter) {
    if (head.ends_with(kTotal))
      head.resize(head.size() - kTotal.size());
    else
      type = "unknown";
  }
  header("HELP", head, family.help, true);
  header("TYPE", head, type, false);
  for (const auto& [key, one] : family.series) series(family.type, one);
}

void PageWriter::series(FamilyType type, const PageSeries& series) {
  if (type == FamilyType::kHistogram) return histogram(series);
  if (type == FamilyType::kSummary) {
    for (const auto& [quantile, value] : series.quantiles) sample(series, {"", "quantile", quantile}, number(value));
    sample(series, {"_sum"}, number(series.sum));
    sample(series, {"_count"}, std::to_string(series.count));
    return;
  }
  const bool with_exemplar = type == FamilyType::kCounter && !series.exemplars.empty();
  sample(series, {"", {}, 0, with_exemplar ? &series.exemplars.back() : nullptr}, number(series.value));
}

void PageWriter::histogram(const PageSeries& series) {
  uint64_t cumulated = 0;
  double below = -kInfinity;
  const auto bucket = [&](double bound, uint64_t count) {
    Sample one{"_bucket", "le", bound};
    for (const PageExemplar& e : series.exemplars) {
      if (e.value > below && e.value <= bound) one.exemplar = &e;
    }
    below = bound;
    sample(series, one, std::to_string(count));
  };
  for (size_t i = 0; i < series.bounds.size() && i < series.bucket_counts.size(); ++i) {
    cumulated += series.bucket_counts[i];
    if (series.bounds[i] < kInfinity) bucket(series.bounds[i], cumulated);
  }
  bucket(kInfinity, series.count);
  sample(series, {"_sum"}, number(series.sum));
  sample(series, {"_count"}, std::to_string(series.count));
}

void PageWriter::label(std::string_view name, std::string_view value) {
  if (out_.back() != '{') out_ += ',';
  const std::string text = shown(name, false);
  const bool quote = !is_classic(text, false);
  if (quote) out_ += '"';
  append_escaped(out_, text, true);
  if (quote) out_ += '"';
  out_ += "=\"";
  append_escaped(out_, value, true);
  out_ += '"';
}

void PageWriter::labels(const LabelPairs& pairs, const Sample& sample, bool quoted_name) {
  if (pairs.empty() && sample.extra_name.empty() && !quoted_name) return;
  out_ += '{';
  if (quoted_name) {
    out_ += '"';
    append_escaped(out_, name_ + std::string(sample.suffix), true);
    out_ += '"';
  }
  for (const auto& [name, value] : pairs) label(name, value);
  if (!sample.extra_name.empty()) label(sample.extra_name, number(sample.extra));
  out_ += '}';
}

void PageWriter::exemplar(const PageExemplar& exemplar) {
  out_ += " # {";
  for (const auto& [name, value] : exemplar.labels) label(name, value);
  out_ += "} " + number(exemplar.value);
  if (exemplar.time_ns != 0) out_ += " " + time(exemplar.time_ns);
}

void PageWriter::sample(const PageSeries& series, const Sample& sample, const std::string& value) {
  if (!quoted_) out_.append(name_).append(sample.suffix);
  labels(series.labels, sample, quoted_);
  out_.append(" ").append(value);
  if (format_.timestamps && series.time_ns != 0) out_ += " " + time(series.time_ns);
  if (format_.open_metrics && sample.exemplar != nullptr) exemplar(*sample.exemplar);
  out_ += '\n';
}

}  // namespace

std::string_view PageFormat::content_type() const {
  if (open_metrics) {
    return allow_utf8 ? "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
                      : "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";
  }
  return allow_utf8 ? "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
                    : "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
}

PageFormat choose_format(std::string_view accept, bool enable_open_metrics, bool timestamps) {
  PageFormat format;
  format.open_metrics = enable_open_metrics && accept.find("application/openmetrics-text") != std::string_view::npos;
  format.allow_utf8 = accept.find("escaping=allow-utf-8") != std::string_view::npos;
  format.timestamps = timestamps;
  return format;
}

std::string write_page(const std::map<std::string, PageFamily>& families, const PageFormat& format) {
  std::string out;
  PageWriter writer(out, format);
  for (const auto& [name, family] : families) writer.family(name, family);
  if (format.open_metrics) out += "# EOF\n";
  return out;
}

}  // namespace weir
