// cosine_similarity      a·b / (|a| |b|) along one dimension of the broadcast of a and b; eps as in normalize
// circular_convolution   y(i) = sum_j s(j) w((i - j) mod N), j = -S..S (Graves, Wayne, Danihelka 2014, equation 8)
// Shapes: a, b broadcast, the dimension goes; w [..., N], s [..., 2 S + 1] -> [..., N], leading dimensions broadcast.
// Errors: ShapeError for shapes that do not broadcast or an even number of shifts; DTypeError; ValueError for eps.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/circular.h>

namespace fovea {
namespace {

using Pair = std::array<Tensor, 2>;

// x with leading dimensions of 1 up to `rank`, and dimension d grown to `size`.
Tensor align(const Tensor& x, int rank, int d, int64_t size) {
  Shape shape = Shape::filled(rank, 1);
  for (int i = 1; i <= x.dim(); ++i) shape[rank - i] = x.shape()[x.dim() - i];
  const Tensor y = reshape(x, shape);
  shape[d] = size;
  return expand(y, shape);
}

Tensor correlate(const Tensor& g, const Tensor& w, int64_t shifts);

// w [..., N], s [..., K] with equal leading dimensions.
Tensor convolve(const Tensor& w, const Tensor& s) {
  const Tensor from = array::contiguous(w), by = array::contiguous(s);
  Tensor y = empty_like(from);
  const int64_t n = w.size(-1), K = s.size(-1);
  kernels::circular_convolution(w.dtype(), s.numel() / K, n, K, from.raw(), by.raw(), y.raw());
  return record("circular_convolution", {w, s}, y, [w = saved(w), s = saved(s), K](const Tensor& g) {
    return Pair{needs_grad(0) ? convolve(g, flip(s.get(), -1)) : Tensor(),
                needs_grad(1) ? correlate(g, w.get(), K) : Tensor()};
  });
}

// y(k) = sum_i g(i) w(i - k): the gradient of the shifts.
Tensor correlate(const Tensor& g, const Tensor& w, int64_t shifts) {
  const Tensor from = array::contiguous(g), by = array::contiguous(w);
  Shape shape = g.shape();
  shape[g.dim() - 1] = shifts;
  Tensor y = empty(shape, g.dtype());
  kernels::circular_correlation(g.dtype(), y.numel() / shifts, g.size(-1), shifts, from.raw(), by.raw(), y.raw());
  return record("circular_correlation", {g, w}, y, [g = saved(g), w = saved(w)](const Tensor& h) {
    return Pair{needs_grad(0) ? convolve(w.get(), h) : Tensor(),
                needs_grad(1) ? convolve(g.get(), flip(h, -1)) : Tensor()};
  });
}

}  // namespace

Tensor cosine_similarity(const Tensor& a, const Tensor& b, int64_t dim, std::optional<double> eps) {
  check::floating("cosine_similarity", a);
  check::same_dtype("cosine_similarity", a, b);
  if (!(eps.value_or(0) >= 0)) throw ValueError(fmt::format("cosine_similarity: eps {}; need a number >= 0", *eps));
  const Shape shape = broadcast_shapes("cosine_similarity", a.shape(), b.shape());
  const int d = normalize_dim("cosine_similarity", dim, shape.rank());
  if (shape.rank() == 0) return squeeze(cosine_similarity(unsqueeze(a, 0), unsqueeze(b, 0), 0, eps), 0);
  const Tensor left = align(a, shape.rank(), d, shape[d]), right = align(b, shape.rank(), d, shape[d]);
  // Each is divided by its own length first: the product of two tiny lengths would be 0.
  return sum(normalize(left, d, eps) * normalize(right, d, eps), d);
}

Tensor circular_convolution(const Tensor& w, const Tensor& s) {
  check::floating("circular_convolution", w);
  check::same_dtype("circular_convolution", w, s);
  if (w.dim() < 1 || s.dim() < 1 || s.size(-1) % 2 == 0)
    throw ShapeError(
        fmt::format("circular_convolution: w is {}, s {}; need w[..., N] and s[..., 2 S + 1], an odd number",
                    describe(w), describe(s)));
  Shape of_w = w.shape(), of_s = s.shape();
  of_w.erase(w.dim() - 1);
  of_s.erase(s.dim() - 1);
  if (of_w == of_s) return convolve(w, s);
  const Shape batch = broadcast_shapes("circular_convolution", of_w, of_s);
  of_w = of_s = batch;
  of_w.append(w.size(-1));
  of_s.append(s.size(-1));
  return convolve(expand(w, of_w), expand(s, of_s));
}

}  // namespace fovea
