// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/otlp_grpc.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <unordered_set>
#include <utility>
#include <vector>

#include <grpcpp/generic/generic_stub.h>

#include "exporters/otlp_common.h"
#include "exporters/otlp_grpc/channel.h"
#include "exporters/otlp_grpc/completion.h"
#include "exporters/otlp_grpc/message.h"
#include "exporters/otlp_grpc/status.h"
#include "exporters/sending_queue.h"

namespace weir {

namespace {

using Metadata = std::vector<std::pair<std::string, std::string>>;

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
        auth_(find_client_auth(config.auth, env)),
        completion_(CompletionThread::shared()),
        channel_(config_, env) {
    for (const auto& [name, value] : config.headers) metadata_.emplace_back(grpc_metadata_name(name), value);
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
    call->start(channel_.stub(), method_, gzip_ ? make_gzip_message(batch) : make_message(batch), completion_->queue());
  }

  void forget(Call* call) { under_way_.erase(call); }

 private:
  void prepare(grpc::ClientContext& context) const {
    if (config_.timeout > Duration{0}) context.set_deadline(std::chrono::system_clock::now() + config_.timeout);
    context.set_wait_for_ready(config_.wait_for_ready);
    if (gzip_) context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    const Metadata signature = auth_ == nullptr ? Metadata{} : auth_->headers();
    const auto is_signed = [&](const std::string& name) {
      return std::any_of(signature.begin(), signature.end(), [&](const auto& own) { return own.first == name; });
    };
    for (const auto& [name, value] : metadata_) {
      if (!is_signed(name)) context.AddMetadata(name, value);
    }
    // The library would end the process over a byte that gRPC cannot carry; without the header the server refuses.
    for (const auto& [name, value] : signature) {
      if (is_legal_grpc_metadata(name, value)) context.AddMetadata(name, value);
    }
  }

  const OtlpGrpcConfig config_;
  Shard& home_;
  const std::string method_;
  const bool gzip_;
  Metadata metadata_;
  const std::shared_ptr<const ClientAuth> auth_;
  std::shared_ptr<InLibrary> in_library_ = std::make_shared<InLibrary>();
  std::shared_ptr<GrpcTransport*> self_ = std::make_shared<GrpcTransport*>(this);
  std::unordered_set<Call*> under_way_;
  std::shared_ptr<CompletionThread> completion_;
  GrpcChannel channel_;
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
