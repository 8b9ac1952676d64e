// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <grpcpp/security/credentials.h>

#include "config/tls.h"

namespace weir {

// What `tls` names, read. All PEM.
struct GrpcCertificates {
  std::string authorities;  // "" = those of the system
  std::string certificate, key;
  std::string error;  // a file that cannot be read, a key of another certificate; in the collector's words
  bool operator==(const GrpcCertificates&) const = default;
};
GrpcCertificates read_grpc_certificates(const config::TlsClientConfig& tls);

std::shared_ptr<grpc::ChannelCredentials> make_grpc_credentials(const config::TlsClientConfig& tls,
                                                                const GrpcCertificates& certificates);

}  // namespace weir
