// SPDX-License-Identifier: Apache-2.0
#include "ottl/parser.h"

#include <algorithm>
#include <utility>

#include "ottl/token_reader.h"

namespace weir::ottl {

std::string_view symbol_of(MathOp op) {
  static constexpr std::string_view kSymbols[] = {"+", "-", "*", "/"};
  return kSymbols[static_cast<int>(op)];
}

namespace {

using Kind = Node::Kind;
constexpr int kMaxDepth = 100;
constexpr int kMaxSigns = 1000;

bool upper(char c) { return c >= 'A' && c <= 'Z'; }

// Names of enums have no small letters.
bool is_enum_name(std::string_view name) {
  for (char c : name) {
    if (c >= 'a' && c <= 'z') return false;
  }
  return true;
}

// One grammar for conditions and values: or, and, not, comparison, sum, product, sign, primary. Which of them may stand
// where is checked on the way.
class Parser : TokenReader {
 public:
  using TokenReader::TokenReader;

  std::optional<ParsedStatement> statement() {
    ParsedStatement result;
    if (failed_) return std::nullopt;
    const Token name = now();
    if (name.kind != Token::Kind::kName) fail_here("expected an editor such as set(…)");
    if (!failed_ && upper(name.text[0])) {
      fail(name.at,
           "expected an editor; \"" + std::string(name.text) + "\" is a converter (editors begin with a small letter)");
    }
    if (!failed_) result.call = call();
    if (!failed_ && now().is("[")) fail_here("an editor has no value to index");
    if (!failed_ && take("where")) result.where = condition();
    if (!failed_) expect_end(result.where ? "expected \"and\", \"or\" or the end" : "expected \"where\" or the end");
    if (failed_) return std::nullopt;
    return result;
  }

  NodePtr whole_condition() {
    NodePtr node = failed_ ? nullptr : condition();
    if (!failed_) expect_end("expected \"and\", \"or\" or the end");
    return failed_ ? nullptr : std::move(node);
  }

  NodePtr whole_value() {
    NodePtr node = failed_ ? nullptr : value("expected a value");
    if (!failed_) expect_end("expected an operator or the end");
    return failed_ ? nullptr : std::move(node);
  }

 private:
  struct Deeper {
    explicit Deeper(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > kMaxDepth) parser_.fail_here("nested more than 100 deep");
    }
    ~Deeper() { --parser_.depth_; }
    Parser& parser_;
  };

  static bool is_bool_literal(const Node& node) {
    return node.kind == Kind::kLiteral && node.literal.type == Type::kBool;
  }
  // What may stand for true or false.
  NodePtr checked_condition(NodePtr node) {
    if (failed_ || node->is_condition() || node->kind == Kind::kCall || is_bool_literal(*node)) return node;
    fail_here("expected a comparison (==, !=, <, <=, >, >=)");
    return node;
  }
  NodePtr checked_value(NodePtr node, size_t at, std::string_view what) {
    if (!failed_ && node->is_condition()) fail(at, std::string(what) + ", got a condition");
    return node;
  }

  NodePtr condition() {
    NodePtr node = disjunction();
    return failed_ ? nullptr : checked_condition(std::move(node));
  }
  NodePtr value(std::string_view what) {
    const size_t at = now().at;
    NodePtr node = sum(what);
    return failed_ ? nullptr : checked_value(std::move(node), at, what);
  }

  template <class F>
  NodePtr joined(std::string_view word, Kind kind, F&& part) {
    const size_t at = now().at;
    NodePtr first = part();
    if (failed_ || !now().is(word)) return first;
    NodePtr node = make(kind, at);
    node->children.push_back(checked_condition(std::move(first)));
    while (!failed_ && take(word)) {
      NodePtr next = part();
      if (!failed_) node->children.push_back(checked_condition(std::move(next)));
    }
    return failed_ ? nullptr : finish(std::move(node));
  }
  NodePtr disjunction() {
    return joined("or", Kind::kOr, [this] { return conjunction(); });
  }
  NodePtr conjunction() {
    return joined("and", Kind::kAnd, [this] { return negation(); });
  }
  NodePtr negation() {
    const size_t at = now().at;
    if (!take("not")) return comparison();
    if (now().is("not")) fail_here("expected a condition after \"not\"");
    if (failed_) return nullptr;
    NodePtr inner = comparison();
    if (failed_) return nullptr;
    NodePtr node = make(Kind::kNot, at);
    node->children.push_back(checked_condition(std::move(inner)));
    return failed_ ? nullptr : finish(std::move(node));
  }

