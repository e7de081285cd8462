// The op specs of softmax.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;
using Softmax = Tensor (*)(const Tensor&, int64_t, const Tensor&);

// Masked entries of log_softmax are -inf, which central differences cannot subtract; 0 in their place.
Tensor finite(const Tensor& y) { return where(isfinite(y.detach()), y, scalar(0, y.dtype())); }

std::vector<OpSample> softmax_samples(SampleMaker& make, Softmax f) {
  auto samples = layout_samples(
      make, [f](const Inputs& x) { return f(x[0], -1, Tensor()); }, -3, 3);
  for (OpSample& sample : layout_samples(
           make, [f](const Inputs& x) { return f(x[0], 0, Tensor()); }, -3, 3))
    samples.push_back(std::move(sample));
  const auto plain_call = [f](const Inputs& x) { return f(x[0], -1, Tensor()); };
  samples.push_back({"scalar", {make.uniform({}, -1, 1)}, [f](const Inputs& x) { return f(x[0], 0, Tensor()); }});
  samples.push_back({"one far ahead", {tensor({10.0, 0.0})}, plain_call});
  samples.push_back({"large values", {tensor({1e4, 1e4 + 1, 1e4 - 30})}, plain_call});
  samples.back().differentiable = false;  // steps of 1e-5 |x| would be too long
  samples.push_back({"all equal", {full({40}, 3, f64)}, plain_call});
  const auto masked = [&](const char* label, const Shape& shape, const Shape& mask, int64_t dim) {
    samples.push_back({label, {make.mask(mask, 0.7), make.uniform(shape, -3, 3)}, [=](const Inputs& x) {
                         return finite(f(x[1], dim, x[0]));
                       }});
  };
  masked("mask of its own", {3, 21}, {3, 21}, -1);
  masked("mask of keys", {2, 3, 5}, {5}, -1);
  masked("mask of a batch", {2, 3, 5}, {2, 1, 5}, -1);
  masked("mask of queries and keys", {2, 2, 3, 5}, {3, 5}, -1);
  masked("mask of whole rows", {4, 3}, {4, 1}, -1);
  masked("mask along the first dimension", {4, 3}, {4, 3}, 0);
  masked("mask of a scalar", {}, {}, 0);
  masked("whole vectors", {2, 64}, {2, 64}, -1);
  samples.push_back({"all masked", {zeros({2, 3}, boolean), make.uniform({2, 3}, -1, 1)}, [f](const Inputs& x) {
                       return finite(f(x[1], -1, x[0]));
                     }});
  return samples;
}

OpSpec softmax_spec(std::string name, std::string formula, Softmax f) {
  OpSpec spec;
  spec.name = std::move(name);
  spec.formula = std::move(formula);
  spec.samples = [f](SampleMaker& make) { return softmax_samples(make, f); };
  spec.invalid = {{"i64", [f] { f(arange(3), 0, Tensor()); }},
                  {"no such dimension", [f] { f(ones({3}), 1, Tensor()); }},
                  {"mask of f32", [f] { f(ones({3}), 0, ones({3})); }},
                  {"mask of another size", [f] { f(ones({3}), 0, ones({2}, boolean)); }},
                  {"mask larger than x",
                   [f] {
                     f(ones({3}), 0, ones({2, 3}, boolean));
                   }},
                  {"undefined", [f] { f(Tensor(), 0, Tensor()); }}};
  return spec;
}

const OpSpec softmax_op_spec = OpSpec::add(softmax_spec("softmax", "y_i = e^x_i / sum_j e^x_j", softmax));
const OpSpec log_softmax_spec = OpSpec::add(softmax_spec("log_softmax", "y_i = x_i - ln sum_j e^x_j", log_softmax));

}  // namespace
}  // namespace fovea
