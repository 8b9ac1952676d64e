// SPDX-License-Identifier: Apache-2.0
#include "extensions/zpages/zpages.h"

#include <unistd.h>

#include "extensions/time_text.h"

namespace weir {

namespace {

constexpr uint16_t kDefaultPort = 55679;
constexpr const char* kHtml = "text/html; charset=utf-8";

using Row = std::vector<std::string>;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

std::string row_of(const Row& cells, const std::string& tag) {
  std::string out = "<tr>";
  for (const std::string& cell : cells) out.append("<" + tag + ">").append(escaped(cell)).append("</" + tag + ">");
  return out + "</tr>\n";
}

std::string table(const Row& head, const std::vector<Row>& rows) {
  std::string out = "<table>\n" + (head.empty() ? "" : row_of(head, "th"));
  for (const Row& row : rows) out += row_of(row, "td");
  return out + "</table>\n";
}

std::string document(const std::string& title, const std::string& body) {
  return "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>weir: " + title +
         "</title>\n<style>body{font-family:sans-serif}table{border-collapse:collapse}td,th{border:1px solid #bbb;"
         "padding:2px 8px;text-align:left}</style></head>\n<body><p><a href=\"servicez\">service</a> "
         "<a href=\"pipelinez\">pipelines</a> <a href=\"extensionz\">extensions</a></p>\n<h1>" +
         title + "</h1>\n" + body + "</body></html>\n";
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string service_page(const ServiceView& view, Time now) {
  return document("Service", table({}, {{"Command", "weir"},
                                        {"Version", WEIR_VERSION},
                                        {"Started", time_text(view.started.wall)},
                                        {"Uptime", go_duration_text(now.mono - view.started.mono)},
                                        {"Process", std::to_string(::getpid())},
                                        {"Event loops", std::to_string(view.shards)},
                                        {"Journal", view.journal.empty() ? "none" : view.journal}}));
}

Row account_row(const ServiceView::Account& account) {
  Row row = {account.pipeline, account.exporter};
  for (const uint64_t count :
       {account.admitted, account.exported, account.sampled_out, account.filtered, account.dropped, account.held})
    row.push_back(std::to_string(count));
  std::vector<std::string> reasons;
  for (const auto& [reason, count] : account.drops) reasons.push_back(reason + " " + std::to_string(count));
  row.push_back(joined(reasons));
  return row;
}

std::string pipelines_page(const ServiceView& view) {
  std::vector<Row> pipelines, accounts;
  for (const ServiceView::Pipeline& pipeline : view.pipelines)
    pipelines.push_back(
        {pipeline.id, joined(pipeline.receivers), joined(pipeline.processors), joined(pipeline.exporters)});
  for (const ServiceView::Account& account : view.accounts) accounts.push_back(account_row(account));
  return document(
      "Pipelines",
      table({"Pipeline", "Receivers", "Processors", "Exporters"}, pipelines) +
          "<h2>Accounts</h2>\n<p>Spans, data points or log records since the start; what was admitted is exported, "
          "sampled out, filtered, dropped or held.</p>\n" +
          table({"Pipeline", "Exporter", "Admitted", "Exported", "Sampled out", "Filtered", "Dropped", "Held", "Drops"},
                accounts));
}

std::string extensions_page(const ServiceView& view) {
  std::vector<Row> rows;
  for (const std::string& id : view.extensions) rows.push_back({id});
  return document("Extensions", table({"Extension"}, rows));
}

std::string features_page() {
  return document("Features",
                  "<p>weir has no feature gates. --feature-gates=-component.UseLocalHostAsDefaultHost is honoured, "
                  "others are taken and do nothing.</p>\n");
}

std::string traces_page() {
  return document("Traces",
                  "<p>weir records no traces of itself. <a href=\"pipelinez\">pipelinez</a> says what became of all "
                  "that it took in; its metrics are at /metrics of the telemetry port.</p>\n");
}

}  // namespace

ZPages::ZPages(ZPagesConfig config, const ComponentEnv& env, Ask ask)
    : config_(std::move(config)),
      id_(env.id),
      log_(env.log),
      shards_(env.shards),
      clock_(env.clock),
      ask_(std::move(ask)) {}

std::string ZPages::start() {
  auto started =
      start_page(config_.page, kDefaultPort, *shards_,
                 [this](const net::PageRequest& request, net::PageDone done) { answer(request.path, std::move(done)); },
                 {log_, id_});
  if (!started.server) return id_ + ": " + started.error;
  server_ = std::move(started.server);
  return "";
}

void ZPages::answer(const std::string& path, net::PageDone done) const {
  if (path == "/debug/featurez") return done({200, kHtml, features_page()});
  if (path == "/debug/tracez") return done({200, kHtml, traces_page()});
  const auto with_view = [&](auto page) {
    ask_([page, done = std::move(done)](const ServiceView& view) mutable { done({200, kHtml, page(view)}); });
  };
  if (path == "/debug/servicez" || path == "/debug/" || path == "/")
    return with_view([now = clock_->now()](const ServiceView& view) { return service_page(view, now); });
  if (path == "/debug/pipelinez") return with_view(pipelines_page);
  if (path == "/debug/extensionz") return with_view(extensions_page);
  done({404, "text/plain; charset=utf-8",
        "here are /debug/servicez, /debug/pipelinez, /debug/extensionz, /debug/featurez and /debug/tracez\n"});
}

}  // namespace weir
