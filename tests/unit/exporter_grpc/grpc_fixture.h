// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "exporters/otlp_grpc/message.h"
#include "exporters/otlp_grpc/otlp_grpc.h"
#include "net/event_loops.h"
#include "unit/exporters/queue_fixture.h"
#include "unit/net/loop_fixture.h"

namespace weir::test {

using net::test::on;
using net::test::Promised;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Reply {
  grpc::Status status = grpc::Status::OK;
  std::string body = {};
  bool never = false;  // keeps the call until the client gives up
};

struct Got {
  std::string method;
  std::string body;
  std::multimap<std::string, std::string> metadata;
};

// A real server that takes any method; it keeps what it got and plays its replies in order, then says OK.
class Server {
 public:
  explicit Server(std::vector<Reply> replies, bool knows_gzip = true,
                  const std::shared_ptr<grpc::ServerCredentials>& credentials = grpc::InsecureServerCredentials())
      : service_(*this), replies_(std::move(replies)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
    builder.SetMaxReceiveMessageSize(1 << 20);
    if (!knows_gzip) builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
  }
  ~Server() { server_->Shutdown(std::chrono::system_clock::now()); }
  std::string endpoint() const { return "127.0.0.1:" + std::to_string(port_); }
  std::vector<Got> received() {
    const std::lock_guard lock(mutex_);
    return received_;
  }

 private:
  struct Service final : grpc::CallbackGenericService {
    explicit Service(Server& to) : owner(to) {}
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
      return new Reactor(owner, *context);
    }
    Server& owner;
  };

  struct Reactor final : grpc::ServerGenericBidiReactor {
    Reactor(Server& to, grpc::GenericCallbackServerContext& of) : owner(to), context(of) { StartRead(&request); }
    void OnReadDone(bool ok) override {
      if (!ok) return Finish(grpc::Status(grpc::StatusCode::INTERNAL, "no message"));
      reply = owner.take(context, request);
      if (reply.never) return;  // OnCancel ends it
      if (!reply.status.ok()) return Finish(reply.status);
      const grpc::Slice slice(reply.body);
      response = grpc::ByteBuffer(&slice, 1);
      StartWriteAndFinish(&response, {}, reply.status);
    }
    void OnCancel() override {
      if (reply.never) Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }
    Server& owner;
    grpc::GenericCallbackServerContext& context;
    Reply reply;
    grpc::ByteBuffer request, response;
  };

  Reply take(const grpc::GenericCallbackServerContext& context, const grpc::ByteBuffer& request) {
    Got got{context.method(), bytes_of(request), {}};
    for (const auto& [key, value] : context.client_metadata()) {
      got.metadata.emplace(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
    }
    const std::lock_guard lock(mutex_);
    const size_t index = received_.size();
    received_.push_back(std::move(got));
    return index < replies_.size() ? replies_[index] : Reply{};
  }

  Service service_;
  const std::vector<Reply> replies_;
  std::mutex mutex_;
  std::vector<Got> received_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

struct WaitedOrigin final : Origin {
  void settle(DestinationId, std::span<const uint32_t>, uint64_t, const Settled& how) override { first.set(how); }
  Promised<Settled> first;
};

struct GrpcWorld : ExporterWorld {
  explicit GrpcWorld(const OtlpGrpcConfig& config, const Authenticators* authenticators = nullptr) : loops(1, clock) {
    ComponentEnv with = env();
    with.authenticators = authenticators;
    exporter = make_otlp_grpc(config, with);
    stage = exporter->make_stage(loops.at(0));
    loops.run();
  }
  ~GrpcWorld() {
    on(loops.at(0), [&] {
      stage.reset();
      return true;
    });
    loops.stop();
    loops.join();
  }
  std::shared_ptr<WaitedOrigin> post(uint32_t count, const std::string& prefix = "span") {
    auto origin = std::make_shared<WaitedOrigin>();
    loops.at(0).post([this, count, prefix, origin] { stage->consume(spans(count, origin, prefix)); });
    return origin;
  }
  Settled deliver(uint32_t count, const std::string& prefix = "span") {
    const Settled how = post(count, prefix)->first.wait();
    on(loops.at(0), [] { return true; });  // the settling task has ended
    return how;
  }
  net::EventLoops loops;
  std::unique_ptr<Exporter> exporter;
  std::unique_ptr<Stage> stage;
};

inline OtlpGrpcConfig plain(const std::string& endpoint) {
  OtlpGrpcConfig config;
  config.endpoint = endpoint;
  config.tls.insecure = true;
  config.timeout = seconds(20);  // a slow machine must not decide a test
  config.retry_on_failure.randomization_factor = 0;
  return config;
}

inline OtlpGrpcConfig to(const Server& server, const std::string& compression = "gzip") {
  OtlpGrpcConfig config = plain(server.endpoint());
  config.compression = compression;
  return config;
}

}  // namespace weir::test
