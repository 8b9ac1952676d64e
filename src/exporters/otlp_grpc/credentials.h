// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include <grpcpp/security/credentials.h>

#include "config/tls.h"

namespace weir {

// What `tls` says, for a channel. Throws std::runtime_error where a file cannot be read.
std::shared_ptr<grpc::ChannelCredentials> make_grpc_credentials(const config::TlsClientConfig& tls, bool plaintext);

}  // namespace weir
