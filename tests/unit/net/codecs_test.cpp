// SPDX-License-Identifier: Apache-2.0
#include "net/codecs.h"

#include <random>

#include "support/catch.h"

using namespace weir;
using namespace weir::net;

namespace {

constexpr Codec kAll[] = {Codec::kIdentity, Codec::kGzip, Codec::kDeflate, Codec::kZstd, Codec::kSnappy};
constexpr uint32_t kLimit = 1u << 20;

std::string sample(size_t size, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>("abcdefgh /:\x01\xff"[random() % 13]);
  return text;
}

std::string packed(Codec codec, std::string_view text, int level = -1) { return compress(codec, {&text, 1}, level); }

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (int v : values) out.push_back(static_cast<char>(v));
  return out;
}

std::string framed_chunk(int type, std::string_view content) {
  const auto size = static_cast<int>(content.size());
  return bytes({type, size & 255, (size >> 8) & 255, size >> 16}) + std::string(content);
}

const std::string kMagic = bytes({0xff, 6, 0, 0}) + "sNaPpY";
DecodeError error_of(Codec codec, std::string_view input, uint32_t limit = kLimit) {
  ByteBudget budget(1u << 30);
  const Decoded out = decompress(codec, input, limit, budget);
  if (!out.bytes) CHECK(budget.used() == 0);
  return out.error;
}

}  // namespace

TEST_CASE("every codec gives back what it was given") {
  ByteBudget budget(1u << 30);
  for (Codec codec : kAll) {
    for (size_t size : {size_t{0}, size_t{1}, size_t{100}, size_t{70000}, size_t{1} << 20}) {
      CAPTURE(name_of(codec), size);
      const std::string text = sample(size);
      const Decoded out = decompress(codec, packed(codec, text), kLimit, budget);
      REQUIRE(out.error == DecodeError::kNone);
      CHECK(out.bytes->view() == text);
      CHECK(budget.used() >= size);
    }
  }
  CHECK(budget.used() == 0);
}

TEST_CASE("pieces are compressed as one") {
  ByteBudget budget(1u << 30);
  const std::string_view pieces[] = {"abc", "", "defdefdef", "g"};
  for (Codec codec : kAll) {
    CHECK(decompress(codec, compress(codec, pieces, 6), kLimit, budget).bytes->view() == "abcdefdefdefg");
  }
}

TEST_CASE("names of codecs") {
  CHECK(codec_of("") == Codec::kIdentity);
  CHECK(codec_of("GZIP") == Codec::kGzip);
  CHECK(codec_of("zlib") == Codec::kDeflate);
  CHECK(codec_of("x-snappy-framed") == Codec::kSnappy);
  CHECK_FALSE(codec_of("br"));
  CHECK_FALSE(codec_of("gzip, gzip"));
}

TEST_CASE("the limit is exact") {
  for (Codec codec : kAll) {
    CAPTURE(name_of(codec));
    const std::string input = packed(codec, sample(5000));
    CHECK(error_of(codec, input, 5000) == DecodeError::kNone);
    CHECK(error_of(codec, input, 4999) == DecodeError::kTooLarge);
  }
}

TEST_CASE("a bomb stops at the limit and holds nothing") {
  const std::string zeros(200u << 20, '\0');
  for (Codec codec : {Codec::kGzip, Codec::kDeflate, Codec::kZstd, Codec::kSnappy}) {
    CAPTURE(name_of(codec));
    std::string bomb = packed(codec, zeros);
    ByteBudget budget(8u << 20);
    CHECK(decompress(codec, bomb, 4u << 20, budget).error == DecodeError::kTooLarge);
    CHECK(budget.used() == 0);
    if (codec != Codec::kGzip) continue;
    for (size_t i = bomb.size() - 4; i < bomb.size(); ++i) bomb[i] = 1;  // lies about its size
    CHECK(decompress(codec, bomb, 4u << 20, budget).error == DecodeError::kTooLarge);
    bomb.resize(bomb.size() - 8);
    CHECK(decompress(codec, bomb, 4u << 20, budget).error == DecodeError::kTooLarge);
  }
}

TEST_CASE("output is reserved before it is kept") {
  for (Codec codec : kAll) {
    CAPTURE(name_of(codec));
    ByteBudget budget(100000);
    Reservation held = Reservation::take(budget, 60000);
    CHECK(decompress(codec, packed(codec, sample(50000)), kLimit, budget).error == DecodeError::kOutOfBudget);
    CHECK(budget.used() == 60000);
    CHECK(budget.refused() > 0);
  }
}

TEST_CASE("streams of several parts are one body") {
  ByteBudget budget(1u << 30);
  const std::string a = sample(40000, 1);
  const std::string b = sample(10, 2);
  for (Codec codec : {Codec::kGzip, Codec::kZstd}) {
    CAPTURE(name_of(codec));
    for (const auto& [first, second] : {std::pair(a, b), std::pair(b, a), std::pair(std::string(), b)}) {
      const Decoded out = decompress(codec, packed(codec, first) + packed(codec, second), kLimit, budget);
      REQUIRE(out.error == DecodeError::kNone);
      CHECK(out.bytes->view() == first + second);
    }
  }
  CHECK(error_of(Codec::kGzip, packed(Codec::kGzip, a) + "garbage") == DecodeError::kCorrupt);
  CHECK(error_of(Codec::kGzip, packed(Codec::kGzip, a) + packed(Codec::kGzip, b), 40005) == DecodeError::kTooLarge);
}

