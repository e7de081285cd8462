// What fuzzing needs for each file format: valid files to start from, a mutation that knows the format, and the
// property: any bytes either load, and then save and load again as the same tensors, or give FileError. Used by the
// fuzz targets here and, with a fixed seed, by the unit tests.
#pragma once

#include <fovea/core/checkpoint.h>
#include <fovea/core/creation.h>
#include <fovea/core/npy.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::fuzz {

using Bytes = std::vector<std::byte>;

struct Loader {
  std::vector<Bytes> (*seeds)();
  // Whether the bytes loaded; throws anything but FileError when the property does not hold.
  bool (*run)(std::span<const std::byte> bytes);
  size_t length_at, length_bytes;  // where the header's length stands
};

inline void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

inline std::vector<Tensor> samples() {
  return {arange(3), tensor({1.f, -2.f}, {1, 2}), tensor({true, false}), scalar(0.5, f64), zeros({0, 3})};
}

inline const Loader& npy() {
  static const Loader loader = {[] {
                                  std::vector<Bytes> seeds;
                                  for (const Tensor& x : samples()) seeds.push_back(serialize_npy(x));
                                  return seeds;
                                },
                                [](std::span<const std::byte> bytes) {
                                  try {
                                    const Bytes again = serialize_npy(parse_npy(bytes, "fuzz"));
                                    require(serialize_npy(parse_npy(again, "again")) == again,
                                            "npy: loads differently when saved again");
                                    return true;
                                  } catch (const FileError&) {
                                    return false;
                                  }
                                },
                                8, 2};
  return loader;
}

inline std::vector<Bytes> container_seeds(Bytes (*serialize)(const NamedTensors&, const Metadata&)) {
  NamedTensors tensors;
  std::vector<Bytes> seeds = {serialize({}, {})};
  for (const Tensor& x : samples()) {
    seeds.push_back(serialize({{"x", x}}, {}));
    tensors.emplace_back(std::string(1, static_cast<char>('a' + tensors.size())), x);
  }
  seeds.push_back(serialize(tensors, {{"k", "v\\\"\u00e9"}}));
  return seeds;
}

template <SafetensorsFile (*parse)(std::span<const std::byte>, std::string_view),
          Bytes (*serialize)(const NamedTensors&, const Metadata&)>
bool run_container(std::span<const std::byte> bytes) {
  try {
    const SafetensorsFile file = parse(bytes, "fuzz");
    const Bytes again = serialize(file.tensors, file.metadata);
    const SafetensorsFile second = parse(again, "again");
    require(serialize(second.tensors, second.metadata) == again, "loads differently when saved again");
    return true;
  } catch (const FileError&) {
    return false;
  }
}

inline Bytes as_they_are(const NamedTensors& tensors, const Metadata& metadata) {
  return serialize_safetensors(tensors, metadata);
}

inline const Loader& safetensors() {
  static const Loader loader = {[] {
                                  std::vector<Bytes> seeds = container_seeds(as_they_are);
                                  for (const StoredFloat half : {StoredFloat::f16, StoredFloat::bf16})
                                    seeds.push_back(serialize_safetensors({{"x", arange(0, 5, 1, f32)}}, {}, half));
                                  return seeds;
                                },
                                run_container<parse_safetensors, as_they_are>, 0, 8};
  return loader;
}

inline const Loader& checkpoint() {
  static const Loader loader = {[] { return container_seeds(serialize_checkpoint); },
                                run_container<parse_checkpoint, serialize_checkpoint>, 0, 8};
  return loader;
}

// ---- mutations ----

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
