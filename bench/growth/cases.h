// How time and memory of a training step grow with one of its sizes, beside the formula.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace fovea::bench {

struct Growth {
  std::string_view name;       // of the mechanism and the size that grows: ntm_slots
  std::string_view size;       // the size as the formulas call it: N
  std::vector<int64_t> sizes;  // each twice the one before
  double time, memory;         // powers of the size that the formulas end in, for large sizes
  std::function<std::function<void()>(int64_t size)> build;
};

std::vector<Growth> growths();

}  // namespace fovea::bench
