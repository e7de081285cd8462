// What tells a Transformer where it is. Vaswani et al. 2017, arXiv 1706.03762, section 3.5.
//
//   PE[p, 2i] = sin(p / 10000^(2i/D)),   PE[p, 2i+1] = cos(same)                 (1)  sinusoidal; p from 0
//   PE[p] = a row of a table that is learned                                     (2)
//
// PE[p + k] is a rotation of PE[p] that depends on k alone. Shapes: x [B, T, D] -> x + PE[offset .. offset + T).
// Errors: ShapeError for another D; IndexError for learned positions past the table; ValueError for sizes below 1.
#pragma once

#include <fovea/layers/module.h>

namespace fovea {

// Rows offset .. offset + count of (1), [count, D].
Tensor sinusoidal_positions(int64_t count, int64_t size, int64_t offset = 0, DType dtype = f32);

enum class Positions { none, sinusoidal, learned };

class PositionalEncoding final : public Module {
 public:
  // `max_length` is the number of rows of (2), which start as N(0, 1 / D); (1) has no end.
  PositionalEncoding(Positions kind, int64_t size, int64_t max_length, Generator& generator = default_generator());
  void members(Members& m) override { m("weight", weight); }
  Tensor operator()(const Tensor& x, int64_t offset = 0) const;

  Parameter weight;  // of (2) [max_length, D]

 private:
  Positions kind_;
  int64_t size_;
};

// A table of token ids' vectors, N(0, 1 / D). ValueError, in the model's name, for no rows.
Parameter token_table(std::string_view model, int64_t vocabulary, int64_t size, Generator& generator);

}  // namespace fovea
