// SPDX-License-Identifier: Apache-2.0
#include "extensions/page.h"

#include "config/endpoint.h"
#include "net/tls.h"

namespace weir {

namespace {

std::string address_of(const PageConfig& config, uint16_t default_port) {
  if (config.endpoint.empty()) return config::Endpoint{config::default_host(), default_port, ""}.to_string();
  std::string error;
  const auto endpoint = config::parse_endpoint(config.endpoint, config::default_host(), error);
  return endpoint ? endpoint->to_string() : config.endpoint;
}

}  // namespace

const config::Fields<PageConfig>& PageConfig::fields() {
  using T = PageConfig;
  static const config::Fields<T> kFields = [] {
    config::Fields<T> fields = {
        config::field("endpoint", &T::endpoint, "host:port of the page"),
        config::field("tls", &T::tls, "serve it over TLS"),
    };
    for (const char* key :
         {"read_timeout", "read_header_timeout", "write_timeout", "idle_timeout", "keep_alives_enabled",
          "max_request_body_size", "include_metadata", "compression_algorithms"}) {
      fields.push_back(config::accepted<T>(key, "the page server has limits of its own"));
    }
    for (const char* key : {"auth", "cors", "response_headers", "middlewares"})
      fields.push_back(config::unsupported<T>(key));
    return fields;
  }();
  return kFields;
}

void PageConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  std::string error;
  if (endpoint.empty() || config::parse_endpoint(endpoint, config::default_host(), error)) return;
  const config::Value* written = at.find("endpoint");
  problems.error(written == nullptr ? at.place : written->place, path + "::endpoint", error);
}

net::PageServer::Started start_page(const PageConfig& config, uint16_t default_port, Shards& shards,
                                    net::PageServer::Handler handler, net::TlsLog log) {
  net::TlsServer::Made tls;
  if (config.tls) tls = net::TlsServer::make(*config.tls, {"http/1.1"}, std::move(log));
  if (!tls.error.empty()) return {nullptr, tls.error};
  return net::PageServer::start(shards, address_of(config, default_port), std::move(handler), 0, std::move(tls.server));
}

}  // namespace weir