  std::optional<Comparison> comparison_sign() const {
    static constexpr std::pair<std::string_view, Comparison> kSigns[] = {
        {"==", Comparison::kEqual},  {"!=", Comparison::kNotEqual},  {"<", Comparison::kLess},
        {">", Comparison::kGreater}, {"<=", Comparison::kLessEqual}, {">=", Comparison::kGreaterEqual}};
    for (const auto& [text, sign] : kSigns) {
      if (now().is(text)) return sign;
    }
    return std::nullopt;
  }
  NodePtr comparison() {
    const size_t at = now().at;
    NodePtr left = sum("expected a condition");
    if (failed_) return nullptr;
    const auto sign = comparison_sign();
    if (!sign) return left;
    left = checked_value(std::move(left), at, "expected a value to compare");
    step();
    NodePtr right = failed_ ? nullptr : value("expected a value to compare with");
    if (failed_) return nullptr;
    if (comparison_sign()) fail_here("comparisons do not chain; expected \"and\", \"or\" or the end");
    NodePtr node = make(Kind::kCompare, at);
    node->comparison = *sign;
    node->children.push_back(std::move(left));
    node->children.push_back(std::move(right));
    return failed_ ? nullptr : finish(std::move(node));
  }

  template <class F>
  NodePtr math(std::string_view first_sign, MathOp first, std::string_view second_sign, MathOp second,
               std::string_view what, F&& part) {
    const size_t at = now().at;
    NodePtr left = part(what);
    int signs = 0;
    while (!failed_ && (now().is(first_sign) || now().is(second_sign))) {
      NodePtr node = make(Kind::kMath, at);
      node->math = now().is(first_sign) ? first : second;
      left = checked_value(std::move(left), at, "expected a number");
      if (++signs > kMaxSigns) fail_here("more than 1000 operators in a row");
      step();
      const size_t right_at = now().at;
      NodePtr right = failed_ ? nullptr : part("expected a number");
      if (failed_) return nullptr;
      node->children.push_back(std::move(left));
      node->children.push_back(checked_value(std::move(right), right_at, "expected a number"));
      left = finish(std::move(node));
    }
    return failed_ ? nullptr : std::move(left);
  }
  NodePtr sum(std::string_view what) {
    return math("+", MathOp::kAdd, "-", MathOp::kSubtract, what, [this](std::string_view w) { return product(w); });
  }
  NodePtr product(std::string_view what) {
    return math("*", MathOp::kMultiply, "/", MathOp::kDivide, what,
                [this](std::string_view w) { return signed_one(w); });
  }
  NodePtr signed_one(std::string_view what) {
    const size_t at = now().at;
    const bool negative = now().is("-");
    if (!negative && !now().is("+")) return primary(what);
    step();
    NodePtr inner = primary("expected a number");
    if (failed_) return nullptr;
    inner = checked_value(std::move(inner), at, "expected a number");
    if (failed_ || !negative) return inner;
    NodePtr node = make(Kind::kNegative, at);
    node->children.push_back(std::move(inner));
    return finish(std::move(node));
  }

  NodePtr primary(std::string_view what) {
    Deeper deeper(*this);
    if (failed_) return nullptr;
    switch (now().kind) {
      case Token::Kind::kInt:
      case Token::Kind::kFloat:
      case Token::Kind::kString:
      case Token::Kind::kBytes:
        return literal();
      case Token::Kind::kName:
        return named(what);
      default:
        break;
    }
    if (now().is("(")) return parenthesised();
    if (now().is("[")) return list();
    if (now().is("{")) return map();
    fail_here(std::string(what));
    return nullptr;
  }

  NodePtr parenthesised() {
    step();
    NodePtr node = disjunction();
    expect(")", "expected \")\"");
    return failed_ ? nullptr : std::move(node);
  }

  NodePtr literal() {
    std::string wrong;
    NodePtr node = literal_of(now(), wrong);
    if (!node) fail_here(std::move(wrong));
    if (failed_) return nullptr;
    step();
    return finish(std::move(node));
  }

