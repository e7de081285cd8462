// The adding and the multiplying problem: two numbers of a long sequence are marked; what is their sum, their product?
// Hochreiter & Schmidhuber 1997, in the form of Raffel & Ellis 2015, arXiv 1512.08756, section 3.1.
//   x_t = (v_t, m_t); the marker m is -1 at the first and the last step, 1 at two steps, else 0
//   the marked steps: one of the steps 1 to 9, and one of the first half
//   addition        v ~ U[-1, 1], target 1/2 + (v_a + v_b) / 4
//   multiplication  v ~ U[0, 1],  target v_a v_b
// Lengths are drawn from [length, 1.1 length], each sequence its own; steps past it are zero. An answer is right when
// it is less than 0.04 off. Errors: ValueError for a length below 20.
#pragma once

#include <fmt/format.h>
#include <fovea/core/creation.h>
#include <fovea/core/error.h>

#include <algorithm>
#include <vector>

namespace fovea::examples {

struct Sequences {
  Tensor x;        // [B, T, 2]
  Tensor lengths;  // i64 [B]
  Tensor target;   // [B]
};

constexpr double near_enough = 0.04;

inline Sequences make_sequences(bool multiply, int64_t batch, int64_t length, Generator& generator) {
  if (length < 20) throw ValueError(fmt::format("length {}: need at least 20 for two marks in the first half", length));
  std::vector<int64_t> lengths;
  for (int64_t b = 0; b < batch; ++b) lengths.push_back(generator.randint(length, length + length / 10 + 1));
  const int64_t T = *std::max_element(lengths.begin(), lengths.end());
  const Tensor values = uniform({batch, T}, multiply ? 0 : -1, 1, generator);
  Tensor x = zeros({batch, T, 2}), target = zeros({batch});
  for (int64_t b = 0; b < batch; ++b) {
    const int64_t own = lengths[static_cast<size_t>(b)], first = generator.randint(1, 10);
    int64_t second = first;
    while (second == first) second = generator.randint(1, own / 2 - 1);
    for (int64_t t = 0; t < own; ++t) x.set({b, t, 0}, values.at({b, t}));
    x.set({b, 0, 1}, -1);
    x.set({b, own - 1, 1}, -1);
    x.set({b, first, 1}, 1);
    x.set({b, second, 1}, 1);
    const double u = values.at({b, first}), v = values.at({b, second});
    target.set({b}, multiply ? u * v : 0.5 + (u + v) / 4);
  }
  return {x, from(lengths, {batch}), target};
}

}  // namespace fovea::examples
