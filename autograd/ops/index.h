// The checks that ops by position share; internal to autograd/ops.
#pragma once

#include <fovea/core/kernels/index.h>
#include <fovea/core/tensor.h>

namespace fovea::detail {

// x's dimensions other than dim must hold index's (ShapeError), its ids lie in x's size along dim (IndexError). The
// dimension, counted from the front.
int check_index(const char* op, const Tensor& x, int64_t dim, const Tensor& index);
// The part of source, which must be of x's type and as large as index, that index addresses.
Tensor check_scattered(const char* op, const Tensor& x, const Tensor& index, const Tensor& source);
// Writes source, of index's shape, into y at index along d.
void scatter_into(decltype(kernels::scatter)& write, const Tensor& y, int d, const Tensor& index, const Tensor& source);

}  // namespace fovea::detail
