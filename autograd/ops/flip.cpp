// Turning a dimension around. It is its own gradient.
// Errors: IndexError, AutogradError.
#include <fovea/autograd/check.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>

namespace fovea {

Tensor flip(const Tensor& x, int64_t dim) {
  check::defined("flip", x);
  if (x.dim() == 0) return reshape(flip(reshape(x, {1}), dim), {});  // as in PyTorch
  const int d = normalize_dim("flip", dim, x.dim());
  const int64_t n = x.shape()[d];
  Shape strides = x.strides();
  strides[d] = -strides[d];
  const Tensor backwards = array::as_strided(x, x.shape(), strides, n > 0 ? (n - 1) * x.stride(d) : 0);
  return record("flip", {x}, array::clone(backwards), [d](const Tensor& g) { return flip(g, d); });
}

namespace {

const OpSpec flip_spec = OpSpec::add([] {
  const SampleCall call = [](const std::vector<Tensor>& x) { return flip(x[0], -1); };
  OpSpec spec;
  spec.name = "flip";
  spec.formula = "y[n - 1 - i] = x[i]";
  spec.samples = [call](SampleMaker& make) {
    auto samples = layout_samples(make, call, -2, 2);
    samples.push_back({"scalar", {make.uniform({}, -2, 2)}, call});
    return samples;
  };
  spec.invalid = {{"no such dimension", [] { flip(ones({3}), 1); }}, {"undefined", [] { flip(Tensor(), 0); }}};
  return spec;
}());

}  // namespace
}  // namespace fovea
