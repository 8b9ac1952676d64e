// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "exporters/otlp_grpc/config.h"

namespace weir {

namespace {

bool strip(std::string& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.erase(0, prefix.size());
  return true;
}

// Splits "host:port" and "[v6]:port" as the collector's address check does; the errors are its words.
void split_host_port(const std::string& text, GrpcTarget& out) {
  const size_t colon = text.rfind(':');
  const bool in_brackets = text.starts_with('[');
  if (colon == std::string::npos || (in_brackets && text.find(']') > colon)) {
    out.error = "address " + text + ": missing port in address";
    return;
  }
  if (!in_brackets && text.find(':') != colon) {
    out.error = "address " + text + ": too many colons in address";
    return;
  }
  out.address = in_brackets ? text.substr(1, text.find(']') - 1) : text.substr(0, colon);
  out.port = text.substr(colon + 1);
  const bool is_number =
      !out.port.empty() && out.port.size() <= 5 &&
      std::all_of(out.port.begin(), out.port.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  if (!is_number || std::stoi(out.port) > 65535) out.error = "invalid port \"" + out.port + "\"";
}

}  // namespace

GrpcTarget parse_grpc_endpoint(const std::string& endpoint) {
  GrpcTarget out;
  std::string rest = endpoint;
  out.forces_tls = strip(rest, "https://");
  if (!out.forces_tls) strip(rest, "http://");
  if (rest.empty()) {
    out.error = "requires a non-empty \"endpoint\"";
    return out;
  }
  out.target = rest;
  if (strip(rest, "unix://")) {
    if (rest.empty()) out.error = "unix socket path cannot be empty";
    out.address = rest;
    return out;
  }
  if (rest.starts_with("xds:")) {
    out.error = "xds targets are not supported by this version of weir";
    return out;
  }
  if (rest.find('@') != std::string::npos) {  // the text would tell a password
    out.error = "credentials in an endpoint are not supported, use headers or an authenticator";
    return out;
  }
  // Not a scheme of the library: the address is taken as it stands there, too.
  if (strip(rest, "passthrough:///")) out.target = rest;
  if (strip(rest, "dns://")) rest.erase(0, rest.find('/') == std::string::npos ? 0 : rest.find('/') + 1);
  split_host_port(rest, out);
  return out;
}

}  // namespace weir
