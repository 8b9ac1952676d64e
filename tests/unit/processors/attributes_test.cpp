// SPDX-License-Identifier: Apache-2.0
#include "processors/attributes/attributes.h"

#include "fixture.h"
#include "processors/resource/resource.h"
#include "processors/span/span.h"

namespace weir::test {

namespace {

template <class Config>
Batch passed(const std::string& yaml, std::unique_ptr<Processor> (*make)(const Config&, const ComponentEnv&),
             Batch batch) {
  static World world;  // outlives what is handed back: its budget counts those bytes
  Sink sink(world.ledger, world.destination);
  const auto processor = make(good_config<Config>(yaml), world.env);
  processor->make_stage(world.place(), sink)->consume(std::move(batch));
  REQUIRE(sink.batches.size() == 1);
  return std::move(sink.batches[0]);
}

TestSpan tagged(std::vector<Tag> tags) {
  TestSpan span;
  span.tags = std::move(tags);
  return span;
}

// "key=text …" of the only span.
std::string attributes_of(const Batch& batch) {
  std::string all;
  otlp::for_each_span_attribute(batch, batch.spans[0], [&all](const otlp::Attribute& attribute) {
    all += (all.empty() ? "" : " ") + std::string(attribute.key) + "=" + otlp::to_text(attribute.value);
  });
  return all;
}

std::string after(const std::string& actions, std::vector<Tag> tags, ContextRef context = nullptr) {
  Batch batch = request({tagged(std::move(tags))});
  batch.context = std::move(context);
  return attributes_of(passed<AttributesConfig>("actions: " + actions, make_attributes, std::move(batch)));
}

}  // namespace

TEST_CASE("attributes: insert, update, upsert, delete") {
  const std::vector<Tag> tags{Tag::string("a", "1"), Tag::integer("b", 2)};
  CHECK(after("[{key: a, value: x, action: insert}, {key: c, value: 3, action: INSERT}]", tags) == "a=1 b=2 c=3");
  CHECK(after("[{key: a, value: x, action: update}, {key: c, value: y, action: update}]", tags) == "a=x b=2");
  CHECK(after("[{key: a, from_attribute: b, action: upsert}, {key: c, value: true, action: upsert}]", tags) ==
        "a=2 b=2 c=true");
  CHECK(after("[{key: a, action: delete}, {key: none, action: delete}]", tags) == "b=2");
  CHECK(after("[{pattern: '^[ab]$', action: delete}, {key: c, value: [1, x], action: insert}]", tags) == "c=[1,\"x\"]");
  CHECK(after("[{key: c, from_attribute: none, default_value: d, action: insert}]", tags) == "a=1 b=2 c=d");
}

TEST_CASE("attributes: hash, extract, convert") {
  CHECK(after("[{key: a, action: hash}]", {Tag::string("a", "abc")}) ==
        "a=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(after("[{key: url, pattern: '^/(?P<first>\\w+)/(?P<second>\\w+)', action: extract}]",
              {Tag::string("url", "/x/y/z"), Tag::string("second", "old")}) == "url=/x/y/z second=y first=x");
  CHECK(after("[{key: a, converted_type: int, action: convert}, {key: b, converted_type: string, action: convert}, "
              "{key: c, converted_type: double, action: convert}]",
              {Tag::string("a", "42"), Tag::integer("b", 7), Tag::string("c", "no")}) == "a=42 b=7 c=no");
}

TEST_CASE("attributes: values from the client") {
  auto context = std::make_shared<Context>();
  context->peer = "10.0.0.7:4711";
  context->metadata = {{"x-tenant", "acme"}, {"x-tenant", "corp"}};
  CHECK(after("[{key: t, from_context: metadata.X-Tenant, action: insert}, {key: ip, from_context: client.address, "
              "action: insert}, {key: n, from_context: auth.subject, action: insert}]",
              {}, context) == "t=acme;corp ip=10.0.0.7");
}

TEST_CASE("attributes: what is not changed keeps its bytes") {
  Batch batch = request({tagged({Tag::string("a", "1")})});
  const Batch same =
      passed<AttributesConfig>("actions: [{key: a, value: '1', action: upsert}]", make_attributes, std::move(batch));
  CHECK(same.whole);
}

