// Reading and writing by position. gather and scatter_add are each other's gradient, as are index_select and
// index_select_backward; what adds does so in a fixed order. Ids are i64. Errors: IndexError for an id outside its
// range, in backward too; ShapeError, DTypeError.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/index.h>
#include <fovea/autograd/ops/runs.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>

namespace fovea {
namespace {

// Strides that stand still along d, where the index moves.
Shape without(const Shape& strides, int d) {
  Shape out = strides;
  out[d] = 0;
  return out;
}

}  // namespace

namespace detail {

int check_index(const char* op, const Tensor& x, int64_t dim, const Tensor& index) {
  check::rank_at_least(op, x, 1);
  check::dtype(op, "index", index, i64);
  const int d = normalize_dim(op, dim, x.dim());
  bool fits = index.dim() == x.dim();
  for (int k = 0; fits && k < x.dim(); ++k) fits = k == d || index.shape()[k] <= x.shape()[k];
  if (!fits)
    throw ShapeError(
        fmt::format("{}: index {} into {} along dimension {}; need the same rank and no larger sizes elsewhere", op,
                    describe(index), describe(x), d));
  if (index.numel() > 0) check::ids_below(op, index, x.shape()[d]);
  return d;
}

Tensor check_scattered(const char* op, const Tensor& x, const Tensor& index, const Tensor& source) {
  check::same_dtype(op, x, source);
  bool fits = source.dim() == index.dim();
  for (int k = 0; fits && k < index.dim(); ++k) fits = index.shape()[k] <= source.shape()[k];
  if (!fits)
    throw ShapeError(fmt::format("{}: index {} for source {}; need the same rank and no larger sizes", op,
                                 describe(index), describe(source)));
  Tensor used = source;
  for (int k = 0; k < index.dim(); ++k)
    if (used.shape()[k] != index.shape()[k]) used = slice(used, k, 0, index.shape()[k]);
  return used;
}

void scatter_into(decltype(kernels::scatter)& write, const Tensor& y, int d, const Tensor& index,
                  const Tensor& source) {
  write(y.dtype(), {index.shape(), source.strides(), index.strides(), without(y.strides(), d)}, source.raw(),
        index.raw(), y.raw(), y.stride(d));
}

}  // namespace detail

namespace {

kernels::Rows rows_of(const Shape& shape, int d, int64_t n) {
  const detail::Extent e = detail::extent(shape, d);
  return {e.outer, e.size, e.inner, n};
}

Tensor index_select_checked(const Tensor& x, int d, const Tensor& index);

// Zeros with `size` rows along d, to which row i of g is added at index[i].
Tensor index_select_backward(const Tensor& g, int d, const Tensor& index, int64_t size) {
  check::ids_below("index_select", index, size);
  Shape shape = g.shape();
  shape[d] = size;
  Tensor y = empty(shape, g.dtype());
  const Tensor rows = array::contiguous(g);
  kernels::add_rows(g.dtype(), rows_of(shape, d, index.numel()), rows.raw(), index.data<int64_t>(), y.raw());
  return record("index_select_backward", {g}, y,
                [d, index = saved(index)](const Tensor& h) { return index_select_checked(h, d, index.get()); });
}

Tensor index_select_checked(const Tensor& x, int d, const Tensor& index) {
  Shape shape = x.shape();
  shape[d] = index.numel();
  Tensor y = empty(shape, x.dtype());
  if (x.is_contiguous()) {
    kernels::take_rows(x.dtype(), rows_of(x.shape(), d, index.numel()), x.raw(), index.data<int64_t>(), y.raw());
  } else {
    Shape step = Shape::filled(x.dim(), 0);
    step[d] = 1;
    kernels::gather(x.dtype(), {shape, y.strides(), step, without(x.strides(), d)}, y.raw(), index.raw(), x.raw(),
                    x.stride(d));
  }
  return record("index_select", {x}, y, [d, index = saved(index), size = x.shape()[d]](const Tensor& g) {
    return index_select_backward(g, d, index.get(), size);
  });
}

// g [ids.., D] added into zeros [rows, D].
Tensor embedding_backward(const Tensor& g, const Tensor& ids, int64_t rows, int64_t padding_id) {
  check::ids_below("embedding", ids, rows);
  const int64_t width = g.shape().back();
  Tensor y = empty({rows, width}, g.dtype());
  const Tensor dense = array::contiguous(g);
  kernels::add_rows(g.dtype(), {1, rows, width, ids.numel()}, dense.raw(), ids.data<int64_t>(), y.raw(), padding_id);
  return record("embedding_backward", {g}, y, [ids = saved(ids), padding_id](const Tensor& h) {
    Tensor taken = embedding(h, ids.get(), padding_id);
    if (padding_id < 0) return taken;
    return masked_fill(taken, unsqueeze(eq(ids.get(), full({}, static_cast<double>(padding_id), i64)), -1), 0);
  });
}

// As in PyTorch, rank 0 is one dimension of size 1.
bool counts_as_row(const Tensor& x, const Tensor& index) {
  return x.defined() && x.dim() == 0 && index.defined() && index.dim() <= 1;
}

}  // namespace

Tensor gather(const Tensor& x, int64_t dim, const Tensor& index) {
  if (counts_as_row(x, index))
    return reshape(gather(reshape(x, {1}), dim, reshape(index, {index.numel()})), index.shape());
  const int d = detail::check_index("gather", x, dim, index);
  Tensor y = empty(index.shape(), x.dtype());
  kernels::gather(x.dtype(), {index.shape(), y.strides(), index.strides(), without(x.strides(), d)}, y.raw(),
                  index.raw(), x.raw(), x.stride(d));
  return record("gather", {x}, y, [d, index = saved(index), shape = x.shape()](const Tensor& g) {
    return scatter_add(zeros(shape, g.dtype()), d, index.get(), g);
  });
}

Tensor scatter_add(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) {
  const int d = detail::check_index("scatter_add", x, dim, index);
  const Tensor used = detail::check_scattered("scatter_add", x, index, source);
  check::number("scatter_add", x);
  Tensor y = array::clone(x);
  detail::scatter_into(kernels::scatter_add, y, d, index, used);
  return record("scatter_add", {x, used}, y, [d, index = saved(index)](const Tensor& g) {
    return std::array<Tensor, 2>{g, needs_grad(1) ? gather(g, d, index.get()) : Tensor()};
  });
}

Tensor index_select(const Tensor& x, int64_t dim, const Tensor& index) {
  if (counts_as_row(x, index) && index.numel() == 1)
    return reshape(index_select(reshape(x, {1}), dim, reshape(index, {1})), {});
  check::rank_at_least("index_select", x, 1);
  check::dtype("index_select", "index", index, i64);
  const int d = normalize_dim("index_select", dim, x.dim());
  if (index.dim() != 1)
    throw ShapeError(fmt::format("index_select: index {} must have rank 1; flatten it", describe(index)));
  Shape shape = x.shape();
  shape[d] = index.size(0);
  checked_numel("index_select", shape);
  check::ids_below("index_select", index, x.shape()[d]);
  return index_select_checked(x, d, array::contiguous(index));
}

Tensor embedding(const Tensor& table, const Tensor& ids, int64_t padding_id) {
  check::defined("embedding", table);
  check::dtype("embedding", "ids", ids, i64);
  if (table.dim() != 2)
    throw ShapeError(fmt::format("embedding: table {} must have rank 2, [rows, width]", describe(table)));
  const int64_t rows = table.shape()[0], width = table.shape()[1];
  if (padding_id >= rows)
    throw IndexError(fmt::format("embedding: padding id {} is outside the table {}", padding_id, describe(table)));
  Shape shape = ids.shape();
  shape.append(width);
  checked_numel("embedding", shape);
  check::ids_below("embedding", ids, rows);
  Tensor y = empty(shape, table.dtype());
  const Tensor dense = array::contiguous(table), positions = array::contiguous(ids);
  kernels::take_rows(table.dtype(), {1, rows, width, ids.numel()}, dense.raw(), positions.data<int64_t>(), y.raw());
  return record("embedding", {table}, y, [ids = saved(positions), rows, padding_id](const Tensor& g) {
    return embedding_backward(g, ids.get(), rows, padding_id);
  });
}

}  // namespace fovea
