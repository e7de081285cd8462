// Choosing between elements by a mask. What is not chosen gets exactly zero gradient, even where its own derivative is
// inf or NaN: the gradient is chosen, not multiplied.
// Errors: DTypeError for a mask that is not bool; ShapeError for shapes that do not broadcast.
#include <fovea/autograd/check.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/compare.h>

namespace fovea {

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  check::dtype("where", "the condition", condition, boolean);
  check::same_dtype("where", a, b);
  Shape shape = a.shape();
  if (!(b.shape() == shape)) shape = broadcast_shapes("where", shape, b.shape());
  if (!(condition.shape() == shape)) shape = broadcast_shapes("where", shape, condition.shape());
  const Tensor c = array::expand(condition, shape), left = expand(a, shape), right = expand(b, shape);
  Tensor y = empty(shape, a.dtype());
  kernels::where(y.dtype(), {shape, y.strides(), c.strides(), left.strides(), right.strides()}, y.raw(), c.raw(),
                 left.raw(), right.raw());
  return record("where", {left, right}, y, [c = saved(c)](const Tensor& g) {
    const Tensor zero = scalar(0, g.dtype());
    return std::array<Tensor, 2>{needs_grad(0) ? where(c.get(), g, zero) : Tensor(),
                                 needs_grad(1) ? where(c.get(), zero, g) : Tensor()};
  });
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, double value) {
  check::defined("masked_fill", x);
  check::dtype("masked_fill", "the mask", mask, boolean);
  require_fits("masked_fill", value, x.dtype());
  const Shape shape = broadcast_shapes("masked_fill", x.shape(), mask.shape());
  const Tensor from = expand(x, shape), m = array::expand(mask, shape);
  Tensor y = empty(shape, x.dtype());
  kernels::masked_fill(y.dtype(), {shape, y.strides(), m.strides(), from.strides()}, y.raw(), m.raw(), from.raw(),
                       value);
  return record("masked_fill", {from}, y, [m = saved(m)](const Tensor& g) { return masked_fill(g, m.get(), 0); });
}

namespace {

using Inputs = std::vector<Tensor>;

// Away from 0 a mask made of the values is constant.
Tensor positive(const Tensor& x) { return gt(x.detach(), full({}, 0, x.dtype())); }

const OpSpec where_spec = OpSpec::add({
    .name = "where",
    .formula = "y = condition ? a : b",
    .samples =
        [](SampleMaker& make) {
          auto samples = elementwise_samples(
              make, [](const Inputs& x) { return where(positive(x[0]), x[0], x[1]); }, 2, -2, 2);
          const auto more = [&](const char* label, const Shape& mask, const Shape& a, const Shape& b) {
            samples.push_back({label,
                               {make.mask(mask), make.uniform(a, -2, 2), make.uniform(b, -2, 2)},
                               [](const Inputs& x) { return where(x[0], x[1], x[2]); }});
          };
          more("mask of a column", {3, 1}, {3, 4}, {3, 4});
          more("mask larger than both", {2, 3, 4}, {4}, {3, 1});
          more("scalars", {2, 3}, {}, {});
          more("scalar mask", {}, {2, 3}, {2, 3});
          return samples;
        },
    .invalid = {{"mask of f32", [] { where(ones({2}), ones({2}), ones({2})); }},
                {"f32 with f64", [] { where(ones({2}, boolean), ones({2}), ones({2}, f64)); }},
                {"operands do not broadcast", [] { where(ones({}, boolean), ones({2}), ones({3})); }},
                {"mask does not broadcast", [] { where(ones({4}, boolean), ones({3}), ones({3})); }},
                {"undefined", [] { where(ones({2}, boolean), ones({2}), Tensor()); }},
                {"undefined mask", [] { where(Tensor(), ones({2}), ones({2})); }}},
});

const OpSpec masked_fill_spec = OpSpec::add({
    .name = "masked_fill",
    .formula = "y = mask ? value : x",
    .samples =
        [](SampleMaker& make) {
          auto samples = elementwise_samples(
              make, [](const Inputs& x) { return masked_fill(x[0], positive(x[0]), 0.25); }, 1, -2, 2);
          const auto more = [&](const char* label, const Shape& mask, const Shape& x) {
            samples.push_back({label, {make.mask(mask), make.uniform(x, -2, 2)}, [](const Inputs& in) {
                                 return masked_fill(in[1], in[0], -1);
                               }});
          };
          more("mask of a column", {3, 1}, {3, 4});
          more("mask of a row", {4}, {2, 3, 4});
          more("mask larger than x", {2, 3, 4}, {3, 1});
          more("scalar mask", {}, {2, 3});
          return samples;
        },
    .invalid = {{"mask of f32", [] { masked_fill(ones({2}), ones({2}), 0); }},
                {"mask does not broadcast", [] { masked_fill(ones({3}), ones({2}, boolean), 0); }},
                {"undefined", [] { masked_fill(Tensor(), ones({2}, boolean), 0); }},
                {"undefined mask", [] { masked_fill(ones({2}), Tensor(), 0); }}},
});

}  // namespace
}  // namespace fovea
