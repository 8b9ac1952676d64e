// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include <array>
#include <bit>
#include <cmath>
#include <vector>

#include "weir/ids.h"

// FIPS 180-4 and RFC 1321. Written out here because OpenSSL belongs to the network and is not instrumented for
// ThreadSanitizer.
namespace weir {

namespace {

// The data with its padding: a one bit, zeros, and the length in bits in the last bytes of the last block.
std::string padded(std::string_view data, size_t block, bool big_endian) {
  std::string out(data);
  out += '\x80';
  const size_t length_size = block / 8;
  while ((out.size() + length_size) % block != 0) out += '\0';
  const uint64_t bits = static_cast<uint64_t>(data.size()) * 8;
  for (size_t i = 0; i < length_size; ++i) {
    const size_t shift = 8 * (big_endian ? length_size - 1 - i : i);
    out += shift < 64 ? static_cast<char>(bits >> shift) : '\0';
  }
  return out;
}

template <class Word>
Word read_word(const char* at, bool big_endian) {
  Word word = 0;
  for (size_t i = 0; i < sizeof(Word); ++i) {
    const size_t shift = 8 * (big_endian ? sizeof(Word) - 1 - i : i);
    word |= static_cast<Word>(static_cast<unsigned char>(at[i])) << shift;
  }
  return word;
}

template <class Word, size_t N>
std::string bytes_of(const std::array<Word, N>& state, bool big_endian) {
  std::string bytes;
  for (Word word : state) {
    for (size_t i = 0; i < sizeof(Word); ++i) {
      bytes += static_cast<char>(word >> (8 * (big_endian ? sizeof(Word) - 1 - i : i)));
    }
  }
  return bytes;
}

// The constants of SHA-2 are the first bits of the fractions of cube and square roots of primes.
constexpr std::array<uint64_t, 80> kPrimes = [] {
  std::array<uint64_t, 80> primes{};
  size_t count = 0;
  for (uint64_t n = 2; count < primes.size(); ++n) {
    bool prime = true;
    for (size_t i = 0; i < count && prime; ++i) prime = n % primes[i] != 0;
    if (prime) primes[count++] = n;
  }
  return primes;
}();

// floor(root * 2^64) mod 2^64 for a root of `degree` 2 or 3, by bisection on whole numbers.
uint64_t root_fraction(uint64_t prime, int degree) {
  __extension__ using Wide = unsigned __int128;
  // Looks for the largest x with (x / 2^64)^degree <= prime, one bit at a time. x has 64 + 5 bits.
  Wide root = 0;
  for (int bit = 68; bit >= 0; --bit) {
    const Wide candidate = root | Wide{1} << bit;
    // Compares candidate^degree with prime << (64 * degree) in limbs of 32 bits.
    std::array<uint64_t, 12> product{};
    std::array<uint64_t, 3> factor{static_cast<uint32_t>(candidate), static_cast<uint32_t>(candidate >> 32),
                                   static_cast<uint32_t>(candidate >> 64)};
    product[0] = 1;
    for (int power = 0; power < degree; ++power) {
      std::array<uint64_t, 12> next{};
      for (size_t i = 0; i < product.size(); ++i) {
        uint64_t carry = 0;
        for (size_t j = 0; i + j < next.size(); ++j) {
          const uint64_t term = (j < factor.size() ? product[i] * factor[j] : 0) + next[i + j] + carry;
          next[i + j] = static_cast<uint32_t>(term);
          carry = term >> 32;
        }
      }
      product = next;
    }
    const auto whole = static_cast<size_t>(2 * degree);
    uint64_t above = product[whole] | product[whole + 1] << 32;
    bool rest = false;
    for (size_t i = 0; i < whole; ++i) rest |= product[i] != 0;
    const bool too_large = product[whole + 2] != 0 || above > prime || (above == prime && rest);
    if (!too_large) root = candidate;
  }
  return static_cast<uint64_t>(root);
}

struct Sha2Constants {
  std::array<uint64_t, 80> round{};
  std::array<uint64_t, 8> start{};
};
const Sha2Constants& sha2_constants() {
  static const Sha2Constants constants = [] {
    Sha2Constants result;
    for (size_t i = 0; i < 80; ++i) result.round[i] = root_fraction(kPrimes[i], 3);
    for (size_t i = 0; i < 8; ++i) result.start[i] = root_fraction(kPrimes[i], 2);
    return result;
  }();
  return constants;
}

// How SHA-256 and SHA-512 differ.
template <class Word>
struct Sha2;
template <>
struct Sha2<uint32_t> {
  static constexpr int kRounds = 64, kBig0[] = {2, 13, 22}, kBig1[] = {6, 11, 25}, kSmall0[] = {7, 18, 3},
                       kSmall1[] = {17, 19, 10};
  static uint32_t constant(uint64_t fraction) { return static_cast<uint32_t>(fraction >> 32); }
};
template <>
struct Sha2<uint64_t> {
  static constexpr int kRounds = 80, kBig0[] = {28, 34, 39}, kBig1[] = {14, 18, 41}, kSmall0[] = {1, 8, 7},
                       kSmall1[] = {19, 61, 6};
  static uint64_t constant(uint64_t fraction) { return fraction; }
};

template <class Word>
Word mix(Word x, const int (&by)[3], bool shift_last) {
  return static_cast<Word>(std::rotr(x, by[0]) ^ std::rotr(x, by[1]) ^ (shift_last ? x >> by[2] : std::rotr(x, by[2])));
}

template <class Word>
void sha2_block(const char* at, std::array<Word, 8>& state) {
  using How = Sha2<Word>;
  std::array<Word, 80> w{};
  for (size_t i = 0; i < 16; ++i) w[i] = read_word<Word>(at + i * sizeof(Word), true);
  for (size_t i = 16; i < How::kRounds; ++i) {
    w[i] = w[i - 16] + mix(w[i - 15], How::kSmall0, true) + w[i - 7] + mix(w[i - 2], How::kSmall1, true);
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (size_t i = 0; i < How::kRounds; ++i) {
    const Word first =
        h + mix(e, How::kBig1, false) + ((e & f) ^ (~e & g)) + How::constant(sha2_constants().round[i]) + w[i];
    const Word second = mix(a, How::kBig0, false) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + first, d = c, c = b, b = a, a = first + second;
  }
  const std::array<Word, 8> add{a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < 8; ++i) state[i] += add[i];
}

template <class Word>
std::string sha2(std::string_view data) {
  std::array<Word, 8> state;
  for (size_t i = 0; i < 8; ++i) state[i] = Sha2<Word>::constant(sha2_constants().start[i]);
  const size_t block = 16 * sizeof(Word);
  const std::string message = padded(data, block, true);
  for (size_t at = 0; at < message.size(); at += block) sha2_block(message.data() + at, state);
  return bytes_of(state, true);
}

void sha1_block(const char* at, std::array<uint32_t, 5>& state) {
  std::array<uint32_t, 80> w{};
  for (size_t i = 0; i < 16; ++i) w[i] = read_word<uint32_t>(at + 4 * i, true);
  for (size_t i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  auto [a, b, c, d, e] = state;
  for (size_t i = 0; i < 80; ++i) {
    static constexpr uint32_t kConstants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    const uint32_t f = i < 20 ? (b & c) | (~b & d) : i >= 40 && i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
    const uint32_t next = std::rotl(a, 5) + f + e + kConstants[i / 20] + w[i];
    e = d, d = c, c = std::rotl(b, 30), b = a, a = next;
  }
  const std::array<uint32_t, 5> add{a, b, c, d, e};
  for (size_t i = 0; i < 5; ++i) state[i] += add[i];
}

void md5_block(const char* at, std::array<uint32_t, 4>& state) {
  static constexpr int kTurns[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  auto [a, b, c, d] = state;
  for (uint32_t i = 0; i < 64; ++i) {
    const uint32_t part = i / 16;
    const uint32_t f = part == 0   ? (b & c) | (~b & d)
                       : part == 1 ? (d & b) | (~d & c)
                       : part == 2 ? b ^ c ^ d
                                   : c ^ (b | ~d);
    static constexpr uint32_t kStep[] = {1, 5, 3, 7}, kStart[] = {0, 1, 5, 0};
    const uint32_t word = (kStep[part] * i + kStart[part]) % 16;
    const auto constant = static_cast<uint32_t>(std::floor(std::abs(std::sin(i + 1.0)) * 4294967296.0));
    const uint32_t next =
        b + std::rotl(a + f + constant + read_word<uint32_t>(at + 4 * word, false), kTurns[part][i % 4]);
    a = d, d = c, c = b, b = next;
  }
  const std::array<uint32_t, 4> add{a, b, c, d};
  for (size_t i = 0; i < 4; ++i) state[i] += add[i];
}

}  // namespace

std::string md5(std::string_view data) {
  std::array<uint32_t, 4> state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  const std::string message = padded(data, 64, false);
  for (size_t at = 0; at < message.size(); at += 64) md5_block(message.data() + at, state);
  return bytes_of(state, false);
}

std::string sha1(std::string_view data) {
  std::array<uint32_t, 5> state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  const std::string message = padded(data, 64, true);
  for (size_t at = 0; at < message.size(); at += 64) sha1_block(message.data() + at, state);
  return bytes_of(state, true);
}

std::string sha256(std::string_view data) { return sha2<uint32_t>(data); }

std::string md5_hex(std::string_view data) { return to_hex(md5(data)); }
std::string sha1_hex(std::string_view data) { return to_hex(sha1(data)); }
std::string sha256_hex(std::string_view data) { return to_hex(sha256(data)); }
std::string sha512_hex(std::string_view data) { return to_hex(sha2<uint64_t>(data)); }

uint64_t fnv1a_64(std::string_view data) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : data) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace weir
