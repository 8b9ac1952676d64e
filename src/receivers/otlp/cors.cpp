// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/cors.h"

#include <algorithm>

#include "receivers/otlp/text.h"

namespace weir {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) (out += out.empty() ? "" : ", ") += word;
  return out;
}

void add_origin(net::Response& response, const std::string& origin) {
  // The origin itself, never "*": browsers do not take that together with credentials, which sendBeacon always sends.
  response.fields.push_back({"access-control-allow-origin", origin});
  response.fields.push_back({"access-control-allow-credentials", "true"});
}

}  // namespace

Cors::Cors(const OtlpCorsConfig& config)
    : on_(!config.allowed_origins.empty()), exposed_(joined(config.exposed_headers)) {
  for (const std::string& written : config.allowed_origins) {
    const std::string origin = lower(written);
    const size_t star = origin.find('*');
    if (star == std::string::npos) {
      origins_.push_back(origin);
    } else {
      patterns_.push_back({origin.substr(0, star), origin.substr(star + 1)});
    }
  }
  headers_ = {"accept", "accept-language", "content-type", "content-language"};
  if (config.allowed_headers.empty()) headers_.push_back("x-requested-with");
  for (const std::string& name : config.allowed_headers) headers_.push_back(lower(name));
  any_header_ = contains(headers_, "*");
  if (config.max_age != 0) max_age_ = std::to_string(std::max(config.max_age, 0));
}

bool Cors::allows(std::string_view origin) const {
  if (origin.empty()) return false;
  const std::string word = lower(origin);
  return contains(origins_, word) || std::any_of(patterns_.begin(), patterns_.end(), [&](const Pattern& pattern) {
           return word.size() >= pattern.prefix.size() + pattern.suffix.size() && word.starts_with(pattern.prefix) &&
                  word.ends_with(pattern.suffix);
         });
}

bool Cors::allows_headers(std::string_view list) const {
  if (any_header_) return true;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string_view name = trimmed(list.substr(0, comma));
    if (!name.empty() && !contains(headers_, lower(name))) return false;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return true;
}

std::optional<net::Response> Cors::preflight(const net::RequestHead& head) const {
  const std::string_view method = head.find("access-control-request-method");
  if (!on_ || head.method() != "OPTIONS" || method.empty()) return {};
  net::Response response{.status = 204};
  response.fields.push_back({"vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"});
  const std::string origin = allowed_origin(head);
  const std::string_view headers = head.find("access-control-request-headers");
  const bool known = method == "GET" || method == "POST" || method == "HEAD" || method == "OPTIONS";
  if (origin.empty() || !known || !allows_headers(headers)) return response;
  add_origin(response, origin);
  response.fields.push_back({"access-control-allow-methods", std::string(method)});
  if (!headers.empty()) response.fields.push_back({"access-control-allow-headers", std::string(headers)});
  if (!max_age_.empty()) response.fields.push_back({"access-control-max-age", max_age_});
  return response;
}

std::string Cors::allowed_origin(const net::RequestHead& head) const {
  if (!on_) return {};
  const std::string_view origin = head.find("origin");
  return allows(origin) ? std::string(origin) : std::string();
}

void Cors::add_to(net::Response& response, const std::string& allowed_origin) const {
  if (!on_) return;
  response.fields.push_back({"vary", "Origin"});
  if (allowed_origin.empty()) return;
  add_origin(response, allowed_origin);
  if (!exposed_.empty()) response.fields.push_back({"access-control-expose-headers", exposed_});
}

}  // namespace weir
