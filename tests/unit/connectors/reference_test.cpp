// SPDX-License-Identifier: Apache-2.0
// Random traffic against slow, obvious references made of maps and strings, at 1 and at 3 shards.
#include <algorithm>
#include <array>

#include "rig.h"
#include "support/catch.h"

namespace weir::test {
namespace {

const Tag* find(const std::vector<Tag>& tags, const std::string& key) {
  for (const Tag& tag : tags) {
    if (tag.key == key) return &tag;
  }
  return nullptr;
}

struct Totals {
  uint64_t count = 0;
  double sum = 0;
  std::vector<uint64_t> buckets;
};

void observe(Totals& totals, const std::vector<double>& bounds, double value) {
  totals.buckets.resize(bounds.size() + 1);
  ++totals.count;
  totals.sum += value;
  ++totals.buckets[std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin()];
}

bool same(const SentPoint& sent, const Totals& expected) {
  return sent.value() == static_cast<double>(expected.count) && sent.buckets == expected.buckets &&
         sent.sum == Approx(expected.sum).epsilon(1e-9);
}

// --- span metrics

struct SpanReference {
  // Keys are texts joined by |; types do not count.
  std::map<std::string, Totals> series;

  void add(const std::vector<TestGroup>& groups, const std::vector<double>& bounds) {
    for (const TestGroup& group : groups) {
      const Tag* name = find(group.resource, "service.name");
      if (name == nullptr) continue;
      for (const TestSpan& span : group.spans) {
        std::string key;
        for (const Tag& tag : group.resource) key += "[" + tag.key + "=" + tag.text + "]";
        key += name->text + "|" + span.name + "|" + std::to_string(static_cast<int>(span.kind)) + "|" +
               std::to_string(static_cast<int>(span.status));
        for (const std::string dimension : {"d1", "d2"}) {
          const Tag* tag = find(span.tags, dimension);
          if (tag == nullptr) tag = find(group.resource, dimension);
          key += "|" + (tag != nullptr ? tag->text : dimension == "d2" ? "none" : "-");
        }
        observe(series[key], bounds, static_cast<double>(std::max<int64_t>(0, span.duration_ns)) / 1e6);
      }
    }
  }
};

// A sent key in the reference's form.
std::string reference_key(std::string key) {
  const std::array<std::string, 6> kinds = {"UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"};
  const std::array<std::string, 3> codes = {"UNSET", "OK", "ERROR"};
  const size_t open = key.find("traces.span.metrics.duration{");
  std::string out = key.substr(0, open), labels = "," + key.substr(key.find('{') + 1);
  labels.back() = ',';
  const auto value = [&](const std::string& name) -> std::string {
    const size_t at = labels.find("," + name + "=");
    if (at == std::string::npos) return "-";
    const size_t from = at + name.size() + 2;
    std::string text = labels.substr(from, labels.find(',', from) - from);
    return text;
  };
  const auto index = [](const auto& names, const std::string& text) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (text.ends_with("_" + names[i])) return std::to_string(i);
    }
    return std::string("?");
  };
  std::string d1 = value("d1");
  if (d1.ends_with("i")) d1.pop_back();
  return out + value("service.name") + "|" + value("span.name") + "|" + index(kinds, value("span.kind")) + "|" +
         index(codes, value("status.code")) + "|" + d1 + "|" + value("d2");
}

