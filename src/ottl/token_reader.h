// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ottl/lexer.h"

namespace weir::ottl {

// What a parser stands on: a token at a time, and the first mistake. After one nothing is read any more.
class TokenReader {
 public:
  TokenReader(std::string_view text, Mistake& mistake) : text_(text), mistake_(mistake) {
    if (auto tokens = tokens_of(text, mistake)) {
      tokens_ = std::move(*tokens);
    } else {
      failed_ = true;
      tokens_ = {{Token::Kind::kEnd, text.size(), {}}};
    }
  }

 protected:
  const Token& now() const { return tokens_[at_]; }
  const Token& ahead(size_t count) const { return tokens_[std::min(at_ + count, tokens_.size() - 1)]; }
  void step() {
    if (at_ + 1 < tokens_.size()) ++at_;
  }
  bool take(std::string_view symbol) {
    if (!now().is(symbol)) return false;
    step();
    return true;
  }
  size_t last_end() const {
    if (at_ == 0) return 0;
    const Token& last = tokens_[at_ - 1];
    const size_t quotes = last.kind == Token::Kind::kString ? 2 : 0;
    return last.at + last.text.size() + quotes + (last.kind == Token::Kind::kBytes ? 2 : 0);
  }

  void fail(size_t at, std::string what) {
    if (failed_) return;
    failed_ = true;
    mistake_ = mistake_at(text_, at, std::move(what));
  }
  void fail_here(std::string what) { fail(now().at, std::move(what) + got()); }
  std::string got() const {
    if (now().kind == Token::Kind::kEnd) return ", got the end";
    if (now().kind == Token::Kind::kString) return ", got the text \"" + std::string(now().text) + "\"";
    return ", got \"" + std::string(now().text) + "\"";
  }
  void expect(std::string_view symbol, std::string_view what) {
    if (!failed_ && !take(symbol)) fail_here(std::string(what));
  }
  void expect_end(std::string_view what) {
    if (now().kind != Token::Kind::kEnd) fail_here(std::string(what));
  }

  NodePtr make(Node::Kind kind, size_t at) {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->at = at;
    return node;
  }
  NodePtr finish(NodePtr node) {
    node->end = last_end();
    return node;
  }

  std::string_view text_;
  Mistake& mistake_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace weir::ottl
