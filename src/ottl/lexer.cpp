// SPDX-License-Identifier: Apache-2.0
#include "ottl/lexer.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace weir::ottl {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool name_char(char c) { return letter(c) || digit(c) || c == '_'; }
bool hex_digit(char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

class Lexer {
 public:
  Lexer(std::string_view text, Mistake& mistake) : text_(text), mistake_(mistake) {}

  bool run(std::vector<Token>& out) {
    while (skip_space()) {
      Token token;
      token.at = at_;
      if (!next(token)) return false;
      out.push_back(token);
    }
    out.push_back({Token::Kind::kEnd, text_.size(), {}});
    return true;
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  bool skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    return at_ < text_.size();
  }

  bool fail(size_t at, std::string what) {
    mistake_ = mistake_at(text_, at, std::move(what));
    return false;
  }

  bool next(Token& token) {
    const char c = peek();
    if (c == '"') return string(token);
    if (digit(c) || (c == '.' && digit(peek(1)))) return number(token);
    token.kind = Token::Kind::kName;
    if (letter(c)) return take_while(token, name_char);
    return symbol(token);
  }

  template <class F>
  bool take_while(Token& token, F&& f) {
    while (at_ < text_.size() && f(text_[at_])) ++at_;
    token.text = text_.substr(token.at, at_ - token.at);
    return true;
  }

  bool string(Token& token) {
    token.kind = Token::Kind::kString;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        token.text = text_.substr(token.at + 1, at_ - token.at - 1);
        ++at_;
        return true;
      }
    }
    return fail(token.at, "this text has no closing \"");
  }

  bool number(Token& token) {
    if (peek() == '0' && peek(1) == 'x' && hex_digit(peek(2))) {
      at_ += 2;
      token.kind = Token::Kind::kBytes;
      take_while(token, hex_digit);
      if (token.text.size() % 2 != 0) return fail(token.at, "bytes need an even number of hex digits");
      token.text.remove_prefix(2);
      return true;
    }
    token.kind = Token::Kind::kInt;
    take_while(token, digit);
    if (peek() != '.') return true;
    token.kind = Token::Kind::kFloat;
    ++at_;
    take_while(token, digit);
    const size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    if ((peek() == 'e' || peek() == 'E') && digit(peek(1 + sign))) {
      at_ += 1 + sign;
      take_while(token, digit);
    }
    return true;
  }

  bool symbol(Token& token) {
    static constexpr std::string_view kSymbols[] = {"==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/",
                                                    "=",  "(",  ")",  "{",  "}", "[", "]", ",", ".", ":"};
    token.kind = Token::Kind::kSymbol;
    for (std::string_view candidate : kSymbols) {
      if (!text_.substr(at_).starts_with(candidate)) continue;
      at_ += candidate.size();
      token.text = candidate;
      return true;
    }
    if (peek() == '\'') return fail(at_, "unexpected ' (texts stand in \"double quotes\")");
    return fail(at_, "unexpected character " + quoted(text_.substr(at_)));
  }

  // The first character, whole where it takes several bytes.
  static std::string quoted(std::string_view rest) {
    size_t size = 1;
    while (size < rest.size() && (static_cast<unsigned char>(rest[size]) & 0xc0) == 0x80) ++size;
    return "\"" + std::string(rest.substr(0, size)) + "\"";
  }

  std::string_view text_;
  Mistake& mistake_;
  size_t at_ = 0;
};

void append_utf8(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 0x3f))};
  } else if (code < 0x10000) {
    out += {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3f)),
            static_cast<char>(0x80 | (code & 0x3f))};
  } else {
    out += {static_cast<char>(0xf0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 0x3f)),
            static_cast<char>(0x80 | (code >> 6 & 0x3f)), static_cast<char>(0x80 | (code & 0x3f))};
  }
}

// Reads `count` digits of a base; false where there are fewer.
bool read_code(std::string_view& rest, size_t count, int base, uint32_t& code) {
  if (rest.size() < count) return false;
  code = 0;
  for (char c : rest.substr(0, count)) {
    if (!hex_digit(c) || (base == 8 && (c < '0' || c > '7'))) return false;
    code = code * static_cast<uint32_t>(base) + static_cast<uint32_t>(digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  rest.remove_prefix(count);
  return true;
}

bool append_escape(std::string_view& rest, std::string& out) {
  static constexpr std::string_view kNames = "abfnrtv\\\"'", kMeanings = "\a\b\f\n\r\t\v\\\"'";
  const char name = rest[0];
  if (const size_t known = kNames.find(name); known != std::string_view::npos) {
    out += kMeanings[known];
    rest.remove_prefix(1);
    return true;
  }
  uint32_t code = 0;
  if (name >= '0' && name <= '7') {
    if (!read_code(rest, 3, 8, code) || code > 255) return false;
    out += static_cast<char>(code);
    return true;
  }
  rest.remove_prefix(1);
  if (name == 'x') {
    if (!read_code(rest, 2, 16, code)) return false;
    out += static_cast<char>(code);
    return true;
  }
  if (name != 'u' && name != 'U') return false;
  if (!read_code(rest, name == 'u' ? 4 : 8, 16, code)) return false;
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
  append_utf8(code, out);
  return true;
}

}  // namespace

std::string Mistake::to_string() const { return std::to_string(line) + ":" + std::to_string(column) + ": " + text; }

Mistake mistake_at(std::string_view text, size_t offset, std::string what) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return {1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
          1 + static_cast<int>(before.size() - line_start), std::move(what)};
}

std::optional<std::vector<Token>> tokens_of(std::string_view text, Mistake& mistake) {
  std::vector<Token> tokens;
  if (!Lexer(text, mistake).run(tokens)) return std::nullopt;
  return tokens;
}

std::optional<std::string> unescape(std::string_view quoted) {
  std::string out;
  while (!quoted.empty()) {
    const char c = quoted[0];
    quoted.remove_prefix(1);
    if (c != '\\') {
      out += c;
    } else if (quoted.empty() || !append_escape(quoted, out)) {
      return std::nullopt;
    }
  }
  return out;
}

namespace {

bool read_number(const Token& token, Value& out) {
  const char* begin = token.text.data();
  const char* end = begin + token.text.size();
  if (token.kind == Token::Kind::kInt) {
    int64_t value = 0;
    const auto result = std::from_chars(begin, end, value);
    out = Value::of_int(value);
    return result.ec == std::errc{};
  }
  double value = 0;
  const auto result = std::from_chars(begin, end, value);
  out = Value::of_double(value);
  return result.ec == std::errc{};
}

std::string bytes_of_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

}  // namespace

NodePtr literal_of(const Token& token, std::string& wrong) {
  auto node = std::make_unique<Node>();
  node->at = token.at;
  if (token.kind == Token::Kind::kBytes) {
    node->text = bytes_of_hex(token.text);
    node->literal = Value::of_string(node->text, Type::kBytes);
  } else if (token.kind == Token::Kind::kString) {
    auto plain = unescape(token.text);
    wrong = "unknown escape in the text (a backslash is written \\\\)";
    if (!plain) return nullptr;
    node->text = std::move(*plain);
    node->literal = Value::of_string(node->text);
  } else if (!read_number(token, node->literal)) {
    wrong = "the number is out of range";
    return nullptr;
  }
  return node;
}

}  // namespace weir::ottl
