// SPDX-License-Identifier: Apache-2.0
// TLS, certificates that change, and authenticators of the gRPC exporter.
#include <algorithm>

#include "config/yaml.h"
#include "grpc_fixture.h"
#include "support/certificates.h"

namespace weir::test {

namespace {

std::shared_ptr<grpc::ServerCredentials> identity(const CertifiedKey& own, const std::string& client_authority = "") {
  grpc::SslServerCredentialsOptions options(client_authority.empty()
                                                ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                                : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = client_authority;
  options.pem_key_cert_pairs.push_back({own.key, own.certificate});
  return grpc::SslServerCredentials(options);
}

OtlpGrpcConfig over_tls(const Server& server) {
  OtlpGrpcConfig config = to(server);
  config.tls = {};
  config.retry_on_failure.enabled = false;
  return config;
}

bool arrives(const OtlpGrpcConfig& config) { return GrpcWorld(config).deliver(1).outcome == Outcome::kExported; }

// An authenticator that says what the test wants it to say.
struct ScriptedAuth final : Authenticators, ClientAuth {
  using Headers = std::vector<std::pair<std::string, std::string>>;
  Headers headers() const override {
    const std::lock_guard lock(mutex);
    return next;
  }
  std::shared_ptr<const ClientAuth> client(const std::string& id) const override {
    return id == "basicauth/otlp" ? std::shared_ptr<const ClientAuth>(std::shared_ptr<void>(), this) : nullptr;
  }
  std::shared_ptr<const ServerAuth> server(const std::string&) const override { return nullptr; }
  void say(Headers headers) {
    const std::lock_guard lock(mutex);
    next = std::move(headers);
  }
  mutable std::mutex mutex;
  Headers next;
};

std::string errors_of(const std::string& yaml) {
  config::Problems problems;
  const config::Value value = config::parse_yaml("endpoint: host:4317\n" + yaml, "c.yaml", problems);
  OtlpGrpcConfig settings;
  config::decode(config::At{value, "exporters::otlp", problems}, settings);
  std::string out;
  for (const config::Problem& problem : problems.all()) out += problem.warning ? "" : problem.to_string() + "\n";
  return out;
}

}  // namespace

TEST_CASE("otlp_grpc: a server is trusted by the config's authority and by its name, or not at all") {
  const TestAuthority authority, other("another authority");
  Server server({}, true, identity(authority.issue({.names = {"DNS:localhost", "IP:127.0.0.1"}})));
  OtlpGrpcConfig config = over_tls(server);
  CHECK(GrpcWorld(config).deliver(1).detail.starts_with("rpc error: code = Unavailable"));
  config.tls.ca_pem = other.certificate();
  CHECK_FALSE(arrives(config));
  config.tls.ca_pem = authority.certificate();
  CHECK(arrives(config));
  const TestDirectory directory;
  config.tls.ca_pem.clear();
  config.tls.ca_file = directory.write("ca.pem", other.certificate() + authority.certificate());
  CHECK(arrives(config));
  for (const std::string name : {"elsewhere", "localhost"}) {
    config.tls.server_name_override = name;
    CHECK(arrives(config) == (name == "localhost"));
    config.tls.server_name_override.clear();
    config.authority = name + ":4317";  // the name that is asked for, as in grpc-go
    CHECK(arrives(config) == (name == "localhost"));
    config.authority.clear();
  }
  config.tls.include_system_ca_certs_pool = true;
  CHECK(arrives(config));
}

TEST_CASE("otlp_grpc: an unverified server is spoken to where the config asks, certificate of ours included") {
  const TestAuthority authority, of_clients;
  Server server({}, true, identity(authority.issue(), of_clients.certificate()));
  OtlpGrpcConfig config = over_tls(server);
  config.tls.insecure_skip_verify = true;
  CHECK_FALSE(arrives(config));
  const CertifiedKey own = of_clients.issue({.common_name = "weir"});
  config.tls.cert_pem = own.certificate;
  config.tls.key_pem = own.key;
  CHECK(arrives(config));
}

TEST_CASE("otlp_grpc: https:// and authorities of its own mean TLS whatever `insecure` says") {
  const TestAuthority authority;
  Server server({}, true, identity(authority.issue()));
  OtlpGrpcConfig config = over_tls(server);
  config.tls.insecure = true;
  CHECK_FALSE(arrives(config));
  config.tls.ca_pem = authority.certificate();
  CHECK(arrives(config));
  config.tls.ca_pem.clear();
  config.tls.insecure_skip_verify = true;
  config.endpoint = "https://" + server.endpoint();
  CHECK(arrives(config));
}

TEST_CASE("otlp_grpc: mutual TLS; certificates that change are read again, broken ones are not taken") {
  const TestAuthority authority, wrong;
  Server server({}, true, identity(authority.issue(), authority.certificate()));
  const TestDirectory directory;
  const CertifiedKey good = authority.issue({.common_name = "weir"});
  const CertifiedKey bad = wrong.issue({.common_name = "weir"});
  OtlpGrpcConfig config = over_tls(server);
  config.tls.ca_pem = authority.certificate();
  config.tls.cert_file = directory.write("cert.pem", bad.certificate);
  config.tls.key_file = directory.write("key.pem", bad.key);
  config.tls.reload_interval = seconds(10);
  GrpcWorld world(config);
  const auto pass = [&](Duration time) { on(world.loops.at(0), [&] { return world.clock.advance(time), true; }); };
  CHECK(world.deliver(1).outcome == Outcome::kDropped);
  directory.write("cert.pem", good.certificate);
  pass(seconds(11));
  CHECK(world.deliver(1).outcome == Outcome::kDropped);  // the key is that of another certificate
  CHECK(world.log.lines.at(1).starts_with("warn certificates could not be read again; those from before stay error="));
  pass(seconds(11));
  CHECK(world.deliver(1).outcome == Outcome::kDropped);
  const auto unusable = [](const std::string& line) { return line.find("could not be read again") != line.npos; };
  CHECK(std::count_if(world.log.lines.begin(), world.log.lines.end(), unusable) == 1);  // said once
  directory.write("key.pem", good.key);
  CHECK(world.deliver(1).outcome == Outcome::kDropped);  // not yet
  pass(seconds(11));
  CHECK(world.deliver(1).outcome == Outcome::kExported);
  directory.write("cert.pem", "nonsense");
  pass(seconds(11));
  CHECK(world.deliver(1).outcome == Outcome::kExported);
  for (const std::string& line : world.log.lines) CHECK(line.find("PRIVATE KEY") == std::string::npos);
}

TEST_CASE("otlp_grpc: each call carries what the authenticator says then, instead of a header of that name") {
  const TestAuthority authority;
  Server server({}, true, identity(authority.issue()));
  OtlpGrpcConfig config = over_tls(server);
  config.tls.ca_pem = authority.certificate();
  config.auth.authenticator = "basicauth/otlp";
  config.headers = {{"Authorization", "Basic old"}, {"X-Scope-OrgID", "t1"}};
  ScriptedAuth auth;
  auth.say({{"authorization", "Basic dXNlcjpwYXNz"}});
  GrpcWorld world(config, &auth);
  CHECK(world.deliver(1).outcome == Outcome::kExported);
  auth.say({{"authorization", "Basic bmV3"}});
  CHECK(world.deliver(1).outcome == Outcome::kExported);
  auth.say({{"authorization", "broken\nline"}});
  CHECK(world.deliver(1).outcome == Outcome::kExported);
  const std::vector<Got> received = server.received();
  REQUIRE(received.size() == 3);
  CHECK(received[0].metadata.count("authorization") == 1);
  CHECK(received[0].metadata.find("authorization")->second == "Basic dXNlcjpwYXNz");
  CHECK(received[0].metadata.find("x-scope-orgid")->second == "t1");
  CHECK(received[1].metadata.find("authorization")->second == "Basic bmV3");
  CHECK(received[2].metadata.count("authorization") == 0);
}

TEST_CASE("otlp_grpc: a refusal of the credentials names none of them") {
  const TestAuthority authority;
  Server server({{grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "invalid credentials")}}, true,
                identity(authority.issue()));
  OtlpGrpcConfig config = over_tls(server);
  config.tls.ca_pem = authority.certificate();
  config.auth.authenticator = "basicauth/otlp";
  config.headers = {{"x-api-key", "s3cret"}};
  ScriptedAuth auth;
  auth.say({{"authorization", "Basic s3cret"}});
  GrpcWorld world(config, &auth);
  const Settled how = world.deliver(1);
  CHECK(how.reason == DropReason::kRefused);
  CHECK(how.detail.find("s3cret") == std::string::npos);
  for (const std::string& line : world.log.lines) CHECK(line.find("s3cret") == std::string::npos);
  for (const auto& [name, value] : world.telemetry.numbers) CHECK(name.find("s3cret") == std::string::npos);
}

TEST_CASE("otlp_grpc: an authenticator that is not there is a start error") {
  OtlpGrpcConfig config;
  config.endpoint = "127.0.0.1:1";
  config.auth.authenticator = "basicauth/none";
  const ScriptedAuth auth;
  CHECK_THROWS_WITH(
      GrpcWorld(config, &auth),
      "exporters::otlp::auth: failed to resolve authenticator \"basicauth/none\": authenticator not found");
}

TEST_CASE("otlp_grpc: a certificate that cannot be read is a start error") {
  OtlpGrpcConfig config;
  config.endpoint = "127.0.0.1:1";
  config.tls.ca_file = "/nowhere/ca.pem";
  CHECK_THROWS_WITH(GrpcWorld(config),
                    "exporters::otlp::tls: failed to load TLS config: failed to load CA CertPool File: failed to load "
                    "CA /nowhere/ca.pem: open /nowhere/ca.pem: no such file or directory");
  config.tls.insecure = true;  // a CA means TLS all the same
  CHECK_THROWS_WITH(GrpcWorld(config), Catch::Matchers::Contains("/nowhere/ca.pem"));
}

TEST_CASE("otlp_grpc: settings that cannot be are named with their place") {
  const std::string tls = "c.yaml:2:6: exporters::otlp: ";
  const auto at = [](int column) { return "c.yaml:2:" + std::to_string(column) + ": exporters::otlp::tls: "; };
  const std::string kCannot = " is not supported for gRPC by this version of weir, which speaks TLS 1.2 and 1.3\n";
  CHECK(errors_of("tls: {min_version: \"1.3\"}") == at(20) + "min_version \"1.3\"" + kCannot);
  CHECK(errors_of("tls: {max_version: \"1.2\"}") == at(20) + "max_version \"1.2\"" + kCannot);
  CHECK(errors_of("tls: {min_version: \"1.2\", max_version: \"1.3\"}").empty());
  CHECK(errors_of("tls: {cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]}") ==
        at(22) + "cipher_suites" + kCannot);
  CHECK(errors_of("tls: {curve_preferences: [X25519]}") == at(26) + "curve_preferences" + kCannot);
  CHECK(errors_of("tls: {min_version: \"9\"}") == at(20) + "invalid TLS min_version: unsupported TLS version: \"9\"\n");
  CHECK(errors_of("tls: {ca_pem: nonsense}")
            .starts_with(tls + "failed to load TLS config: failed to load CA CertPool PEM"));
  CHECK(errors_of("tls: {ca_file: /nowhere/ca.pem}").empty());  // said at start, where the files are
  CHECK(errors_of("tls: {insecure: true, cert_file: /nowhere/c.pem, key_file: /nowhere/k.pem}").empty());
  CHECK(errors_of("headers: {\"a b\": x}").find("header \"a b\" has a name or value that gRPC cannot carry") !=
        std::string::npos);
  const std::string secret = errors_of("headers: {authorization: \"Bearer s3cret\\n\"}");
  CHECK(secret.find("\"authorization\"") != std::string::npos);
  CHECK(secret.find("s3cret") == std::string::npos);
  CHECK(errors_of("auth: {authenticator: basicauth/otlp}").empty());
  CHECK(errors_of("auth: {}").find("`authenticator` must name an extension") != std::string::npos);
  CHECK(errors_of("auth: {authenticator: basicauth/otlp}\ntls: {insecure: true}") ==
        "c.yaml:2:7: exporters::otlp: the credentials of \"basicauth/otlp\" require transport level security, and "
        "tls.insecure turns it off\n");
  CHECK(errors_of("compression: lz4").find("unsupported compression type \"lz4\"") != std::string::npos);
  CHECK(errors_of("compression: zstd").find("not supported over gRPC") != std::string::npos);
  CHECK(errors_of("balancer_name: pick_first\nwait_for_ready: true\nkeepalive: {time: 1m, timeout: 5s}").empty());
  CHECK(errors_of("balancer_name: weighted").find("invalid balancer_name: weighted") != std::string::npos);
  CHECK(errors_of("keepalive: {tme: 1m}").find("time") != std::string::npos);
}

}  // namespace weir::test
