// SPDX-License-Identifier: Apache-2.0
#include "span_fixture.h"

namespace weir::test {

namespace {

// The name of a span of that kind with those attributes (`"key", value` each).
std::string name_for(const std::string& kind, const std::vector<std::string>& attributes) {
  std::vector<std::string> statements{"keep_keys(attributes, [\"none\"])", "set(kind, SPAN_KIND_" + kind + ")",
                                      "set(name, \"before\")"};
  for (const std::string& one : attributes) {
    const size_t comma = one.find(',');
    statements.push_back("set(attributes[" + one.substr(0, comma) + "], " + one.substr(comma + 1) + ")");
  }
  statements.emplace_back("set_semconv_span_name(\"1.37.0\", \"old\")");
  const Ran ran = run_group(span_group(std::move(statements)), batch_of(sample_request()));
  REQUIRE(ran.ok);
  const auto fields = fields_of(ran.batch);
  const std::string name = fields.at("name");
  // The name of before is kept where it was replaced.
  CHECK((fields.contains("attributes[\"old\"]") == (name != "\"before\"")));
  return name;
}

}  // namespace

TEST_CASE("set_semconv_span_name: names by the semantic conventions") {
  const std::string get = "\"http.request.method\",\"GET\"", route = "\"http.route\",\"/a/{id}\"";
  CHECK(name_for("SERVER", {get, route}) == "\"GET /a/{id}\"");
  CHECK(name_for("SERVER", {"\"http.method\",\"GET\""}) == "\"GET\"");
  CHECK(name_for("CLIENT", {get, route}) == "\"GET\"");
  CHECK(name_for("CLIENT", {get, "\"url.template\",\"/b\""}) == "\"GET /b\"");
  CHECK(name_for("INTERNAL", {get, route}) == "\"before\"");
  CHECK(name_for("SERVER", {}) == "\"before\"");
  CHECK(name_for("CLIENT", {"\"rpc.system\",\"grpc\"", "\"rpc.service\",\"shop.Cart\"", "\"rpc.method\",\"Add\""}) ==
        "\"shop.Cart/Add\"");
  CHECK(name_for("CLIENT", {"\"db.system\",\"mysql\"", "\"db.operation.name\",\"SELECT\"", "\"db.namespace\",\"s\"",
                            "\"db.collection.name\",\"t\""}) == "\"SELECT s.t\"");
  CHECK(name_for("PRODUCER", {"\"messaging.system\",\"kafka\"", "\"messaging.operation.name\",\"publish\"",
                              "\"messaging.destination.name\",\"orders\""}) == "\"publish orders\"");
}

}  // namespace weir::test