  NodePtr named(std::string_view what) {
    const Token name = now();
    if (name.is("true") || name.is("false") || name.is("nil")) {
      NodePtr node = make(Kind::kLiteral, name.at);
      if (!name.is("nil")) node->literal = Value::of_bool(name.is("true"));
      step();
      return finish(std::move(node));
    }
    if (name.is("and") || name.is("or") || name.is("not") || name.is("where")) {
      fail_here(std::string(what));
      return nullptr;
    }
    if (ahead(1).is("(")) {
      if (upper(name.text[0])) return call();
      fail(name.at, "expected a converter; \"" + std::string(name.text) +
                        "\" is an editor (converters begin with a capital letter)");
      return nullptr;
    }
    if (!upper(name.text[0])) return path();
    NodePtr node = make(is_enum_name(name.text) ? Kind::kEnum : Kind::kFunction, name.at);
    node->text = name.text;
    step();
    return finish(std::move(node));
  }

  NodePtr call() {
    NodePtr node = make(Kind::kCall, now().at);
    node->text = now().text;
    step();
    expect("(", "expected \"(\" after \"" + node->text + "\"");
    while (!failed_ && !now().is(")")) {
      argument(*node);
      if (failed_ || now().is(")")) break;
      expect(",", "expected \",\" or \")\"");
      if (!failed_ && now().is(")")) fail_here("expected an argument");
    }
    expect(")", "expected \")\"");
    if (!failed_) keys(node->keys);
    return failed_ ? nullptr : finish(std::move(node));
  }
  void argument(Node& call) {
    Argument result;
    result.at = now().at;
    if (now().kind == Token::Kind::kName && ahead(1).is("=")) {
      result.name = now().text;
      step();
      step();
    }
    result.value = value("expected an argument");
    if (!failed_) call.arguments.push_back(std::move(result));
  }

  void keys(std::vector<NodePtr>& out) {
    while (!failed_ && now().is("[")) {
      step();
      NodePtr key = value("expected a key or an index");
      if (!failed_) out.push_back(std::move(key));
      expect("]", "expected \"]\"");
    }
  }
  NodePtr path() {
    NodePtr node = make(Kind::kPath, now().at);
    do {
      PathStep step_here;
      if (now().kind != Token::Kind::kName) fail_here("expected a name after \".\"");
      if (failed_) return nullptr;
      step_here.name = now().text;
      step_here.at = now().at;
      step();
      keys(step_here.keys);
      node->steps.push_back(std::move(step_here));
    } while (!failed_ && take("."));
    return failed_ ? nullptr : finish(std::move(node));
  }

  NodePtr list() {
    NodePtr node = make(Kind::kList, now().at);
    step();
    while (!failed_ && !now().is("]")) {
      NodePtr element = value("expected a value");
      if (failed_) return nullptr;
      node->children.push_back(std::move(element));
      if (now().is("]")) break;
      expect(",", "expected \",\" or \"]\"");
    }
    expect("]", "expected \"]\"");
    return failed_ ? nullptr : finish(std::move(node));
  }
  NodePtr map() {
    NodePtr node = make(Kind::kMap, now().at);
    step();
    while (!failed_ && !now().is("}")) {
      if (now().kind != Token::Kind::kString) fail_here("expected a key in quotes");
      auto key = unescape(now().text);
      if (!failed_ && !key) fail_here("unknown escape in the text (a backslash is written \\\\)");
      if (failed_) return nullptr;
      node->map_keys.push_back(std::move(*key));
      step();
      expect(":", "expected \":\"");
      NodePtr element = failed_ ? nullptr : value("expected a value");
      if (failed_) return nullptr;
      node->children.push_back(std::move(element));
      if (now().is("}")) break;
      expect(",", "expected \",\" or \"}\"");
    }
    expect("}", "expected \"}\"");
    return failed_ ? nullptr : finish(std::move(node));
  }

  int depth_ = 0;
};

}  // namespace

std::optional<ParsedStatement> parse_statement(std::string_view text, Mistake& mistake) {
  return Parser(text, mistake).statement();
}
NodePtr parse_condition(std::string_view text, Mistake& mistake) { return Parser(text, mistake).whole_condition(); }
NodePtr parse_value(std::string_view text, Mistake& mistake) { return Parser(text, mistake).whole_value(); }

}  // namespace weir::ottl
