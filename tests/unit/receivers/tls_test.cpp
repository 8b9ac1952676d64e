// SPDX-License-Identifier: Apache-2.0
#include "live_receiver.h"
#include "support/catch.h"
#include "support/certificates.h"

namespace weir::test {
namespace {

std::string bind_error(const LiveReceiver::Options& options) {
  try {
    const LiveReceiver live(options);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

config::TlsServerConfig tls_of(const CertifiedKey& own) {
  config::TlsServerConfig tls;
  tls.cert_pem = own.certificate;
  tls.key_pem = own.key;
  return tls;
}

TEST_CASE("tls: what cannot be read is said before anything listens") {
  const CertifiedKey own = TestAuthority().issue();
  LiveReceiver::Options options = LiveReceiver::defaults();
  options.config.protocols.grpc->tls = tls_of(own);
  options.config.protocols.http->tls = tls_of(own);
  CHECK(bind_error(options) == "");
  options.config.protocols.http->tls->key_pem = TestAuthority().issue().key;
  const std::string wrong_key = bind_error(options);
  CHECK(wrong_key.starts_with("receivers::otlp::protocols::http::tls: failed to load TLS config: "));
  CHECK(wrong_key.find("PRIVATE") == std::string::npos);
  options.config.protocols.grpc->tls->client_ca_file = "/nowhere/ca.pem";
  const std::string no_file = bind_error(options);
  CHECK(no_file.starts_with("receivers::otlp::protocols::grpc::tls: "));
  CHECK(no_file.find("/nowhere/ca.pem") != std::string::npos);
}

TEST_CASE("tls: nobody is served in plaintext") {
  const CertifiedKey own = TestAuthority().issue();
  LiveReceiver::Options options = LiveReceiver::defaults();
  options.config.protocols.grpc->tls = tls_of(own);
  options.config.protocols.http->tls = tls_of(own);
  LiveReceiver live(options);
  const HttpAnswer answer =
      http_exchange(live.http(), http_post("/v1/traces", "application/x-protobuf", trace_request({"a"})));
  CHECK(answer.status != 200);
  GrpcClient client(live.grpc());
  CHECK(client.call(grpc_message(trace_request({"a"}))).field("grpc-status") == "");
  CHECK(live.traces.names().empty());
}

}  // namespace
}  // namespace weir::test
