// The adding and the multiplying problem: two numbers of a long sequence are marked; what is their sum, their product?
// Hochreiter & Schmidhuber 1997, in the form of Raffel & Ellis 2015, arXiv 1512.08756, section 3.1.
//   x_t = (v_t, m_t); the marker m is -1 at the first and the last step, 1 at two steps, else 0
//   the marked steps: one of the steps 1 to 9, and one of the first half
//   addition        v ~ U[-1, 1], target 1/2 + (v_a + v_b) / 4
//   multiplication  v ~ U[0, 1],  target v_a v_b
// Lengths are drawn from [length, 1.1 length], each sequence its own; steps past it are zero. An answer is right when
// it is less than 0.04 off. Errors: ValueError for a length below 20.
#pragma once

#include <fovea/core/creation.h>

namespace fovea::examples {

struct Sequences {
  Tensor x;        // [B, T, 2]
  Tensor lengths;  // i64 [B]
  Tensor target;   // [B]
};

constexpr double near_enough = 0.04;

Sequences make_sequences(bool multiply, int64_t batch, int64_t length, Generator& generator);

}  // namespace fovea::examples
