// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/credentials.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "net/tls.h"

namespace weir {

namespace {

constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";

// `file` where one is named, else `written`.
std::string read_pem(const std::string& file, const std::string& written) {
  if (file.empty()) return written;
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// SSL_CERT_FILE names the system's authorities where they are elsewhere, as for every program that uses TLS.
std::string system_authorities(const char* otherwise) {
  const char* named = std::getenv("SSL_CERT_FILE");
  return read_pem(named == nullptr || *named == '\0' ? otherwise : named, "");
}

std::string authorities_of(const config::TlsClientConfig& tls) {
  const std::string roots = read_pem(tls.ca_file, tls.ca_pem);
  if (roots.empty()) return system_authorities("");
  return tls.include_system_ca_certs_pool ? roots + "\n" + system_authorities(kSystemAuthorities) : roots;
}

std::shared_ptr<grpc::ChannelCredentials> make_unverified(const GrpcCertificates& certificates) {
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  options.set_certificate_verifier(std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  if (!certificates.certificate.empty()) {
    const std::vector<grpc::experimental::IdentityKeyCertPair> pairs = {{certificates.key, certificates.certificate}};
    options.set_certificate_provider(std::make_shared<grpc::experimental::StaticDataCertificateProvider>(pairs));
    options.watch_identity_key_cert_pairs();
  }
  return grpc::experimental::TlsCredentials(options);
}

}  // namespace

GrpcCertificates read_grpc_certificates(const config::TlsClientConfig& tls) {
  // The library says little about what is wrong with a certificate, and late; our own TLS says it now.
  const std::string error = net::TlsClient::make(tls, {"h2"}).error;
  if (!error.empty()) return {{}, {}, {}, error};
  return {authorities_of(tls), read_pem(tls.cert_file, tls.cert_pem), read_pem(tls.key_file, tls.key_pem), {}};
}

std::shared_ptr<grpc::ChannelCredentials> make_grpc_credentials(const config::TlsClientConfig& tls,
                                                                const GrpcCertificates& certificates) {
  if (tls.insecure_skip_verify) return make_unverified(certificates);
  return grpc::SslCredentials({certificates.authorities, certificates.key, certificates.certificate});
}

}  // namespace weir
