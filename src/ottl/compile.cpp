// SPDX-License-Identifier: Apache-2.0
#include "ottl/compile.h"

#include <cmath>
#include <utility>

#include "config/value.h"
#include "ottl/lexer.h"

// Values and conditions. Paths: compile_path.cpp; calls: compile_call.cpp.
namespace weir::ottl {

namespace {

class ListExpr final : public Expr {
 public:
  explicit ListExpr(std::vector<ExprPtr> elements) : elements_(std::move(elements)) {}
  Value eval(Frame& frame) const override {
    auto* values = frame.arena().array<Value>(elements_.size());
    for (size_t i = 0; i < elements_.size() && !frame.failed(); ++i) values[i] = elements_[i]->eval(frame);
    return Value::of_list({values, elements_.size()});
  }

 private:
  std::vector<ExprPtr> elements_;
};

class MapExpr final : public Expr {
 public:
  MapExpr(std::vector<std::string> keys, std::vector<ExprPtr> values)
      : keys_(std::move(keys)), values_(std::move(values)) {}
  Value eval(Frame& frame) const override {
    MapBuilder builder(frame.arena());
    for (size_t i = 0; i < keys_.size() && !frame.failed(); ++i) {
      builder.put(frame.arena().copy(keys_[i]), values_[i]->eval(frame));
    }
    return Value::of_map(builder.build());
  }

 private:
  std::vector<std::string> keys_;
  std::vector<ExprPtr> values_;
};

template <class T>
Value number_op(Frame& frame, T a, T b, MathOp op) {
  T result{};
  // Whole numbers wrap around, as in Go.
  using U = std::conditional_t<std::is_same_v<T, int64_t>, uint64_t, T>;
  switch (op) {
    case MathOp::kAdd:
      result = static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
      break;
    case MathOp::kSubtract:
      result = static_cast<T>(static_cast<U>(a) - static_cast<U>(b));
      break;
    case MathOp::kMultiply:
      result = static_cast<T>(static_cast<U>(a) * static_cast<U>(b));
      break;
    case MathOp::kDivide:
      if (b == 0) {
        frame.fail("division by zero");
        return {};
      }
      result = std::is_same_v<T, int64_t> && b == static_cast<T>(-1)
                   ? static_cast<T>(static_cast<U>(0) - static_cast<U>(a))
                   : a / b;
  }
  if constexpr (std::is_same_v<T, int64_t>) {
    return Value::of_int(result);
  } else {
    return Value::of_double(result);
  }
}

bool is_number(const Value& value) { return value.type == Type::kInt || value.type == Type::kDouble; }
double as_double(const Value& value) {
  return value.type == Type::kInt ? static_cast<double>(value.integer) : value.real;
}

Value time_op(Frame& frame, const Value& a, const Value& b, MathOp op) {
  const bool add = op == MathOp::kAdd;
  const bool subtract = op == MathOp::kSubtract;
  const bool a_time = a.type == Type::kTime;
  const bool b_time = b.type == Type::kTime;
  const bool b_fits = b_time || b.type == Type::kDuration;
  const auto x = static_cast<uint64_t>(a.integer);
  const auto y = static_cast<uint64_t>(b.integer);
  if (b_fits && add && !(a_time && b_time)) {
    return Value::of_int(static_cast<int64_t>(x + y), a_time || b_time ? Type::kTime : Type::kDuration);
  }
  if (b_fits && subtract && !(b_time && !a_time)) {
    return Value::of_int(static_cast<int64_t>(x - y), a_time && !b_time ? Type::kTime : Type::kDuration);
  }
  frame.fail("cannot compute ", std::string(name_of(a.type)) + " " + std::string(symbol_of(op)) + " ", name_of(b.type));
  return {};
}

class MathExpr final : public Expr {
 public:
  MathExpr(ExprPtr a, ExprPtr b, MathOp op) : a_(std::move(a)), b_(std::move(b)), op_(op) {}
  Value eval(Frame& frame) const override {
    const Value a = a_->eval(frame);
    if (frame.failed()) return {};
    const Value b = b_->eval(frame);
    if (frame.failed()) return {};
    if (a.type == Type::kInt && b.type == Type::kInt) return number_op(frame, a.integer, b.integer, op_);
    if (is_number(a) && is_number(b)) return number_op(frame, as_double(a), as_double(b), op_);
    if (a.type == Type::kTime || a.type == Type::kDuration) return time_op(frame, a, b, op_);
    frame.fail("cannot compute ", std::string(name_of(a.type)) + " " + std::string(symbol_of(op_)) + " ",
               name_of(b.type));
    return {};
  }