TEST_CASE("cut off anywhere is corrupt") {
  for (Codec codec : {Codec::kGzip, Codec::kDeflate, Codec::kZstd, Codec::kSnappy}) {
    const std::string whole = packed(codec, sample(300));
    for (size_t length = 0; length < whole.size(); ++length) {
      if (codec == Codec::kZstd && length == 0) continue;  // no frame at all is an empty body
      CAPTURE(name_of(codec), length);
      CHECK(error_of(codec, std::string_view(whole).substr(0, length)) == DecodeError::kCorrupt);
    }
  }
}

TEST_CASE("a broken stream never gives other bytes than the true ones where the codec has a checksum") {
  const std::string text = sample(2000);
  for (Codec codec : {Codec::kGzip, Codec::kDeflate}) {
    const std::string whole = packed(codec, text);
    ByteBudget budget(1u << 30);
    for (size_t at = 0; at < whole.size(); ++at) {
      std::string broken = whole;
      broken[at] = static_cast<char>(broken[at] ^ 0x41);
      const Decoded out = decompress(codec, broken, kLimit, budget);
      if (out.error == DecodeError::kNone) CHECK(out.bytes->view() == text);  // a header field that nobody reads
    }
  }
}

TEST_CASE("the reason of a corrupt gzip or zlib body is the collector's") {
  ByteBudget budget(1u << 30);
  const std::string whole = packed(Codec::kGzip, sample(300));
  const auto detail = [&](Codec codec, std::string_view input) {
    return decompress(codec, input, kLimit, budget).detail;
  };
  std::string bad_sum = whole;
  bad_sum[whole.size() - 8] = static_cast<char>(bad_sum[whole.size() - 8] ^ 1);
  CHECK(detail(Codec::kGzip, bad_sum) == "gzip: invalid checksum");
  CHECK(detail(Codec::kGzip, "plain text that is no gzip at all") == "gzip: invalid header");
  CHECK(detail(Codec::kGzip, std::string_view(whole).substr(0, 100)) == "unexpected EOF");
  CHECK(detail(Codec::kGzip, "") == "EOF");
  const std::string zlib = packed(Codec::kDeflate, sample(300));
  CHECK(detail(Codec::kDeflate, std::string_view(zlib).substr(2)) == "zlib: invalid header");  // raw deflate
}

TEST_CASE("a zstd stream of unknown size, and one with a window that is too large") {
  // `zstd -1 --no-check` from a pipe: frame header without content size.
  const std::string unknown_size = bytes({0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x48, 0x19, 0x00, 0x00}) + "abc";
  ByteBudget budget(1u << 30);
  const Decoded out = decompress(Codec::kZstd, unknown_size, kLimit, budget);
  REQUIRE(out.error == DecodeError::kNone);
  CHECK(out.bytes->view() == "abc");
  std::string wide = unknown_size;
  wide[5] = static_cast<char>(0x70);  // 16 MiB
  CHECK(error_of(Codec::kZstd, wide) == DecodeError::kCorrupt);
}

TEST_CASE("snappy: the framed format") {
  // The CRC-32C of "123456789" is 0xe3069283; it is masked by the rule of the format.
  const uint32_t crc = 0xe3069283u;
  const uint32_t masked = ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
  std::string sum;
  for (int shift : {0, 8, 16, 24}) sum.push_back(static_cast<char>(masked >> shift & 255));
  const std::string plain = framed_chunk(0x01, sum + "123456789");
  const std::string squeezed = framed_chunk(0x00, sum + packed(Codec::kSnappy, "123456789"));
  ByteBudget budget(1u << 30);
  const std::string stream =
      kMagic + plain + framed_chunk(0xfe, "padding") + kMagic + squeezed + framed_chunk(0x80, "");
  const Decoded out = decompress(Codec::kSnappy, stream, kLimit, budget);
  REQUIRE(out.error == DecodeError::kNone);
  CHECK(out.bytes->view() == "123456789123456789");
  CHECK(error_of(Codec::kSnappy, stream, 17) == DecodeError::kTooLarge);
  CHECK(error_of(Codec::kSnappy, kMagic + framed_chunk(0x02, "x")) == DecodeError::kCorrupt);  // must not be skipped
  CHECK(error_of(Codec::kSnappy, kMagic + framed_chunk(0x01, "abc")) == DecodeError::kCorrupt);
  std::string wrong_sum = kMagic + plain;
  wrong_sum.back() = '0';
  CHECK(error_of(Codec::kSnappy, wrong_sum) == DecodeError::kCorrupt);
  for (size_t cut = 1; cut < plain.size(); ++cut) {
    CHECK(error_of(Codec::kSnappy, kMagic + plain.substr(0, cut)) == DecodeError::kCorrupt);
  }
}

TEST_CASE("snappy: a block that claims more than it can hold") {
  const std::string claim = bytes({0xff, 0xff, 0xff, 0x7f}) + "x";  // 256 MiB
  ByteBudget budget(1u << 30);
  CHECK(decompress(Codec::kSnappy, claim, 1u << 30, budget).error == DecodeError::kCorrupt);
  CHECK(budget.refused() == 0);
}

TEST_CASE("random bytes crash nothing") {
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    const Codec codec = kAll[1 + random() % 4];
    std::string input =
        random() % 2 == 0 ? packed(codec, sample(random() % 500, random())) : sample(random() % 64, random());
    for (uint32_t edits = random() % 4; edits > 0 && !input.empty(); --edits) {
      input[random() % input.size()] = static_cast<char>(random());
    }
    (void)error_of(codec, input, 4096);
  }
}