TEST_CASE("attributes: include and exclude") {
  const auto hit = [](const std::string& blocks) {
    Batch batch = request({{{Tag::string("service.name", "shop")}, {tagged({Tag::integer("code", 200)})}}});
    const auto yaml = blocks + "\nactions: [{key: hit, value: true, action: insert}]";
    return attributes_of(passed<AttributesConfig>(yaml, make_attributes, std::move(batch))) == "code=200 hit=true";
  };
  CHECK(hit("include: {match_type: strict, services: [shop]}"));
  CHECK_FALSE(hit("include: {match_type: strict, services: [other]}"));
  CHECK(hit("include: {match_type: strict, attributes: [{key: code, value: 200}]}"));
  CHECK_FALSE(hit("include: {match_type: strict, attributes: [{key: code, value: '200'}]}"));
  CHECK(hit("include: {match_type: regexp, attributes: [{key: code, value: '^2'}]}"));
  CHECK_FALSE(hit("exclude: {match_type: regexp, resources: [{key: service.name, value: '^sh'}]}"));
  CHECK(hit("include: {match_type: strict, attributes: [{key: code}]}"));
  CHECK_FALSE(hit("include: {match_type: strict, span_names: [other]}"));
  CHECK(hit("include: {match_type: regexp, span_names: ['^oper']}"));
}

TEST_CASE("attributes: wrong actions are refused") {
  const auto problem = [](const std::string& actions) {
    const auto problems = read_config<AttributesConfig>("actions: " + actions).second;
    return problems.empty() ? "" : problems[0];
  };
  CHECK(problem("[]") == "processors::p: missing required field \"actions\"");
  CHECK(
      problem("[{key: a, action: zap}]") ==
      "processors::p::actions::0: key \"a\": unknown action \"zap\", expected one of: insert, update, upsert, delete, "
      "hash, extract, convert");
  CHECK(problem("[{key: a, action: insert}]") ==
        "processors::p::actions::0: key \"a\": action \"insert\" needs \"value\", \"from_attribute\", \"from_context\" "
        "or \"default_value\"");
  CHECK(problem("[{key: a, value: 1, from_attribute: b, action: insert}]") ==
        "processors::p::actions::0: key \"a\": action \"insert\" takes one source of its value only");
  CHECK(problem("[{action: delete}]") == "processors::p::actions::0: \"key\" or \"pattern\" is missing");
  CHECK(problem("[{key: a, pattern: '(x)', action: extract}]") ==
        "processors::p::actions::0: all groups of the pattern need a name: (?P<name>…)");
  CHECK(
      problem("[{key: a, converted_type: date, action: convert}]") ==
      "processors::p::actions::0: key \"a\": action \"convert\" needs \"converted_type\": one of int, double, string");
}

TEST_CASE("resource: actions on resources, once each") {
  Batch batch = request({{{Tag::string("service.name", "shop")}, {tagged({}), tagged({})}}});
  const Batch out = passed<ResourceConfig>(
      "attributes: [{key: env, value: prod, action: insert}, {key: service.name, action: delete}]", make_resource,
      std::move(batch));
  CHECK(otlp::find_resource_attribute(out, 0, "env")->bytes == "prod");
  CHECK_FALSE(otlp::find_resource_attribute(out, 0, "service.name"));
  CHECK(out.spans.size() == 2);
  CHECK(read_config<ResourceConfig>("{}").second.size() == 1);
}

TEST_CASE("span: names from and to attributes, status") {
  const auto named = [](const std::string& yaml, std::vector<Tag> tags) {
    return passed<SpanConfig>(yaml, make_span, request({tagged(std::move(tags))}));
  };
  const std::vector<Tag> tags{Tag::string("a", "x"), Tag::integer("b", 2), Tag::real("c", 0.5)};
  Batch out = named("name: {from_attributes: [a, b, c], separator: '::'}", tags);
  CHECK(out.name(out.spans[0]) == "x::2::0.5");
  out = named("name: {from_attributes: [a, none]}", tags);
  CHECK(out.name(out.spans[0]) == "operation");
  out = named("name: {to_attributes: {rules: ['^(?P<op>oper)a(?P<rest>.*)$']}}", {});
  CHECK(out.name(out.spans[0]) == "{op}a{rest}");
  CHECK(attributes_of(out) == "op=oper rest=tion");
  out = named("status: {code: Error, description: why}", {});
  CHECK(out.spans[0].status == StatusCode::kError);
  CHECK(otlp::status_message(out, out.spans[0]) == "why");
  CHECK(read_config<SpanConfig>("{}").second.size() == 1);
  CHECK(read_config<SpanConfig>("status: {code: Bad}").second.size() == 1);
}

}  // namespace weir::test
