// Arrays without gradients: the views and copies of one tensor. Each has a differentiable namesake in autograd/ops.h,
// which is what programs use; the tape, the kernels' callers and file formats use these.
// Views share storage with their argument. Errors: ShapeError, IndexError, DTypeError, naming the function.
#pragma once

#include <fovea/core/tensor.h>

#include <optional>

namespace fovea::array {

// The base of all views: offset counts elements from x's first one.
Tensor as_strided(const Tensor& x, const Shape& shape, const Shape& strides, int64_t offset = 0);
// One size may be -1. A view where strides allow it, else a copy.
Tensor reshape(const Tensor& x, const Shape& shape);
Tensor permute(const Tensor& x, const Shape& order);
Tensor transpose(const Tensor& x, int64_t a, int64_t b);
// Elements begin, begin + step, ... below end along dim; negative positions count from the back; step >= 1.
Tensor slice(const Tensor& x, int64_t dim, int64_t begin, int64_t end, int64_t step = 1);
Tensor select(const Tensor& x, int64_t dim, int64_t index);
// Size-1 dimensions repeated with stride 0; -1 keeps a size; new dimensions come in front.
Tensor expand(const Tensor& x, const Shape& shape);
Tensor squeeze(const Tensor& x, std::optional<int64_t> dim = {});
Tensor unsqueeze(const Tensor& x, int64_t dim);
// Windows of `size` every `step` along dim, as a new last dimension.
Tensor unfold(const Tensor& x, int64_t dim, int64_t size, int64_t step);

Tensor contiguous(const Tensor& x);  // x itself when it is
Tensor clone(const Tensor& x);       // contiguous copy
Tensor to(const Tensor& x, DType dtype);
// Writes source's elements into target (same shape); strided on both sides, converts.
void copy(const Tensor& target, const Tensor& source);

}  // namespace fovea::array
