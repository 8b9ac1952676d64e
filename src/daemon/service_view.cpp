// SPDX-License-Identifier: Apache-2.0
#include "daemon/service_view.h"

namespace weir {

namespace {

std::vector<std::string> ids_of(const std::vector<config::Reference>& references) {
  std::vector<std::string> ids;
  for (const config::Reference& reference : references) ids.push_back(reference.id.to_string());
  return ids;
}

ServiceView::Account account_of(const LedgerSnapshot::Destination& books) {
  const auto outcome = [&](Outcome which) { return books.outcomes[static_cast<size_t>(which)]; };
  ServiceView::Account account;
  account.pipeline = books.pipeline;
  account.exporter = books.exporter;
  account.admitted = books.admitted;
  account.exported = outcome(Outcome::kExported);
  account.sampled_out = outcome(Outcome::kSampledOut);
  account.filtered = outcome(Outcome::kFiltered);
  account.dropped = outcome(Outcome::kDropped);
  account.held = books.held;
  for (size_t reason = 0; reason < books.dropped.size(); ++reason) {
    if (books.dropped[reason] != 0)
      account.drops.emplace_back(name_of(static_cast<DropReason>(reason)), books.dropped[reason]);
  }
  return account;
}

}  // namespace

ServiceView service_view(const config::ServiceConfig& config, const LedgerSnapshot& books) {
  ServiceView view;
  for (const config::PipelineConfig& pipeline : config.pipelines)
    view.pipelines.push_back(
        {pipeline.id.to_string(), ids_of(pipeline.receivers), ids_of(pipeline.processors), ids_of(pipeline.exporters)});
  for (const LedgerSnapshot::Destination& destination : books.destinations)
    view.accounts.push_back(account_of(destination));
  view.extensions = ids_of(config.started_extensions);
  return view;
}

}  // namespace weir
