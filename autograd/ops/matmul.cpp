// Matrix products. Any layout that BLAS can read (row-major, or its transpose) is used in place; others are copied
// first.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/autograd/shared_weights.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/gemm.h>
#include <fovea/core/kernels/loops.h>

#include <cstring>

namespace fovea {
namespace {

using Pair = std::array<Tensor, 2>;

// How BLAS sees the last two dimensions of x: stride and whether transposed; false if it cannot.
bool blas_layout(const Tensor& x, int64_t& stride, bool& transposed) {
  const int d = x.dim();
  const int64_t rows = x.shape()[d - 2], columns = x.shape()[d - 1];
  const int64_t row_step = rows == 1 ? std::max<int64_t>(columns, 1) : x.stride(d - 2);
  const int64_t column_step = columns == 1 ? 1 : x.stride(d - 1);
  transposed = false;
  stride = row_step;
  if (column_step == 1 && row_step >= std::max<int64_t>(columns, 1)) return true;
  transposed = true;
  stride = columns == 1 ? std::max<int64_t>(rows, 1) : column_step;
  return (rows == 1 || row_step == 1) && stride >= std::max<int64_t>(rows, 1);
}

// All sizes but the last, multiplied.
int64_t rows_of(const Shape& shape) {
  int64_t rows = 1;
  for (int d = 0; d + 1 < shape.rank(); ++d) rows *= shape[d];
  return rows;
}

Shape batch_of(const Shape& shape) { return Shape(shape.span().first(static_cast<size_t>(shape.rank() - 2))); }

// a [batch..., m, k] @ b [batch..., k, n], equal batch shapes.
Tensor multiply(Tensor a, Tensor b) {
  const int d = a.dim();
  const int64_t m = a.shape()[d - 2], k = a.shape()[d - 1], n = b.shape()[d - 1];
  int64_t a_stride, b_stride;
  bool a_transposed, b_transposed;
  Shape shape = a.shape();
  shape[d - 1] = n;
  checked_numel("matmul", shape);
  Tensor c = empty(shape, a.dtype());  // before any copy: what cannot be is refused at once
  if (!blas_layout(a, a_stride, a_transposed)) blas_layout(a = array::clone(a), a_stride, a_transposed);
  if (!blas_layout(b, b_stride, b_transposed)) blas_layout(b = array::clone(b), b_stride, b_transposed);
  dispatch_floating(a.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const T *at_a = a.data<T>(), *at_b = b.data<T>();
    T* at_c = c.data<T>();
    if (d == 2) {
      kernels::gemm<T>(m, n, k, {at_a, a_stride, a_transposed}, {at_b, b_stride, b_transposed}, at_c, n);
      return;
    }
    const kernels::Loop<3> batches(batch_of(shape), batch_of(c.strides()), batch_of(a.strides()),
                                   batch_of(b.strides()));
    const auto one = [&](const int64_t* at, bool serial) {
      const kernels::Matrix<T> left{at_a + at[1], a_stride, a_transposed}, right{at_b + at[2], b_stride, b_transposed};
      if (serial)
        kernels::gemm_serial<T>(m, n, k, left, right, at_c + at[0], n);
      else
        kernels::gemm<T>(m, n, k, left, right, at_c + at[0], n);
    };
    const int64_t count = batches.numel;
    if (count == 0) return;
    const bool large = m * n * k > 256 * 256 * 256;  // then each product fills the threads by itself
    const int64_t grain = large ? count : std::max<int64_t>(1, (64 * 64 * 64) / std::max<int64_t>(1, m * n * k));
    batches.parallel_rows(grain, [&](const int64_t* at, int64_t inner) {
      for (int64_t i = 0; i < inner; ++i) {
        const int64_t here[3] = {at[0] + i * batches.inner_stride(0), at[1] + i * batches.inner_stride(1),
                                 at[2] + i * batches.inner_stride(2)};
        one(here, !large);
      }
    });
  });
  return c;
}

// Whether x is the transpose of rows that lie together.
bool lies_transposed(const Tensor& x) {
  return x.stride(-2) == 1 && x.stride(-1) == x.size(-2) && x.size(-1) > 1 && x.size(-2) > 1;
}
Tensor turned(const Tensor& x) { return transpose(x, -2, -1); }
// x y, laid out as `like`, so that what is added to it steps through memory as it does.
Tensor matmul_as(const Tensor& like, const Tensor& x, const Tensor& y) {
  return lies_transposed(like) ? turned(matmul(turned(y), turned(x))) : matmul(x, y);
}

Tensor matmul_batched(const Tensor& a, const Tensor& b) {
  return record("matmul", {a, b}, multiply(a, b), [a = saved(a), b = saved(b)](const Tensor& g) {
    const Tensor left = a.get(), right = b.get();
    return Pair{needs_grad(0) ? matmul_as(left, g, turned(right)) : Tensor(),
                needs_grad(1) ? matmul_as(right, turned(left), g) : Tensor()};
  });
}

void check_inner(const Tensor& a, const Tensor& b) {
  const int64_t left = a.size(-1), right = b.dim() == 1 ? b.size(0) : b.size(-2);
  if (left != right)
    throw ShapeError(fmt::format("matmul: inner sizes differ: a is {}, b is {}; need a[-1] == b[{}] ({} vs {})",
                                 describe(a), describe(b), b.dim() == 1 ? -1 : -2, left, right));
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
  check::floating("matmul", a);
  check::floating("matmul", b);
  check::same_dtype("matmul", a, b);
  check::rank_at_least("matmul", a, 1);
  check::rank_at_least("matmul", b, 1);
  check_inner(a, b);
  if (a.dim() == 1) return squeeze(matmul(unsqueeze(a, 0), b), b.dim() == 1 ? -1 : -2);
  if (b.dim() == 1) return squeeze(matmul(a, unsqueeze(b, 1)), -1);
  if (a.dim() == 2 && b.dim() == 2) return matmul_batched(a, b);
  if (b.dim() == 2 && a.is_contiguous() && a.size(-1) > 0) {  // one product over all rows
    Shape shape = a.shape();
    shape[a.dim() - 1] = b.size(-1);
    return reshape(matmul_batched(reshape(a, {a.numel() / a.size(-1), a.size(-1)}), b), shape);
  }
  const Shape batch = broadcast_shapes("matmul", batch_of(a.shape()), batch_of(b.shape()));
  Shape shape_a = batch, shape_b = batch;
  for (int64_t i : {-2, -1}) {
    shape_a.append(a.size(i));
    shape_b.append(b.size(i));
  }
  return matmul_batched(expand(a, shape_a), expand(b, shape_b));
}

namespace {
// What backward through linear makes; dW = gᵀ x, with g and x as rows.
struct Factors {
  Tensor g, x, dx, dbias;
};
}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  check::floating("linear", x);
  check::same_dtype("linear", x, weight);
  const bool biased = bias.defined();
  if (x.dim() < 1 || weight.dim() != 2 || x.size(-1) != weight.size(1) ||
      (biased && (bias.dim() != 1 || bias.size(0) != weight.size(0))))
    throw ShapeError(fmt::format("linear: x is {}, weight {}, bias {}; need x[..., in], weight[out, in], bias[out]",
                                 describe(x), describe(weight), describe(bias)));
  if (biased) check::same_dtype("linear", x, bias);
  const int64_t in = weight.size(1), out = weight.size(0);
  Shape shape = x.shape();
  shape[x.dim() - 1] = out;
  checked_numel("linear", shape);
  Tensor y = empty(shape, x.dtype());
  const Tensor flat = array::contiguous(x), matrix = array::contiguous(weight);
  const int64_t rows = rows_of(shape);
  if (biased) array::copy(array::reshape(y, {rows, out}), array::expand(bias, {rows, out}));
  dispatch_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::gemm<T>(rows, out, in, {flat.data<T>(), in}, {matrix.data<T>(), in, true}, y.data<T>(), out, biased);
  });
  auto vjp = [x = saved(x), weight = saved(weight), rows](const Tensor& g) {
    const Tensor w = weight.get(), input = x.get(), rows_g = reshape(g, {rows, w.size(0)});
    return Factors{rows_g, reshape(input, {rows, w.size(1)}),
                   needs_grad(0) ? reshape(matmul(rows_g, w), input.shape()) : Tensor(),
                   needs_grad(1) ? sum(rows_g, 0) : Tensor()};
  };
  if (const auto places = detail::shared_places(weight, rows))
    return record("linear", {x, bias, (*places)[0], (*places)[1]}, y, [vjp = std::move(vjp)](const Tensor& g) {
      Factors f = vjp(g);
      return std::array<Tensor, 4>{std::move(f.dx), std::move(f.dbias), std::move(f.g), std::move(f.x)};
    });
  return record("linear", {x, bias, weight}, y, [vjp = std::move(vjp)](const Tensor& g) {
    Factors f = vjp(g);
    return std::array<Tensor, 3>{std::move(f.dx), std::move(f.dbias),
                                 needs_grad(2) ? matmul(transpose(f.g, 0, 1), f.x) : Tensor()};
  });
}

}  // namespace fovea