 private:
  ExprPtr a_, b_;
  MathOp op_;
};

class NegativeExpr final : public Expr {
 public:
  explicit NegativeExpr(ExprPtr inner) : inner_(std::move(inner)) {}
  Value eval(Frame& frame) const override {
    const Value value = inner_->eval(frame);
    if (value.type == Type::kInt) return Value::of_int(static_cast<int64_t>(0 - static_cast<uint64_t>(value.integer)));
    if (value.type == Type::kDouble) return Value::of_double(-value.real);
    if (!frame.failed()) frame.fail("a ", name_of(value.type), " has no negative");
    return {};
  }

 private:
  ExprPtr inner_;
};

class ConstantTest final : public Test {
 public:
  explicit ConstantTest(bool value) : value_(value) {}
  bool test(Frame&) const override { return value_; }
  std::optional<bool> constant() const override { return value_; }

 private:
  bool value_;
};

class CompareTest final : public Test {
 public:
  CompareTest(ExprPtr a, ExprPtr b, Comparison how) : a_(std::move(a)), b_(std::move(b)), how_(how) {}
  bool test(Frame& frame) const override {
    const Value a = a_->eval(frame);
    if (frame.failed()) return false;
    const Value b = b_->eval(frame);
    return !frame.failed() && compare(a, b, how_);
  }

 private:
  ExprPtr a_, b_;
  Comparison how_;
};

// A path compared with a literal.
class CompareConstantTest final : public Test {
 public:
  CompareConstantTest(ExprPtr a, Value b, Comparison how) : a_(std::move(a)), b_(b), how_(how) {}
  bool test(Frame& frame) const override {
    const Value a = a_->eval(frame);
    return !frame.failed() && compare(a, b_, how_);
  }

 private:
  ExprPtr a_;
  Value b_;
  Comparison how_;
};

class ValueTest final : public Test {
 public:
  explicit ValueTest(ExprPtr value) : value_(std::move(value)) {}
  bool test(Frame& frame) const override {
    const Value value = value_->eval(frame);
    if (frame.failed()) return false;
    if (value.type == Type::kBool) return value.boolean;
    frame.fail("a condition needs a bool, got ", name_of(value.type));
    return false;
  }

 private:
  ExprPtr value_;
};

class NotTest final : public Test {
 public:
  explicit NotTest(TestPtr inner) : inner_(std::move(inner)) {}
  bool test(Frame& frame) const override { return !inner_->test(frame) && !frame.failed(); }

 private:
  TestPtr inner_;
};

// All of several, or one of them; the first that decides ends it.
class ManyTest final : public Test {
 public:
  ManyTest(std::vector<TestPtr> tests, bool any) : tests_(std::move(tests)), any_(any) {}
  bool test(Frame& frame) const override {
    for (const TestPtr& one : tests_) {
      const bool result = one->test(frame);
      if (frame.failed()) return false;
      if (result == any_) return any_;
    }
    return !any_;
  }

 private:
  std::vector<TestPtr> tests_;
  bool any_;
};

TestPtr make_many(std::vector<TestPtr> tests, bool any) {
  std::vector<TestPtr> open;
  for (TestPtr& one : tests) {
    const auto constant = one->constant();
    if (constant && *constant == any) return std::make_unique<ConstantTest>(any);
    if (!constant) open.push_back(std::move(one));
  }
  if (open.empty()) return std::make_unique<ConstantTest>(!any);
  if (open.size() == 1) return std::move(open[0]);
  return std::make_unique<ManyTest>(std::move(open), any);
}

}  // namespace

std::nullptr_t Compiler::fail(size_t at, std::string what) {
  if (!mistake_) mistake_ = mistake_at(text_, at, std::move(what));
  return nullptr;
}

// An expression of constants is computed once. One that fails is left: it fails for every record, as the error mode
// has it.
ExprPtr Compiler::folded(ExprPtr expr) {
  Frame frame(unit_.keys);
  const Value value = expr->eval(frame);
  if (frame.failed()) return expr;
  return std::make_unique<Constant>(copy_of(value, unit_.constants));
}

ExprPtr Compiler::value(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kLiteral:
      return literal(node);
    case Node::Kind::kEnum:
      return enumeration(node);
    case Node::Kind::kPath:
      return path(node);
    case Node::Kind::kCall:
      return call(node);
    case Node::Kind::kList:
      return list(node);
    case Node::Kind::kMap:
      return map(node);
    case Node::Kind::kNegative:
      return negative(node);
    case Node::Kind::kMath:
      return math(node);
    case Node::Kind::kFunction:
      return fail(node.at, "expected a value; \"" + node.text + "\" is the name of a converter: call it with (…)");
    default:
      return fail(node.at, "expected a value, got a condition");
  }
}

