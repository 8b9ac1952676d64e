// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "exporters/sending_queue.h"

namespace weir {

namespace {

class QueuedExporter final : public Exporter {
 public:
  QueuedExporter(const ComponentEnv& env, QueueSetup setup, MakeTransport make_transport)
      : env_(env), setup_(std::move(setup)), make_transport_(std::move(make_transport)) {}

  bool answers_on_delivery() const override { return setup_.queue.answers_on_delivery(); }
  std::unique_ptr<Stage> make_stage(Shard& home) override {
    return std::make_unique<SendingQueue>(env_, setup_, make_transport_(home), &home);
  }

 private:
  const ComponentEnv env_;
  const QueueSetup setup_;
  MakeTransport make_transport_;
};

}  // namespace

std::unique_ptr<Exporter> make_queued_exporter(const ComponentEnv& env, QueueSetup setup,
                                               MakeTransport make_transport) {
  return std::make_unique<QueuedExporter>(env, std::move(setup), std::move(make_transport));
}

}  // namespace weir
