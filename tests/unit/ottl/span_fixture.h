// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "ottl/run.h"
#include "support/catch.h"
#include "support/otlp_builder.h"

namespace weir::test {

// The request that statements are tried on: one span with a value of every kind.
TracesRequest sample_request();
// All that statements can change of its first span, by path.
std::map<std::string, std::string> fields_of(const Batch& batch);
// "name = "x"; attributes["a"] gone", "unchanged".
std::string difference(const std::map<std::string, std::string>& before,
                       const std::map<std::string, std::string>& after);

// Runs one group over a batch. Fails the test where it does not compile.
struct Ran {
  bool ok = true;
  std::string error;
  Batch batch;
};
Ran run_group(const ottl::GroupText& group, Batch batch);
inline ottl::GroupText span_group(std::vector<std::string> statements,
                                  ottl::ErrorMode mode = ottl::ErrorMode::kPropagate) {
  return {ottl::Context::kSpan, mode, {}, std::move(statements)};
}

// What becomes of the sample span under one statement: the difference, "refused" (at start) or "fails" (when it runs).
std::string outcome_of(const std::string& statement);

}  // namespace weir::test