ExprPtr Compiler::literal(const Node& node) {
  return std::make_unique<Constant>(copy_of(node.literal, unit_.constants));
}

ExprPtr Compiler::enumeration(const Node& node) {
  int64_t number = 0;
  if (enum_value(context_, node.text, number)) return std::make_unique<Constant>(Value::of_int(number));
  const std::string near = config::nearest(node.text, enum_names(context_));
  return fail(node.at, "unknown name \"" + node.text + "\" in the context " + std::string(name_of(context_)) +
                           (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
}

ExprPtr Compiler::list(const Node& node) {
  std::vector<ExprPtr> elements;
  bool constant = true;
  for (const NodePtr& child : node.children) {
    elements.push_back(value(*child));
    if (failed()) return nullptr;
    constant = constant && elements.back()->constant() != nullptr;
  }
  auto expr = std::make_unique<ListExpr>(std::move(elements));
  return constant ? folded(std::move(expr)) : std::move(expr);
}

ExprPtr Compiler::map(const Node& node) {
  std::vector<ExprPtr> values;
  bool constant = true;
  for (const NodePtr& child : node.children) {
    values.push_back(value(*child));
    if (failed()) return nullptr;
    constant = constant && values.back()->constant() != nullptr;
  }
  auto expr = std::make_unique<MapExpr>(node.map_keys, std::move(values));
  return constant ? folded(std::move(expr)) : std::move(expr);
}

ExprPtr Compiler::negative(const Node& node) {
  ExprPtr inner = value(*node.children[0]);
  if (failed()) return nullptr;
  const Value* constant = inner->constant();
  if (constant != nullptr && !is_number(*constant)) {
    return fail(node.at, "a " + std::string(name_of(constant->type)) + " has no negative");
  }
  const bool fold = constant != nullptr;
  auto expr = std::make_unique<NegativeExpr>(std::move(inner));
  return fold ? folded(std::move(expr)) : std::move(expr);
}

ExprPtr Compiler::math(const Node& node) {
  ExprPtr sides[2];
  for (size_t i = 0; i < 2; ++i) {
    sides[i] = value(*node.children[i]);
    if (failed()) return nullptr;
    const Value* constant = sides[i]->constant();
    const bool computable = constant == nullptr || is_number(*constant) || constant->type == Type::kTime ||
                            constant->type == Type::kDuration;
    if (!computable) {
      return fail(node.children[i]->at, "expected a number, got a " + std::string(name_of(constant->type)));
    }
  }
  const Value* divisor = sides[1]->constant();
  if (node.math == MathOp::kDivide && divisor != nullptr && is_number(*divisor) && as_double(*divisor) == 0) {
    return fail(node.children[1]->at, "division by zero");
  }
  const bool fold = sides[0]->constant() != nullptr && sides[1]->constant() != nullptr;
  auto expr = std::make_unique<MathExpr>(std::move(sides[0]), std::move(sides[1]), node.math);
  return fold ? folded(std::move(expr)) : std::move(expr);
}

TestPtr Compiler::condition(const Node& node) {
  if (node.kind == Node::Kind::kAnd || node.kind == Node::Kind::kOr) {
    std::vector<TestPtr> tests;
    for (const NodePtr& child : node.children) {
      tests.push_back(condition(*child));
      if (failed()) return nullptr;
    }
    return make_many(std::move(tests), node.kind == Node::Kind::kOr);
  }
  if (node.kind == Node::Kind::kNot) {
    TestPtr inner = condition(*node.children[0]);
    if (failed()) return nullptr;
    if (const auto constant = inner->constant()) return std::make_unique<ConstantTest>(!*constant);
    return std::make_unique<NotTest>(std::move(inner));
  }
  if (node.kind == Node::Kind::kCompare) {
    ExprPtr left = value(*node.children[0]);
    ExprPtr right = failed() ? nullptr : value(*node.children[1]);
    if (failed()) return nullptr;
    const Value* a = left->constant();
    const Value* b = right->constant();
    if (a != nullptr && b != nullptr) return std::make_unique<ConstantTest>(compare(*a, *b, node.comparison));
    if (b != nullptr) return std::make_unique<CompareConstantTest>(std::move(left), *b, node.comparison);
    return std::make_unique<CompareTest>(std::move(left), std::move(right), node.comparison);
  }
  ExprPtr expr = value(node);
  if (failed()) return nullptr;
  if (const Value* constant = expr->constant()) {
    if (constant->type != Type::kBool) {
      return fail(node.at, "a condition needs a bool, got a " + std::string(name_of(constant->type)));
    }
    return std::make_unique<ConstantTest>(constant->boolean);
  }
  return std::make_unique<ValueTest>(std::move(expr));
}

}  // namespace weir::ottl
