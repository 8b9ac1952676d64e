// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/otlp_grpc.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <unordered_set>
#include <utility>
#include <vector>

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include "exporters/otlp_common.h"
#include "exporters/otlp_grpc/completion.h"
#include "exporters/otlp_grpc/credentials.h"
#include "exporters/otlp_grpc/message.h"
#include "exporters/otlp_grpc/status.h"
#include "exporters/sending_queue.h"

namespace weir {

namespace {

// The library waits up to two minutes before it connects again; our own backoff is the one that the config sets.
constexpr int kFirstReconnectMs = 500;
constexpr int kLongestReconnectMs = 5000;

int milliseconds(Duration duration) {
  return static_cast<int>(std::clamp<int64_t>(duration / std::chrono::milliseconds(1), 1, INT32_MAX));
}

grpc::ChannelArguments arguments_for(const OtlpGrpcConfig& config) {
  grpc::ChannelArguments arguments;
  arguments.SetLoadBalancingPolicyName(config.balancer_name);
  arguments.SetUserAgentPrefix(config.user_agent.empty() ? "weir/" WEIR_VERSION : config.user_agent);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestReconnectMs);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  if (!config.authority.empty()) arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, config.authority);
  if (!config.tls.server_name_override.empty()) arguments.SetSslTargetNameOverride(config.tls.server_name_override);
  if (config.keepalive && config.keepalive->time > Duration{0}) {
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, milliseconds(config.keepalive->time));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, milliseconds(config.keepalive->timeout));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, config.keepalive->permit_without_stream ? 1 : 0);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  }
  return arguments;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

class GrpcTransport;

// What the completion thread and the transport share: how many calls the library still has.
struct InLibrary {
  std::mutex mutex;
  std::condition_variable empty;
  size_t calls = 0;

  void add() {
    const std::lock_guard lock(mutex);
    ++calls;
  }
  void remove() {
    const std::lock_guard lock(mutex);
    if (--calls == 0) empty.notify_all();
  }
  void wait_until_empty() {
    std::unique_lock lock(mutex);
    empty.wait(lock, [this] { return calls == 0; });
  }
};

class Call final : public PendingCall {
 public:
  using Done = absl::AnyInvocable<void(SendResult)>;
  Call(std::weak_ptr<GrpcTransport*> owner, Shard& home, std::shared_ptr<InLibrary> in_library, Done done)
      : owner_(std::move(owner)), home_(home), in_library_(std::move(in_library)), done_(std::move(done)) {}

  void start(grpc::GenericStub& stub, const std::string& method, const grpc::ByteBuffer& message,
             grpc::CompletionQueue& queue) {
    in_library_->add();
    reader_ = stub.PrepareUnaryCall(&context, method, message, &queue);
    reader_->StartCall();
    reader_->Finish(&response_, &status_, this);
  }
  void finished() override;

  grpc::ClientContext context;

 private:
  void deliver();

  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader_;
  grpc::ByteBuffer response_;
  grpc::Status status_;
  std::weak_ptr<GrpcTransport*> owner_;  // read on the home shard alone
  Shard& home_;
  std::shared_ptr<InLibrary> in_library_;
  Done done_;
};

class GrpcTransport final : public Transport {
 public:
  GrpcTransport(const OtlpGrpcConfig& config, const ComponentEnv& env, Shard& home)
      : config_(config),
        home_(home),
        method_(otlp_grpc_method(env.signal)),
        gzip_(config.compression == "gzip"),
        completion_(CompletionThread::shared()),
        stub_(make_channel(config)) {
    for (const auto& [name, value] : config.headers) metadata_.emplace_back(lower(name), value);
  }

  ~GrpcTransport() override {
    self_.reset();
    for (Call* call : under_way_) call->context.TryCancel();
    in_library_->wait_until_empty();
  }

  void send(const Batch& batch, absl::AnyInvocable<void(SendResult)> done) override {
    auto* call = new Call(self_, home_, in_library_, std::move(done));  // its own from start() on, see finished()
    prepare(call->context);
    under_way_.insert(call);
    call->start(stub_, method_, gzip_ ? make_gzip_message(batch) : make_message(batch), completion_->queue());
  }

  void forget(Call* call) { under_way_.erase(call); }

 private:
  static std::shared_ptr<grpc::Channel> make_channel(const OtlpGrpcConfig& config) {
    const GrpcTarget target = parse_grpc_endpoint(config.endpoint);
    const bool plaintext = config.tls.insecure && !target.forces_tls;
    return grpc::CreateCustomChannel(target.target, make_grpc_credentials(config.tls, plaintext),
                                     arguments_for(config));
  }

  void prepare(grpc::ClientContext& context) const {
    if (config_.timeout > Duration{0}) context.set_deadline(std::chrono::system_clock::now() + config_.timeout);
    context.set_wait_for_ready(config_.wait_for_ready);
    if (gzip_) context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    for (const auto& [name, value] : metadata_) context.AddMetadata(name, value);
  }

  const OtlpGrpcConfig config_;
  Shard& home_;
  const std::string method_;
  const bool gzip_;
  std::vector<std::pair<std::string, std::string>> metadata_;
  std::shared_ptr<InLibrary> in_library_ = std::make_shared<InLibrary>();
  std::shared_ptr<GrpcTransport*> self_ = std::make_shared<GrpcTransport*>(this);
  std::unordered_set<Call*> under_way_;
  std::shared_ptr<CompletionThread> completion_;
  grpc::GenericStub stub_;
};

// On the completion thread: home with it.
void Call::finished() {
  const std::shared_ptr<InLibrary> in_library = in_library_;
  home_.post([call = std::unique_ptr<Call>(this)] { call->deliver(); });
  in_library->remove();
}

void Call::deliver() {
  const std::shared_ptr<GrpcTransport*> owner = owner_.lock();
  if (owner == nullptr) return;
  (*owner)->forget(this);
  done_(result_of_grpc(status_, bytes_of(response_)));
}

}  // namespace

std::unique_ptr<Exporter> make_otlp_grpc(const OtlpGrpcConfig& config, const ComponentEnv& env) {
  const GrpcTarget target = parse_grpc_endpoint(config.endpoint);
  QueueSetup setup{config.sending_queue,
                   config.retry_on_failure,
                   {{"server_address", target.address}, {"server_port", target.port}}};
  return make_queued_exporter(
      env, std::move(setup), [config, env](Shard& home) { return std::make_unique<GrpcTransport>(config, env, home); });
}

}  // namespace weir
