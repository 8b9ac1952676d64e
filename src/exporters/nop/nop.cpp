// SPDX-License-Identifier: Apache-2.0
#include "exporters/nop/nop.h"

namespace weir {

namespace {

class NopStage final : public Stage {
 public:
  explicit NopStage(Ledger& ledger) : ledger_(ledger) {}
  void consume(Batch&& batch) override { settle_at_door(ledger_, batch, Settled::exported()); }

 private:
  Ledger& ledger_;
};

class NopExporter final : public Exporter {
 public:
  explicit NopExporter(Ledger& ledger) : ledger_(ledger) {}
  std::unique_ptr<Stage> make_stage(Shard&) override { return std::make_unique<NopStage>(ledger_); }

 private:
  Ledger& ledger_;
};

}  // namespace

std::unique_ptr<Exporter> make_nop(const NopExporterConfig&, const ComponentEnv& env) {
  return std::make_unique<NopExporter>(*env.ledger);
}

}  // namespace weir
