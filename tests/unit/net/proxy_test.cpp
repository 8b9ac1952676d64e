// SPDX-License-Identifier: Apache-2.0
#include "net/proxy.h"

#include <map>

#include "support/catch.h"

using namespace weir::net;

namespace {

using Variables = std::map<std::string, std::string>;

ProxyChoice chosen(const std::string& url, const Variables& variables, std::string_view written = "") {
  std::string error;
  const auto parsed = parse_url(url, error);
  REQUIRE(parsed);
  return choose_proxy(written, *parsed, [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? "" : found->second;
  });
}

std::string host_of(const std::string& url, const Variables& variables, std::string_view written = "") {
  const ProxyChoice choice = chosen(url, variables, written);
  CHECK(choice.error == "");
  return choice.proxy ? choice.proxy->url.host : "direct";
}

}  // namespace

TEST_CASE("the environment's proxy by scheme, capitals first") {
  const Variables both = {{"HTTP_PROXY", "http://plain:3128"}, {"HTTPS_PROXY", "secure:3129"}};
  CHECK(host_of("http://tempo:4318", both) == "plain");
  CHECK(host_of("https://tempo", both) == "secure");
  CHECK(host_of("https://tempo", {{"HTTP_PROXY", "http://plain:3128"}}) == "direct");
  CHECK(host_of("http://tempo", {{"http_proxy", "http://small:1"}}) == "small");
  CHECK(host_of("http://tempo", {{"http_proxy", "http://small:1"}, {"HTTP_PROXY", "large:1"}}) == "large");
  CHECK(host_of("http://tempo", {}) == "direct");
}

TEST_CASE("what is never proxied by the environment, and a written proxy holds for it too") {
  const Variables proxy = {{"HTTP_PROXY", "p:1"}};
  for (const char* url : {"http://localhost:4318", "http://LOCALHOST", "http://127.0.0.1", "http://127.8.9.1:80",
                          "http://[::1]:4318", "http://[::ffff:127.0.0.1]"}) {
    CAPTURE(url);
    CHECK(host_of(url, proxy) == "direct");
    CHECK(host_of(url, proxy, "http://written:3128") == "written");
  }
  CHECK(host_of("http://localhost.example.org", proxy) == "p");
  CHECK(host_of("http://tempo", {{"NO_PROXY", "*"}, {"HTTP_PROXY", "p:1"}}, "w:1") == "w");
}

TEST_CASE("NO_PROXY") {
  struct Case {
    const char* no_proxy;
    const char* url;
    bool direct;
  };
  const Case cases[] = {
      {"*", "http://anything", true},
      {"example.org", "http://example.org", true},
      {"example.org", "http://a.example.org:81", true},
      {"example.org", "http://badexample.org", false},
      {".example.org", "http://example.org", false},
      {".example.org", "http://a.example.org", true},
      {"*.example.org", "http://a.b.example.org", true},
      {"*.example.org", "http://example.org", false},
      {"EXAMPLE.org", "http://Example.ORG", true},
      {"example.org:8080", "http://example.org:8080", true},
      {"example.org:8080", "http://example.org", false},
      {"example.org:80", "http://example.org", true},
      {" a , ,example.org ", "http://example.org", true},
      {"10.0.0.0/8", "http://10.20.30.40:4318", true},
      {"10.0.0.0/8", "http://11.20.30.40", false},
      {"10.1.2.3/8", "http://10.9.9.9", true},
      {"10.0.0.0/8", "http://ten.example.org", false},
      {"192.168.1.7", "http://192.168.1.7:9", true},
      {"192.168.1.7:9", "http://192.168.1.7:9", true},
      {"192.168.1.7:9", "http://192.168.1.7:10", false},
      {"fd00::/8", "http://[fd12::1]", true},
      {"fd00::/8", "http://[fe80::1]", false},
      {"[fd00::1]:80", "http://[fd00::1]", true},
      {"fd00::1", "http://[fd00::1]:99", true},
      {"10.0.0.0/8", "http://[::ffff:10.1.1.1]", true},
      {":80,:,[,10.0.0.0/99", "http://example.org", false},
      {"0.0.0.0/0", "http://8.8.8.8", true},
  };
  for (const Case& c : cases) {
    CAPTURE(c.no_proxy, c.url);
    CHECK(host_of(c.url, {{"HTTP_PROXY", "p:1"}, {"NO_PROXY", c.no_proxy}}) == (c.direct ? "direct" : "p"));
  }
  CHECK(host_of("http://a", {{"HTTP_PROXY", "p:1"}, {"no_proxy", "a"}}) == "direct");
}

TEST_CASE("a proxy's URL") {
  const auto proxy_of = [](std::string_view text) {
    const ProxyChoice choice = parse_proxy(text);
    CHECK(choice.error == "");
    REQUIRE(choice.proxy);
    return *choice.proxy;
  };
  CHECK(proxy_of("proxy").url.port == 80);
  CHECK(proxy_of("https://proxy").url.port == 443);
  CHECK(proxy_of("proxy").authorization == "");
  const Proxy known = proxy_of("HTTP://Aladdin:open%20sesame@proxy:3128/");
  CHECK((known.url.scheme == "http" && known.url.host == "proxy" && known.url.port == 3128));
  CHECK(known.authorization == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  CHECK(proxy_of("a@b@proxy").authorization == "Basic YUBiOg==");
  CHECK(proxy_of("http://u:p%3Aw@proxy").authorization == "Basic dTpwOnc=");
}

TEST_CASE("proxies that cannot be used are named without their secrets") {
  CHECK(parse_proxy("socks5://me:secret@proxy").error ==
        "a proxy of type socks5:// is not supported, only http:// and https://");
  for (const char* bad : {"http://", "http://me:secret@", "http://me:secret@proxy:x", "http://me:secret%2@proxy",
                          "a b:c:d", "http://me:secret@:80"}) {
    CAPTURE(bad);
    const ProxyChoice choice = parse_proxy(bad);
    CHECK_FALSE(choice.proxy);
    CHECK(choice.error != "");
    CHECK(choice.error.find("secret") == std::string::npos);
  }
  CHECK(chosen("https://a", {{"HTTPS_PROXY", "socks5://x"}}).error.starts_with("HTTPS_PROXY: a proxy of type socks5"));
  CHECK(chosen("https://a", {{"HTTPS_PROXY", "socks5://x"}, {"NO_PROXY", "a"}}).error == "");
}
