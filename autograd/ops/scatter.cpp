// Writing by position, as functions: a changed copy of x, whose gradient is g where x was left and what is read back
// from g where the source was written.
//   scatter         y[index[i, j], j] = source[i, j] for dim 0; of equal positions the last one in order stays
//   index_add       y[.., index[i], ..] += alpha source[.., i, ..]
//   slice_scatter   the slice begin:end:step along dim is source
//   select_scatter  the slice at index along dim is source
// Errors: IndexError for a position outside its range; ShapeError, DTypeError.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/index.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>

namespace fovea {
namespace {

using Pair = std::array<Tensor, 2>;

// True for the entries of index whose source stayed in y.
Tensor last_of_equals(const Shape& shape, int d, const Tensor& index) {
  const Tensor number = reshape(arange(index.numel()), index.shape());
  const Tensor winner = scatter(zeros(shape, i64), d, index, number);
  return eq(gather(winner, d, index), number);
}

// A copy of x in which `part`, a view of it, is source.
Tensor written(const Tensor& x, const Tensor& source, const std::function<Tensor(const Tensor&)>& part) {
  Tensor y = array::clone(x);
  array::copy(part(y), source);
  return y;
}

void check_source(const char* op, const Tensor& x, const Tensor& part, const Tensor& source) {
  check::same_dtype(op, x, source);
  if (!(source.shape() == part.shape()))
    throw ShapeError(fmt::format("{}: source {} for {} of {}; need equal shapes (expand it)", op, describe(source),
                                 part.shape().str(), describe(x)));
}

}  // namespace

Tensor scatter(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) {
  const int d = detail::check_index("scatter", x, dim, index);
  const Tensor used = detail::check_scattered("scatter", x, index, source);
  Tensor y = array::clone(x);
  detail::scatter_into(kernels::scatter, y, d, index, used);
  return record("scatter", {x, used}, y, [d, index = saved(index)](const Tensor& g) {
    const Tensor at = index.get(), zero = scalar(0, g.dtype());
    return Pair{needs_grad(0) ? scatter(g, d, at, 0) : Tensor(),
                needs_grad(1) ? where(last_of_equals(g.shape(), d, at), gather(g, d, at), zero) : Tensor()};
  });
}

Tensor scatter(const Tensor& x, int64_t dim, const Tensor& index, double value) {
  check::defined("scatter", x);
  check::defined("scatter", index);
  require_fits("scatter", value, x.dtype());
  return scatter(x, dim, index, array::expand(scalar(value, x.dtype()), index.shape()));
}

Tensor index_add(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source, double alpha) {
  check::rank_at_least("index_add", x, 1);
  check::same_dtype("index_add", x, source);
  check::number("index_add", x);
  check::dtype("index_add", "index", index, i64);
  const int d = normalize_dim("index_add", dim, x.dim());
  Shape shape = x.shape(), along = Shape::filled(x.dim(), 1);
  shape[d] = along[d] = index.numel();
  if (index.dim() > 1 || !(source.shape() == shape))
    throw ShapeError(fmt::format("index_add: index {} and source {} into {} along dimension {}; need i64[n] and {}",
                                 describe(index), describe(source), describe(x), d, shape.str()));
  check::ids_below("index_add", index, x.shape()[d]);
  const Tensor at = array::expand(array::reshape(index, along), shape);
  return scatter_add(x, d, at, alpha == 1 ? source : source * alpha);
}

Tensor slice_scatter(const Tensor& x, const Tensor& source, int64_t dim, int64_t begin, int64_t end, int64_t step) {
  check::defined("slice_scatter", x);
  existing_dim("slice_scatter", dim, x.dim());
  if (step < 1) throw ValueError(fmt::format("slice_scatter: step {}; need 1 or more", step));
  const auto part = [=](const Tensor& of) { return array::slice(of, dim, begin, end, step); };
  check_source("slice_scatter", x, part(x), source);
  return record("slice_scatter", {x, source}, written(x, source, part), [=](const Tensor& g) {
    const Tensor read = slice(g, dim, begin, end, step);
    return Pair{needs_grad(0) ? slice_scatter(g, zeros_like(read), dim, begin, end, step) : Tensor(), read};
  });
}

Tensor select_scatter(const Tensor& x, const Tensor& source, int64_t dim, int64_t index) {
  check::defined("select_scatter", x);
  const int d = existing_dim("select_scatter", dim, x.dim());
  const int64_t n = x.shape()[d];
  if (index < -n || index >= n)
    throw IndexError(fmt::format("select_scatter: index {} is outside dimension {} of {}", index, d, describe(x)));
  const auto part = [=](const Tensor& of) { return array::select(of, dim, index); };
  check_source("select_scatter", x, part(x), source);
  return record("select_scatter", {x, source}, written(x, source, part), [=](const Tensor& g) {
    const Tensor read = select(g, dim, index);
    return Pair{needs_grad(0) ? select_scatter(g, zeros_like(read), dim, index) : Tensor(), read};
  });
}

}  // namespace fovea
