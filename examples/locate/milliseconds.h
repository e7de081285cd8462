// How long a piece of work takes.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace fovea::examples {

// The median of `count` times.
template <class Work>
double median_ms(int count, const Work& work) {
  std::vector<double> found;
  for (int i = 0; i < count; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    found.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  std::nth_element(found.begin(), found.begin() + count / 2, found.end());
  return found[static_cast<size_t>(count / 2)];
}

}  // namespace fovea::examples
