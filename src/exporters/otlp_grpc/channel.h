// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <grpcpp/generic/generic_stub.h>

#include "exporters/otlp_grpc/config.h"
#include "exporters/otlp_grpc/credentials.h"
#include "net/proxy.h"
#include "weir/component.h"

namespace weir {

// The way to the destination: TLS, a proxy of the environment, keepalive. Touched by one shard only.
class GrpcChannel {
 public:
  // `config` and what `env` names outlive the channel. Throws std::runtime_error where a certificate cannot be read or
  // the environment's proxy cannot be used.
  GrpcChannel(const OtlpGrpcConfig& config, const ComponentEnv& env);

  // For the next call. Every tls.reload_interval the certificates are read again; where they have changed, calls go
  // over a new connection from then on, and those under way end on the old one.
  grpc::GenericStub& stub();

 private:
  void read_again();
  void connect();

  const OtlpGrpcConfig& config_;
  const ComponentEnv env_;
  const GrpcTarget target_;
  const std::optional<net::Proxy> proxy_;
  GrpcCertificates certificates_;
  std::string unusable_;      // what the log was told last of files that cannot be used
  Duration next_reading_{0};  // mono
  std::unique_ptr<grpc::GenericStub> stub_;
};

}  // namespace weir
