// Views and copies of one tensor. A view shares the elements of its argument and costs no more than its description;
// the vjp undoes it. The gradient of a part is written into zeros (slice_backward, select_backward, unfold_backward).
// Errors: ShapeError, IndexError, ValueError as in core/array.h.
#include <fovea/autograd/check.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/runs.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>

#include <algorithm>

namespace fovea {
namespace {

// Zeros of `shape` with g in rows begin, begin + step, ... along d.
Tensor place(const Tensor& g, const Shape& shape, int d, int64_t begin, int64_t count, int64_t step) {
  const detail::Extent e = detail::extent(shape, d);
  const int64_t item = item_size(g.dtype());
  if (step == 1 && g.is_contiguous()) {
    Tensor y = empty(shape, g.dtype());
    const int64_t bytes = count * e.inner * item;
    kernels::copy_runs_into_zeros(e.outer, bytes, {y.raw(), begin * e.inner * item, e.run() * item}, {g.raw(), bytes});
    return y;
  }
  Tensor y = zeros(shape, g.dtype());
  if (count == 0) return y;
  const Tensor part = array::slice(y, d, begin, begin + (count - 1) * step + 1, step);
  array::copy(part, array::reshape(g, part.shape()));
  return y;
}

Tensor slice_backward(const Tensor& g, const Shape& shape, int d, int64_t begin, int64_t step) {
  const int64_t count = g.shape()[d];
  return record("slice_backward", {g}, place(g, shape, d, begin, count, step),
                [d, begin, count, step](const Tensor& h) {
                  return slice(h, d, begin, count == 0 ? begin : begin + (count - 1) * step + 1, step);
                });
}

Tensor select_backward(const Tensor& g, const Shape& shape, int d, int64_t index) {
  return record("select_backward", {g}, place(g, shape, d, index, 1, 1),
                [d, index](const Tensor& h) { return select(h, d, index); });
}

// Windows that overlap add up.
Tensor unfold_backward(const Tensor& g, const Shape& shape, int d, int64_t size, int64_t step) {
  Tensor y = zeros(shape, g.dtype());
  const int64_t windows = g.shape()[d];
  for (int64_t i = 0; i < size; ++i)
    array::slice(y, d, i, i + (windows - 1) * step + 1, step).add_(array::select(g, -1, i));
  return record("unfold_backward", {g}, y, [d, size, step](const Tensor& h) { return unfold(h, d, size, step); });
}

}  // namespace

Tensor reshape(const Tensor& x, const Shape& shape) {
  check::defined("reshape", x);
  return record("reshape", {x}, array::reshape(x, shape),
                [shape = x.shape()](const Tensor& g) { return reshape(g, shape); });
}

Tensor flatten(const Tensor& x, int64_t first, int64_t last) {
  check::defined("flatten", x);
  const int rank = std::max(x.dim(), 1);  // a number flattens to one element
  const int from = normalize_dim("flatten", first, rank), to = normalize_dim("flatten", last, rank);
  if (from > to) check::shape_error("flatten", "the first dimension comes after the last; swap them");
  if (x.dim() == 0) return reshape(x, {1});
  Shape shape;
  for (int d = 0; d < x.dim(); ++d) {
    if (d <= from || d > to)
      shape.append(x.shape()[d]);
    else
      shape[from] *= x.shape()[d];
  }
  return reshape(x, shape);
}

Tensor permute(const Tensor& x, const Shape& order) {
  check::defined("permute", x);
  return record("permute", {x}, array::permute(x, order), [order](const Tensor& g) {
    Shape inverse = order;
    for (int i = 0; i < order.rank(); ++i) inverse[normalize_dim("permute", order[i], order.rank())] = i;
    return permute(g, inverse);
  });
}

Tensor transpose(const Tensor& x, int64_t a, int64_t b) {
  check::defined("transpose", x);
  return record("transpose", {x}, array::transpose(x, a, b), [a, b](const Tensor& g) { return transpose(g, a, b); });
}

Tensor slice(const Tensor& x, int64_t dim, int64_t begin, int64_t end, int64_t step) {
  check::defined("slice", x);
  return record("slice", {x}, array::slice(x, dim, begin, end, step),
                [shape = x.shape(), dim, begin, step](const Tensor& g) {
                  const int d = normalize_dim("slice", dim, shape.rank());
                  const int64_t first = std::clamp<int64_t>(begin < 0 ? begin + shape[d] : begin, 0, shape[d]);
                  return slice_backward(g, shape, d, first, step);
                });
}

Tensor select(const Tensor& x, int64_t dim, int64_t index) {
  check::defined("select", x);
  return record("select", {x}, array::select(x, dim, index), [shape = x.shape(), dim, index](const Tensor& g) {
    const int d = normalize_dim("select", dim, shape.rank());
    return select_backward(g, shape, d, index < 0 ? index + shape[d] : index);
  });
}

Tensor expand(const Tensor& x, const Shape& shape) {
  check::defined("expand", x);
  if (x.shape() == shape) return x;
  return record("expand", {x}, array::expand(x, shape),
                [shape = x.shape()](const Tensor& g) { return sum_to(g, shape); });
}

Tensor squeeze(const Tensor& x, std::optional<int64_t> dim) {
  check::defined("squeeze", x);
  return record("squeeze", {x}, array::squeeze(x, dim),
                [shape = x.shape()](const Tensor& g) { return reshape(g, shape); });
}

Tensor unsqueeze(const Tensor& x, int64_t dim) {
  check::defined("unsqueeze", x);
  return record("unsqueeze", {x}, array::unsqueeze(x, dim), [dim](const Tensor& g) { return squeeze(g, dim); });
}

Tensor unfold(const Tensor& x, int64_t dim, int64_t size, int64_t step) {
  check::defined("unfold", x);
  return record("unfold", {x}, array::unfold(x, dim, size, step),
                [shape = x.shape(), dim, size, step](const Tensor& g) {
                  return unfold_backward(g, shape, normalize_dim("unfold", dim, shape.rank()), size, step);
                });
}

Tensor contiguous(const Tensor& x) {
  check::defined("contiguous", x);
  if (x.is_contiguous()) return x;
  return record("contiguous", {x}, array::clone(x), [](const Tensor& g) { return g; });
}

Tensor clone(const Tensor& x) {
  check::defined("clone", x);
  return record("clone", {x}, array::clone(x), [](const Tensor& g) { return g; });
}

Tensor to(const Tensor& x, DType dtype) {
  check::defined("to", x);
  if (x.dtype() == dtype) return x;
  if (!is_floating(dtype) || !is_floating(x.dtype())) return array::to(x, dtype);
  return record("to", {x}, array::to(x, dtype), [from = x.dtype()](const Tensor& g) { return to(g, from); });
}

namespace {

using Inputs = std::vector<Tensor>;

OpSpec shape_spec(std::string name, std::string formula, Tensor (*f)(const Tensor& x), std::vector<InvalidCall> invalid,
                  std::vector<std::string> also = {}) {
  OpSpec spec;
  spec.name = std::move(name);
  spec.formula = std::move(formula);
  const bool of_scalars = std::ranges::find(invalid, "scalar", &InvalidCall::label) == invalid.end();
  spec.samples = [f, of_scalars](SampleMaker& make) {
    const SampleCall call = [f](const Inputs& x) { return f(x[0]); };
    auto samples = layout_samples(make, call, -2, 2);
    if (of_scalars) samples.push_back({"scalar", {make.uniform({}, -2, 2)}, call});
    return samples;
  };
  spec.invalid = std::move(invalid);
  spec.also_records = std::move(also);
  return spec;
}

const OpSpec reshape_spec = OpSpec::add(shape_spec("reshape", "y holds x's elements in order",
                                                   [](const Tensor& x) {
                                                     return reshape(x, {1, x.numel()});
                                                   },
                                                   {{"other number of elements",
                                                     [] {
                                                       reshape(ones({2, 3}), {4});
                                                     }},
                                                    {"two unknown sizes",
                                                     [] {
                                                       reshape(ones({4}), {-1, -1});
                                                     }},
                                                    {"unknown size does not divide",
                                                     [] {
                                                       reshape(ones({4}), {3, -1});
                                                     }},
                                                    {"undefined", [] { reshape(Tensor(), {1}); }}}));

const OpSpec flatten_spec =
    OpSpec::add(shape_spec("flatten", "dimensions first..last become one", [](const Tensor& x) { return flatten(x); },
                           {{"first after last",
                             [] {
                               flatten(ones({2, 3}), 1, 0);
                             }},
                            {"no such dimension", [] { flatten(ones({2}), 0, 1); }},
                            {"no such dimension of a number", [] { flatten(scalar(2), 0, 1); }},
                            {"undefined", [] { flatten(Tensor()); }}}));

const OpSpec permute_spec = OpSpec::add(shape_spec("permute", "y[i_order[0], i_order[1], ...] = x[i_0, i_1, ...]",
                                                   [](const Tensor& x) {
                                                     Shape order;
                                                     for (int d = 1; d <= x.dim(); ++d) order.append(d % x.dim());
                                                     return permute(x, order);
                                                   },
                                                   {{"dimension missing",
                                                     [] {
                                                       permute(ones({2, 3}), {0});
                                                     }},
                                                    {"dimension twice",
                                                     [] {
                                                       permute(ones({2, 3}), {0, 0});
                                                     }},
                                                    {"no such dimension",
                                                     [] {
                                                       permute(ones({2, 3}), {0, 2});
                                                     }},
                                                    {"undefined", [] { permute(Tensor(), {0}); }}}));

const OpSpec transpose_spec = OpSpec::add(shape_spec("transpose", "two dimensions change places",
                                                     [](const Tensor& x) { return transpose(x, 0, -1); },
                                                     {{"no such dimension",
                                                       [] {
                                                         transpose(ones({2, 3}), 0, 2);
                                                       }},
                                                      {"undefined", [] { transpose(Tensor(), 0, 1); }}}));

const OpSpec slice_spec = OpSpec::add([] {
  OpSpec spec =
      shape_spec("slice", "y[i] = x[begin + i step] along dim", [](const Tensor& x) { return slice(x, -1, 1, 4); },
                 {{"step 0", [] { slice(ones({3}), 0, 0, 3, 0); }},
                  {"no such dimension", [] { slice(ones({3}), 1, 0); }},
                  {"scalar", [] { slice(ones({}), 0, 0); }},
                  {"undefined", [] { slice(Tensor(), 0, 0); }}},
                 {"slice_backward"});
  spec.samples = [](SampleMaker& make) {
    auto samples = layout_samples(
        make, [](const Inputs& x) { return slice(x[0], -1, 1, 4); }, -2, 2);
    const auto more = [&](const char* label, const Shape& shape, SampleCall call) {
      samples.push_back({label, {make.uniform(shape, -2, 2)}, std::move(call)});
    };
    more("step 2, negative begin", {2, 7, 3}, [](const Inputs& x) { return slice(x[0], 1, -6, 6, 2); });
    more("nothing left", {3, 4}, [](const Inputs& x) { return slice(x[0], 0, 2, 1); });
    more("a slice of a slice", {9}, [](const Inputs& x) { return slice(slice(x[0], 0, 1, 9, 2), 0, 1, 4, 2); });
    return samples;
  };
  return spec;
}());

const OpSpec select_spec =
    OpSpec::add(shape_spec("select", "y = x[.., index, ..]", [](const Tensor& x) { return select(x, -1, -1); },
                           {{"index past the end", [] { select(ones({3}), 0, 3); }},
                            {"index before the start", [] { select(ones({3}), 0, -4); }},
                            {"scalar", [] { select(ones({}), 0, 0); }},
                            {"undefined", [] { select(Tensor(), 0, 0); }}},
                           {"select_backward"}));

const OpSpec expand_spec = OpSpec::add(shape_spec("expand", "sizes of 1 repeat, new dimensions in front",
                                                  [](const Tensor& x) {
                                                    Shape shape = x.shape();
                                                    for (int d = 0; d < shape.rank(); ++d)
                                                      shape[d] = shape[d] == 1 ? 3 : -1;
                                                    shape.insert(0, 2);
                                                    return expand(x, shape);
                                                  },
                                                  {{"a size above 1",
                                                    [] {
                                                      expand(ones({2, 3}), {4, 3});
                                                    }},
                                                   {"lower rank",
                                                    [] {
                                                      expand(ones({2, 3}), {3});
                                                    }},
                                                   {"negative size", [] { expand(ones({1}), {-2}); }},
                                                   {"-1 for a new dimension",
                                                    [] {
                                                      expand(ones({3}), {-1, 3});
                                                    }},
                                                   {"undefined", [] { expand(Tensor(), {1}); }}}));

const OpSpec squeeze_spec =
    OpSpec::add(shape_spec("squeeze", "without the dimensions of size 1", [](const Tensor& x) { return squeeze(x); },
                           {{"no such dimension",
                             [] {
                               squeeze(ones({2, 1}), 2);
                             }},
                            {"undefined", [] { squeeze(Tensor()); }}}));

const OpSpec unsqueeze_spec = OpSpec::add(
    shape_spec("unsqueeze", "a new dimension of size 1", [](const Tensor& x) { return unsqueeze(x, x.dim() / 2); },
               {{"no such place", [] { unsqueeze(ones({2}), 2); }}, {"undefined", [] { unsqueeze(Tensor(), 0); }}}));

const OpSpec unfold_spec = OpSpec::add([] {
  OpSpec spec = shape_spec("unfold", "y[.., w, .., i] = x[.., w step + i, ..]",
                           [](const Tensor& x) { return unfold(x, -1, std::min<int64_t>(3, x.size(-1)), 1); },
                           {{"window too long", [] { unfold(ones({3}), 0, 4, 1); }},
                            {"scalar", [] { unfold(ones({}), 0, 1, 1); }},
                            {"step 0", [] { unfold(ones({3}), 0, 2, 0); }},
                            {"no such dimension", [] { unfold(ones({3}), 1, 2, 1); }},
                            {"undefined", [] { unfold(Tensor(), 0, 1, 1); }}},
                           {"unfold_backward"});
  auto overlapping = spec.samples;
  spec.samples = [overlapping](SampleMaker& make) {
    auto samples = overlapping(make);
    samples.push_back(
        {"gaps between windows", {make.uniform({9, 2}, -2, 2)}, [](const Inputs& x) { return unfold(x[0], 0, 2, 3); }});
    return samples;
  };
  return spec;
}());

const OpSpec contiguous_spec =
    OpSpec::add(shape_spec("contiguous", "y = x, row-major", [](const Tensor& x) { return contiguous(x); },
                           {{"undefined", [] { contiguous(Tensor()); }}}));

const OpSpec clone_spec =
    OpSpec::add(shape_spec("clone", "y = x, other memory", [](const Tensor& x) { return clone(x); },
                           {{"undefined", [] { clone(Tensor()); }}}));

// There and back: gradcheck differentiates f64 alone, and an f32 result in the middle would drown its differences.
const OpSpec to_spec = OpSpec::add([] {
  OpSpec spec = shape_spec("to", "y = x in another element type", [](const Tensor& x) { return to(x, f32); },
                           {{"undefined", [] { to(Tensor(), f64); }}});
  const auto layouts = spec.samples;
  spec.samples = [layouts](SampleMaker& make) {
    auto samples = layouts(make);
    for (OpSample& sample : samples) sample.differentiable = false;
    return samples;
  };
  return spec;
}());

}  // namespace
}  // namespace fovea
