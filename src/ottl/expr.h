// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "ottl/frame.h"
#include "ottl/value.h"

namespace weir::ottl {

// A compiled value: names are resolved, constants folded. Immutable, shared by threads. A failure is noted in the
// frame.
class Expr {
 public:
  virtual ~Expr() = default;
  virtual Value eval(Frame& frame) const = 0;
  // Where it is the same for every record.
  virtual const Value* constant() const { return nullptr; }
  // Paths can be set.
  virtual bool settable() const { return false; }
  virtual void set(Frame& frame, const Value& value) const { (void)frame, (void)value; }
};
using ExprPtr = std::unique_ptr<Expr>;

class Constant final : public Expr {
 public:
  explicit Constant(Value value) : value_(value) {}
  Value eval(Frame&) const override { return value_; }
  const Value* constant() const override { return &value_; }

 private:
  Value value_;
};

// A compiled condition.
class Test {
 public:
  virtual ~Test() = default;
  virtual bool test(Frame& frame) const = 0;
  virtual std::optional<bool> constant() const { return std::nullopt; }
};
using TestPtr = std::unique_ptr<Test>;

// What all expressions of a program share: the keys they ask for, and the memory of their constants.
struct Unit {
  KeyTables keys;
  Arena constants;
};

}  // namespace weir::ottl
