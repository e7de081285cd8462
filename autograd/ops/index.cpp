// Reading and writing by position. gather and scatter_add are each other's gradient, as are index_select and index_add;
// what adds does so in a fixed order. Ids are i64.
// Errors: IndexError for an id outside its range, in backward too; ShapeError, DTypeError.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/runs.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>

namespace fovea {
namespace {

// x's dimensions other than d must hold index's.
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

Shape without(const Shape& strides, int d) {
  Shape out = strides;
  out[d] = 0;
  return out;
}

kernels::Rows rows_of(const Shape& shape, int d, int64_t n) {
  const detail::Extent e = detail::extent(shape, d);
  return {e.outer, e.size, e.inner, n};
}

Tensor index_select_checked(const Tensor& x, int d, const Tensor& index);

// Zeros with `size` rows along d, to which row i of g is added at index[i].
Tensor index_add(const Tensor& g, int d, const Tensor& index, int64_t size) {
  check::ids_below("index_select", index, size);
  Shape shape = g.shape();
  shape[d] = size;
  Tensor y = empty(shape, g.dtype());
  const Tensor rows = array::contiguous(g);
  kernels::add_rows(g.dtype(), rows_of(shape, d, index.numel()), rows.raw(), index.data<int64_t>(), y.raw());
  return record("index_add", {g}, y,
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
    return index_add(g, d, index.get(), size);
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
  const int d = check_index("gather", x, dim, index);
  Tensor y = empty(index.shape(), x.dtype());
  kernels::gather(x.dtype(), {index.shape(), y.strides(), index.strides(), without(x.strides(), d)}, y.raw(),
                  index.raw(), x.raw(), x.stride(d));
  return record("gather", {x}, y, [d, index = saved(index), shape = x.shape()](const Tensor& g) {
    return scatter_add(zeros(shape, g.dtype()), d, index.get(), g);
  });
}

Tensor scatter_add(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) {
  const int d = check_index("scatter_add", x, dim, index);
  check::same_dtype("scatter_add", x, source);
  if (x.dtype() == boolean)
    throw DTypeError(fmt::format("scatter_add: {} cannot be added to; cast with to(x, i64)", describe(x)));
  bool fits = source.dim() == index.dim();
  for (int k = 0; fits && k < index.dim(); ++k) fits = index.shape()[k] <= source.shape()[k];
  if (!fits)
    throw ShapeError(fmt::format("scatter_add: index {} for source {}; need the same rank and no larger sizes",
                                 describe(index), describe(source)));
  Tensor used = source;
  for (int k = 0; k < index.dim(); ++k)
    if (used.shape()[k] != index.shape()[k]) used = slice(used, k, 0, index.shape()[k]);
  Tensor y = array::clone(x);
  kernels::scatter_add(x.dtype(), {index.shape(), used.strides(), index.strides(), without(y.strides(), d)}, used.raw(),
                       index.raw(), y.raw(), y.stride(d));
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
  check::ids_below("embedding", ids, rows);
  const Tensor dense = array::contiguous(table), positions = array::contiguous(ids);
  Shape shape = ids.shape();
  shape.append(width);
  Tensor y = empty(shape, table.dtype());
  kernels::take_rows(table.dtype(), {1, rows, width, ids.numel()}, dense.raw(), positions.data<int64_t>(), y.raw());
  return record("embedding", {table}, y, [ids = saved(positions), rows, padding_id](const Tensor& g) {
    return embedding_backward(g, ids.get(), rows, padding_id);
  });
}

namespace {

using Inputs = std::vector<Tensor>;

const OpSpec gather_spec = OpSpec::add({
    .name = "gather",
    .formula = "y[i, j] = x[index[i, j], j] for dim 0",
    .samples =
        [](SampleMaker& make) {
          const auto sample = [&](const char* label, const Shape& x, const Shape& index, int64_t dim) {
            return OpSample{label,
                            {make.uniform(x, -2, 2), make.ids(index, x[static_cast<int>(dim)])},
                            [dim](const Inputs& in) { return gather(in[0], dim, in[1]); }};
          };
          std::vector<OpSample> samples = {
              sample("one dimension", {5}, {7}, 0),     sample("rows", {4, 3}, {2, 3}, 0),
              sample("columns", {4, 3}, {4, 5}, 1),     sample("smaller index", {4, 3, 2}, {3, 2, 2}, 1),
              sample("no elements", {4, 3}, {0, 3}, 0), sample("size-1 dimensions", {1, 3, 1}, {1, 2, 1}, 1),
              sample("many", {16, 20}, {16, 9}, 1),     sample("4-D", {2, 1, 3, 2}, {2, 1, 4, 2}, 2),
          };
          for (const Shape& index : {Shape{}, Shape{3}})
            samples.push_back({"scalar", {make.uniform({}, -2, 2), zeros(index, i64)}, [](const Inputs& in) {
                                 return gather(in[0], -1, in[1]);
                               }});
          samples.push_back({"views", {make.uniform({3, 8}, -2, 2), make.ids({6, 1}, 3)}, [](const Inputs& in) {
                               return gather(slice(transpose(in[0], 0, 1), 0, 1, 7), 1, expand(in[1], {6, 4}));
                             }});
          return samples;
        },
    .invalid = {{"index past the end", [] { gather(ones({3}), 0, full({2}, 3, i64)); }},
                {"negative index", [] { gather(ones({3}), 0, full({2}, -1, i64)); }},
                {"index of f32", [] { gather(ones({3}), 0, ones({3})); }},
                {"other rank",
                 [] {
                   gather(ones({3, 2}), 0, zeros({3}, i64));
                 }},
                {"larger index",
                 [] {
                   gather(ones({3, 2}), 0, zeros({3, 3}, i64));
                 }},
                {"no such dimension", [] { gather(ones({3}), 1, zeros({3}, i64)); }},
                {"scalar past its end", [] { gather(ones({}), 0, ones({}, i64)); }},
                {"rows of a scalar",
                 [] {
                   gather(ones({}), 0, zeros({1, 1}, i64));
                 }},
                {"undefined", [] { gather(Tensor(), 0, zeros({3}, i64)); }}},
});

const OpSpec scatter_add_spec = OpSpec::add({
    .name = "scatter_add",
    .formula = "y = x, then y[index[i, j], j] += source[i, j] for dim 0",
    .samples =
        [](SampleMaker& make) {
          const auto sample = [&](const char* label, const Shape& x, const Shape& index, const Shape& source,
                                  int64_t dim) {
            return OpSample{
                label,
                {make.uniform(x, -2, 2), make.ids(index, x[static_cast<int>(dim)]), make.uniform(source, -2, 2)},
                [dim](const Inputs& in) { return scatter_add(in[0], dim, in[1], in[2]); }};
          };
          return std::vector<OpSample>{
              sample("one dimension", {5}, {9}, {9}, 0),
              sample("rows", {4, 3}, {6, 3}, {6, 3}, 0),
              sample("columns", {4, 3}, {4, 5}, {4, 5}, 1),
              sample("source larger than index", {4, 3}, {2, 2}, {3, 4}, 1),
              sample("no elements", {4, 3}, {0, 3}, {0, 3}, 0),
              sample("many", {16, 8}, {16, 20}, {16, 20}, 1),
              sample("4-D", {2, 1, 3, 2}, {2, 1, 4, 2}, {2, 1, 4, 2}, 2),
              sample("one shape", {4, 3}, {4, 3}, {4, 3}, 0),
              {"the same tensor twice",
               {make.uniform({4, 4}, -2, 2), make.ids({4, 4}, 4)},
               [](const Inputs& in) { return scatter_add(in[0], 0, in[1], transpose(in[0], 0, 1)); }},
          };
        },
    .invalid = {{"index past the end", [] { scatter_add(ones({3}), 0, full({2}, 3, i64), ones({2})); }},
                {"negative index", [] { scatter_add(ones({3}), 0, full({2}, -1, i64), ones({2})); }},
                {"index of f32", [] { scatter_add(ones({3}), 0, ones({3}), ones({3})); }},
                {"index larger than source", [] { scatter_add(ones({3}), 0, zeros({3}, i64), ones({2})); }},
                {"other rank",
                 [] {
                   scatter_add(ones({3}), 0, zeros({3}, i64), ones({3, 1}));
                 }},
                {"f32 with f64", [] { scatter_add(ones({3}), 0, zeros({3}, i64), ones({3}, f64)); }},
                {"scalar", [] { scatter_add(scalar(1), 0, zeros({}, i64), scalar(1)); }},
                {"column broadcast",
                 [] {
                   scatter_add(ones({3, 2}), 0, zeros({3, 2}, i64), ones({3, 1}));
                 }},
                {"bool", [] { scatter_add(ones({3}, boolean), 0, zeros({3}, i64), ones({3}, boolean)); }},
                {"undefined", [] { scatter_add(ones({3}), 0, zeros({3}, i64), Tensor()); }}},
});

const OpSpec index_select_spec = OpSpec::add({
    .name = "index_select",
    .formula = "y[.., i, ..] = x[.., index[i], ..]",
    .samples =
        [](SampleMaker& make) {
          std::vector<OpSample> samples;
          for (const Shape& shape : {Shape{7}, Shape{1}, Shape{3, 5}, Shape{2, 3, 2, 4}, Shape{1, 4, 1}, Shape{23, 11}})
            samples.push_back({"last dimension",
                               {make.uniform(shape, -2, 2), make.ids({5}, shape.back())},
                               [](const Inputs& in) { return index_select(in[0], -1, in[1]); }});
          samples.push_back({"first dimension", {make.uniform({6, 3}, -2, 2), make.ids({9}, 6)}, [](const Inputs& in) {
                               return index_select(in[0], 0, in[1]);
                             }});
          samples.push_back({"middle of a transposed",
                             {make.uniform({2, 3, 4}, -2, 2), make.ids({5}, 3)},
                             [](const Inputs& in) { return index_select(transpose(in[0], 0, 2), 1, in[1]); }});
          samples.push_back({"scalar", {make.uniform({}, -2, 2), zeros({1}, i64)}, [](const Inputs& in) {
                               return index_select(in[0], 0, in[1]);
                             }});
          samples.push_back({"no ids", {make.uniform({4, 3}, -2, 2), make.ids({0}, 4)}, [](const Inputs& in) {
                               return index_select(in[0], 0, in[1]);
                             }});
          return samples;
        },
    .invalid = {{"index past the end", [] { index_select(ones({3}), 0, full({2}, 3, i64)); }},
                {"index of rank 2",
                 [] {
                   index_select(ones({3}), 0, zeros({2, 2}, i64));
                 }},
                {"scalar past its end", [] { index_select(scalar(1), 0, ones({1}, i64)); }},
                {"scalar, more than once", [] { index_select(scalar(1), 0, zeros({2}, i64)); }},
                {"index of f32", [] { index_select(ones({3}), 0, ones({3})); }},
                {"no such dimension", [] { index_select(ones({3}), 1, zeros({3}, i64)); }},
                {"undefined", [] { index_select(Tensor(), 0, zeros({3}, i64)); }}},
    .also_records = {"index_add"},
});

const OpSpec embedding_spec = OpSpec::add({
    .name = "embedding",
    .formula = "y[.., :] = table[ids[..], :]",
    .samples =
        [](SampleMaker& make) {
          const auto sample = [&](const char* label, const Shape& table, const Shape& ids, int64_t padding) {
            return OpSample{label, {make.uniform(table, -2, 2), make.ids(ids, table[0])}, [padding](const Inputs& in) {
                              return embedding(in[0], in[1], padding);
                            }};
          };
          std::vector<OpSample> samples = {
              sample("one id", {5, 3}, {}, -1),      sample("a sequence", {5, 3}, {7}, -1),
              sample("a batch", {6, 2}, {3, 4}, -1), sample("width 1", {6, 1}, {3, 4}, -1),
              sample("no ids", {6, 2}, {0, 4}, -1),  sample("width 0", {6, 0}, {4}, -1),
              sample("large", {40, 33}, {5, 7}, -1),
          };
          samples.push_back({"views", {make.uniform({3, 8}, -2, 2), make.ids({4, 2}, 6)}, [](const Inputs& in) {
                               return embedding(slice(transpose(in[0], 0, 1), 0, 1, 7), transpose(in[1], 0, 1));
                             }});
          // The padding row is read but gets no gradient, which differences would see: values only.
          samples.push_back(sample("padding", {4, 3}, {9}, 2));
          samples.back().differentiable = false;
          return samples;
        },
    .invalid = {{"id past the end",
                 [] {
                   embedding(ones({3, 2}), full({2}, 3, i64));
                 }},
                {"negative id",
                 [] {
                   embedding(ones({3, 2}), full({2}, -1, i64));
                 }},
                {"ids of f32",
                 [] {
                   embedding(ones({3, 2}), ones({2}));
                 }},
                {"scalar", [] { embedding(scalar(1), zeros({2}, i64)); }},
                {"4-D",
                 [] {
                   embedding(ones({1, 1, 3, 2}), zeros({2}, i64));
                 }},
                {"1-D", [] { embedding(ones({3}), zeros({2}, i64)); }},
                {"padding outside",
                 [] {
                   embedding(ones({3, 2}), zeros({2}, i64), 3);
                 }},
                {"undefined", [] { embedding(Tensor(), zeros({2}, i64)); }}},
    .also_records = {"embedding_backward"},
});

}  // namespace
}  // namespace fovea
