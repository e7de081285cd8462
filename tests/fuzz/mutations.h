// Changes of a file that know the formats: words of their headers, lengths that fit again, pieces of other files.
#pragma once

#include <tests/fuzz/loaders.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace fovea::fuzz {

// Small and repeatable; not the library's generator, which is under test itself.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  size_t below(size_t n) {
    state_ = state_ * 6364136223846793005 + 1442695040888963407;
    return n == 0 ? 0 : static_cast<size_t>((state_ >> 33) % n);
  }

 private:
  uint64_t state_;
};

inline std::string_view token(Dice& dice) {
  static constexpr std::string_view kTokens[] = {"{",
                                                 "}",
                                                 "[",
                                                 "]",
                                                 "(",
                                                 ")",
                                                 ",",
                                                 ":",
                                                 "\"",
                                                 "'",
                                                 "0",
                                                 "1",
                                                 "-1",
                                                 "1e9",
                                                 "4294967296",
                                                 "9223372036854775807",
                                                 "18446744073709551615",
                                                 "18446744073709551616",
                                                 "null",
                                                 "true",
                                                 "\"__metadata__\":{",
                                                 "\"dtype\":\"F64\"",
                                                 "\"shape\":[0,4611686018427387904]",
                                                 "\"data_offsets\":[0,0]",
                                                 "\"fovea.checksum\":\"",
                                                 "F16",
                                                 "BF16",
                                                 "BOOL",
                                                 "'descr': '<f8'",
                                                 "'shape': (",
                                                 "True",
                                                 "False",
                                                 "|O",
                                                 "\\u0000",
                                                 "\xc3\x28",
                                                 " "};
  return kTokens[dice.below(std::size(kTokens))];
}

inline void put(Bytes& bytes, size_t at, size_t replaced, std::string_view text) {
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  const auto end = begin + static_cast<std::ptrdiff_t>(std::min(replaced, bytes.size() - at));
  bytes.insert(bytes.erase(begin, end), first, first + text.size());
}

// Makes the header's length fit again after an insertion, so that mutations reach past that check.
inline void repair_length(const Loader& loader, Bytes& bytes, int64_t change) {
  if (bytes.size() < loader.length_at + loader.length_bytes) return;
  uint64_t length = 0;
  std::memcpy(&length, bytes.data() + loader.length_at, loader.length_bytes);
  length += static_cast<uint64_t>(change);
  std::memcpy(bytes.data() + loader.length_at, &length, loader.length_bytes);
}

inline void mutate_once(const Loader& loader, Bytes& bytes, Dice& dice) {
  const size_t before = bytes.size();
  const size_t at = dice.below(before + 1);
  switch (dice.below(7)) {
    case 0:
      if (at < before) bytes[at] ^= static_cast<std::byte>(1 << dice.below(8));
      break;
    case 1:
      if (at < before) bytes[at] = static_cast<std::byte>(dice.below(256));
      break;
    case 2:
    case 3:
      put(bytes, at, dice.below(9), token(dice));
      break;
    case 4:
      put(bytes, at, 1 + dice.below(16), "");
      break;
    case 5: {  // one piece of the file once more, elsewhere
      const size_t size = std::min(dice.below(64), before - at);
      const std::string piece(reinterpret_cast<const char*>(bytes.data()) + at, size);
      put(bytes, dice.below(before + 1), 0, piece);
      break;
    }
    default:
      if (at < before) put(bytes, at, before - at, "");
  }
  if (dice.below(4) != 0)
    repair_length(loader, bytes, static_cast<int64_t>(bytes.size()) - static_cast<int64_t>(before));
}

inline Bytes mutated(const Loader& loader, Bytes bytes, Dice& dice) {
  for (size_t times = 1 + dice.below(3); times > 0; --times) mutate_once(loader, bytes, dice);
  return bytes;
}

}  // namespace fovea::fuzz
