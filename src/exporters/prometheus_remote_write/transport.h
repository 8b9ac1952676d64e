// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <memory>
#include <string>

#include "exporters/prometheus_remote_write/config.h"
#include "exporters/prometheus_remote_write/delivery.h"
#include "exporters/prometheus_remote_write/translator.h"
#include "exporters/sending_queue.h"
#include "net/http_client.h"
#include "weir/component.h"

namespace weir {

// The door of the network that a remote write goes through; tests have a scripted one. Touched by the home shard only.
class WriteClient {
 public:
  virtual ~WriteClient() = default;
  // `done` is called once, later or at once, on the same shard; not after the client's end.
  virtual void post(std::string body, net::HttpClient::Headers headers, absl::AnyInvocable<void(WriteReply)> done) = 0;
};

// Batches of metrics as remote write requests: parallel ones within a batch, one batch after another as the queue sends
// them.
class RemoteWriteTransport final : public Transport {
 public:
  RemoteWriteTransport(const RemoteWriteConfig& config, const ComponentEnv& env, std::unique_ptr<WriteClient> client);
  ~RemoteWriteTransport() override;
  void send(const Batch& batch, absl::AnyInvocable<void(SendResult)> done) override;

 private:
  struct Job;
  struct Meters;
  Job& job_for(const Batch& batch);
  void pump(Job& job);
  void post(Job& job, WriteChunk chunk);
  void answered(Job& job, WriteChunk chunk, const WriteReply& reply);
  void report(const Delivery& delivery, Delivery::Verdict verdict, const WriteReply& reply);
  void finish(Job& job);

  const RemoteWriteConfig config_;
  const ComponentEnv env_;
  Translator translator_;
  std::unique_ptr<Meters> meters_;
  std::list<std::shared_ptr<Job>> jobs_;
  std::unique_ptr<WriteClient> client_;  // last: destroyed first, so that no answer comes to a dead job
};

}  // namespace weir
