// What fuzzing needs for each file format: valid files to start from, and the property: any bytes either load, and then
// save and load again as the same tensors, or give FileError. Used by the fuzz targets here and, with a fixed seed, by
// the unit tests. mutations.h changes the files.
#pragma once

#include <fovea/core/checkpoint.h>
#include <fovea/core/creation.h>
#include <fovea/core/npy.h>

#include <cstdint>
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

}  // namespace fovea::fuzz
