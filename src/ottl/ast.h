// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ottl/value.h"

namespace weir::ottl {

// A mistake in a statement or condition. Line and column are 1-based and count from the start of its text.
struct Mistake {
  int line = 1;
  int column = 1;
  std::string text;
  std::string to_string() const;  // "1:5: expected …"
};

enum class MathOp : uint8_t { kAdd, kSubtract, kMultiply, kDivide };
std::string_view symbol_of(MathOp op);

struct Node;
using NodePtr = std::unique_ptr<Node>;

// One step of a path: a name and the keys behind it. Keys are literals or any value.
struct PathStep {
  std::string name;
  size_t at = 0;
  std::vector<NodePtr> keys;
};

struct Argument {
  std::string name;  // empty: by position
  size_t at = 0;
  NodePtr value;
};

// A node of a parsed statement; what is set depends on the kind. `at` is its offset in the text.
struct Node {
  enum class Kind : uint8_t {
    kLiteral,   // literal
    kEnum,      // text
    kPath,      // steps
    kCall,      // text, arguments, keys
    kFunction,  // text: a converter named as an argument
    kList,      // children
    kMap,       // children, keys are in map_keys
    kNegative,  // children[0]
    kMath,      // children[0..1], math
    kCompare,   // children[0..1], comparison
    kNot,       // children[0]
    kAnd,       // children
    kOr,        // children
  };
  Kind kind = Kind::kLiteral;
  size_t at = 0;
  size_t end = 0;  // offset behind its last token
  Value literal;
  std::string text;  // also what a literal text or bytes points to
  std::vector<NodePtr> children;
  std::vector<NodePtr> keys;
  std::vector<std::string> map_keys;
  std::vector<PathStep> steps;
  std::vector<Argument> arguments;
  MathOp math = MathOp::kAdd;
  Comparison comparison = Comparison::kEqual;

  bool is_condition() const {
    return kind == Kind::kCompare || kind == Kind::kNot || kind == Kind::kAnd || kind == Kind::kOr;
  }
};

// "editor(…) where condition"
struct ParsedStatement {
  NodePtr call;
  NodePtr where;  // null: always
};

}  // namespace weir::ottl