TEST_CASE("span metrics agree with a reference at any number of shards") {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    std::string first_series;
    for (uint32_t shards : {1u, 3u}) {
      Random random(seed);
      SpanMetricsConfig config;
      config.metrics_flush_interval = 1s;
      config.dimensions = {{"d1", {}}, {"d2", "none"}};
      config.exemplars.enabled = true;
      Rig rig(config, shards);
      SpanReference reference;
      for (int i = 0; i < 120; ++i) {
        const std::vector<TestGroup> groups = random_spans(random);
        reference.add(groups, config.bounds());
        rig.feed(groups);
        if (random() % 10 == 0) rig.advance(Duration(random() % 1'500'000'000));
      }
      rig.flush_twice();
      size_t seen = 0;
      std::string all;
      for (const auto& [key, point] : rig.sink.points) {
        all += key + " " + std::to_string(point.value()) + " " + std::to_string(point.sum) + "\n";
        if (key.find("calls{") != std::string::npos) continue;
        ++seen;
        const std::string wanted = reference_key(key);
        CAPTURE(seed, shards, key, wanted);
        REQUIRE(reference.series.contains(wanted));
        REQUIRE(same(point, reference.series[wanted]));
      }
      REQUIRE(seen == reference.series.size());
      if (shards == 1) first_series = all;
      REQUIRE(all == first_series);  // also which type the first span gave a label
    }
  }
}

TEST_CASE("exemplars are the first ones received, at any number of shards") {
  for (uint32_t shards : {1u, 3u}) {
    SpanMetricsConfig config;
    config.metrics_flush_interval = 1s;
    config.exemplars = {true, 4};
    Rig rig(config, shards);
    for (uint64_t i = 1; i <= 9; ++i) rig.feed({{service("api"), {{.trace = i, .id = i}}}});
    rig.flush_twice();
    for (const auto& [key, point] : rig.sink.points) {
      REQUIRE(point.exemplars.size() == 4);
      for (uint64_t i = 0; i < 4; ++i) REQUIRE(point.exemplars[i].trace == i + 1);
    }
  }
}

// --- service graph

struct GraphReference {
  struct Half {
    Duration born{0};
    std::string client, server, connection, peer, dims_client, dims_server;
    bool has_peer = false, failed = false;
    double client_s = 0, server_s = 0;
  };
  using Key = std::pair<uint64_t, uint64_t>;
  std::map<Key, Half> halves;
  std::vector<Key> order;
  struct Sides {
    Totals client, server;
  };
  std::map<std::string, Sides> series;
  std::vector<double> bounds;
  uint64_t expired = 0;

  void count(const Half& half) {
    Sides& sides = series["{client=" + half.client + ",server=" + half.server + ",connection_type=" + half.connection +
                          ",failed=" + (half.failed ? "true" : "false") + half.dims_client + half.dims_server + "}"];
    observe(sides.client, bounds, half.client_s);
    observe(sides.server, bounds, half.server_s);
  }

  void add(const TestSpan& span, const std::vector<Tag>& resource, const std::string& name, Duration now) {
    const bool producing = span.kind == SpanKind::kProducer, consuming = span.kind == SpanKind::kConsumer;
    const bool is_client = span.kind == SpanKind::kClient || producing;
    if (!is_client && span.kind != SpanKind::kServer && !consuming) return;
    const Key key = {span.trace, is_client ? span.id : span.parent};
    if (!halves.contains(key)) {
      halves[key].born = now;
      order.push_back(key);
    }
    Half& half = halves[key];
    half.connection = producing || consuming ? "messaging_system" : "";
    half.failed |= span.status == StatusCode::kError;
    const double seconds = static_cast<double>(static_cast<uint64_t>(span.duration_ns)) / 1e9;
    const Tag* d1 = find(resource, "d1") != nullptr ? find(resource, "d1") : find(span.tags, "d1");
    const std::string dims = d1 == nullptr ? "" : (is_client ? ",client_d1=" : ",server_d1=") + d1->text;
    if (is_client) {
      half.client = name;
      half.client_s = seconds;
      half.dims_client = dims;
      const Tag* peer = find(span.tags, "peer.service");
      if (peer != nullptr) half.peer = peer->text, half.has_peer = true;
      if (const Tag* db = find(span.tags, "db.name"))
        half.server = db->text, half.server_s = seconds, half.connection = "database";
    } else {
      half.server = name;
      half.server_s = seconds;
      half.dims_server = dims;
    }
    if (half.client.empty() || half.server.empty()) return;
    count(half);
    halves.erase(key);
    std::erase(order, key);
  }

  void expire(Duration now) {
    while (!order.empty() && now > halves[order.front()].born + 2s) {
      Half half = halves[order.front()];
      const bool root = order.front().second == 0;
      halves.erase(order.front());
      order.erase(order.begin());
      ++expired;
      half.connection = "virtual_node";
      if (half.client.empty() && root) {
        half.client = "user";
        count(half);
      }
      if (half.server.empty()) {
        half.server = half.has_peer ? half.peer : "unknown";
        count(half);
      }
    }
  }
};

TEST_CASE("the service graph agrees with a reference at any number of shards") {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    for (uint32_t shards : {1u, 3u}) {
      Random random(seed);
      ServiceGraphConfig config;
      config.metrics_flush_interval = 1s;
      config.store = {2s, 100'000};
      config.store_expiration_loop = 1ns;  // every tick
      config.dimensions = {"d1"};
      config.virtual_node_peer_attributes = {{"peer.service"}};
      Rig rig(config, shards);
      GraphReference reference;
      reference.bounds = config.bounds();
      for (int i = 0; i < 150; ++i) {
        const std::vector<TestGroup> groups = random_spans(random);
        for (const TestGroup& group : groups) {
          const Tag* name = find(group.resource, "service.name");
          if (name == nullptr) continue;
          for (const TestSpan& span : group.spans)
            reference.add(span, group.resource, name->text, rig.clock.now().mono);
        }
        rig.feed(groups);
        rig.advance(Duration(random() % 200'000'000));
        reference.expire(rig.clock.now().mono);
      }
      rig.advance(10s);
      reference.expire(rig.clock.now().mono);
      rig.flush_twice();
      CHECK(rig.telemetry.numbers["otelcol_connector_servicegraph_expired_edges"].sum ==
            static_cast<double>(reference.expired));
      for (const auto& [key, sides] : reference.series) {
        CAPTURE(seed, shards, key);
        REQUIRE(same(rig.sink.at("traces_service_graph_request_client" + key), sides.client));
        REQUIRE(same(rig.sink.at("traces_service_graph_request_server" + key), sides.server));
        REQUIRE(rig.sink.at("traces_service_graph_request_total" + key).value() ==
                static_cast<double>(sides.client.count));
      }
      size_t totals = 0;
      for (const auto& [key, point] : rig.sink.points)
        totals += key.starts_with("traces_service_graph_request_total") ? 1 : 0;
      REQUIRE(totals == reference.series.size());
    }
  }
}

}  // namespace
}  // namespace weir::test
