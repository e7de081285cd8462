// NaN and inf under a mask. What may not be attended must not matter, but 0 · NaN is NaN, forward and backward. So
// where a mask is applied (attention's memory, multi-head attention, the fused op) rows that hold NaN or inf are taken
// out first, and NaN is shown afterwards to those that may attend to them. Where there is no mask none of this runs,
// and arithmetic does as it does.
#pragma once

#include <fovea/core/tensor.h>

namespace fovea {

struct FiniteRows {
  Tensor x;           // zeros in the rows that held NaN or inf, which get no gradient
  Tensor non_finite;  // which rows did, bool [.., T, 1]; undefined when none did
};
// x [.., T, D], floating. Cost: one pass over x.
FiniteRows finite_rows(const Tensor& x);

// NaN where `rows` is true, no gradient there; whole numbers stay as they are. `rows` broadcasts to y; undefined: y.
Tensor with_nan(const Tensor& y, const Tensor& rows);

// Those of either; an undefined one has none.
Tensor either_rows(const Tensor& a, const Tensor& b);

// Which queries of an attention are NaN: those that may attend to one of `keys`, bool [.., Tk, 1], and those of
// `queries`, bool [.., Tq, 1], that may attend to anything. mask [.., Tq, Tk], Tk >= 1 -> bool [.., Tq, 1].
Tensor non_finite_queries(const Tensor& mask, const Tensor& keys, const Tensor& queries = {});

}  // namespace fovea
