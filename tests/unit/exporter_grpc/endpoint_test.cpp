// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/config.h"
#include "exporters/otlp_grpc/status.h"
#include "otlp/writer.h"
#include "support/catch.h"

namespace weir::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("where a gRPC endpoint leads") {
  struct Row {
    std::string endpoint, target, address, port;
    bool tls;
  };
  const std::vector<Row> rows = {
      {"host:4317", "host:4317", "host", "4317", false},
      {"http://host:4317", "host:4317", "host", "4317", false},
      {"https://host:4317", "host:4317", "host", "4317", true},
      {"127.0.0.1:4317", "127.0.0.1:4317", "127.0.0.1", "4317", false},
      {"[::1]:4317", "[::1]:4317", "::1", "4317", false},
      {"dns:///host:4317", "dns:///host:4317", "host", "4317", false},
      {"dns://8.8.8.8/host:4317", "dns://8.8.8.8/host:4317", "host", "4317", false},
      {"passthrough:///host:4317", "host:4317", "host", "4317", false},
      {"unix:///run/otlp.sock", "unix:///run/otlp.sock", "/run/otlp.sock", "", false},
  };
  for (const Row& row : rows) {
    INFO(row.endpoint);
    const GrpcTarget found = parse_grpc_endpoint(row.endpoint);
    CHECK(found.error.empty());
    CHECK(found.target == row.target);
    CHECK(found.address == row.address);
    CHECK(found.port == row.port);
    CHECK(found.forces_tls == row.tls);
  }
}

TEST_CASE("what is wrong with a gRPC endpoint") {
  CHECK(parse_grpc_endpoint("").error == "requires a non-empty \"endpoint\"");
  CHECK(parse_grpc_endpoint("http://").error == "requires a non-empty \"endpoint\"");
  CHECK(parse_grpc_endpoint("https://u:secret@h:4317").error ==
        "credentials in an endpoint are not supported, use headers or an authenticator");
  CHECK(parse_grpc_endpoint("host").error == "address host: missing port in address");
  CHECK(parse_grpc_endpoint("::1").error == "address ::1: too many colons in address");
  CHECK(parse_grpc_endpoint("host:grpc").error == "invalid port \"grpc\"");
  CHECK(parse_grpc_endpoint("host:4317/v1").error == "invalid port \"4317/v1\"");
  CHECK(parse_grpc_endpoint("host:").error == "invalid port \"\"");
  CHECK(parse_grpc_endpoint("unix://").error == "unix socket path cannot be empty");
  CHECK_FALSE(parse_grpc_endpoint("xds:///host").error.empty());
}

TEST_CASE("what the end of a call means") {
  using Kind = SendResult::Kind;
  using grpc::StatusCode;
  const auto kind = [](StatusCode code, const std::string& text = "", const std::string& details = "") {
    return result_of_grpc(grpc::Status(code, text, details), "").kind;
  };
  for (const StatusCode code : {StatusCode::CANCELLED, StatusCode::DEADLINE_EXCEEDED, StatusCode::ABORTED,
                                StatusCode::OUT_OF_RANGE, StatusCode::UNAVAILABLE, StatusCode::DATA_LOSS}) {
    CHECK(kind(code) == Kind::kRetry);
  }
  for (const StatusCode code :
       {StatusCode::UNKNOWN, StatusCode::INVALID_ARGUMENT, StatusCode::NOT_FOUND, StatusCode::ALREADY_EXISTS,
        StatusCode::PERMISSION_DENIED, StatusCode::UNAUTHENTICATED, StatusCode::FAILED_PRECONDITION,
        StatusCode::UNIMPLEMENTED, StatusCode::INTERNAL, StatusCode::RESOURCE_EXHAUSTED}) {
    CHECK(kind(code) == Kind::kPermanent);
  }
  CHECK(kind(StatusCode::UNKNOWN, "Stream removed") == Kind::kRetry);
  CHECK(kind(StatusCode::RESOURCE_EXHAUSTED, "Received message larger than max (9 vs. 4)") == Kind::kTooLarge);
  CHECK(result_of_grpc(grpc::Status(StatusCode::INVALID_ARGUMENT, "bad id"), "").message ==
        "rpc error: code = InvalidArgument desc = bad id");
  CHECK(result_of_grpc(grpc::Status::OK, "").kind == Kind::kOk);
  CHECK(result_of_grpc(grpc::Status::OK, "\xff\xff").kind == Kind::kPermanent);
}

}  // namespace weir::test
