// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/fields.h"
#include "config/tls.h"
#include "net/page_server.h"

namespace weir {

// Where an extension serves its pages: the keys of the collector's HTTP server block that a page needs.
struct PageConfig {
  std::string endpoint;  // "" = WEIR_DEFAULT_HOST (127.0.0.1) and the extension's port
  std::optional<config::TlsServerConfig> tls;

  static const config::Fields<PageConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

// `log`: hears of certificates.
net::PageServer::Started start_page(const PageConfig& config, uint16_t default_port, Shards& shards,
                                    net::PageServer::Handler handler, net::TlsLog log = {});

}  // namespace weir
