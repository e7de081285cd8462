// The op specs of scan.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;

// All dimensions and the last, over every layout; then zeros, whose gradients are products of the others.
std::vector<OpSample> product_samples(SampleMaker& make, const SampleCall& of_all, const SampleCall& of_last) {
  auto samples = layout_samples(make, of_all, -2, 2);
  for (OpSample& sample : layout_samples(make, of_last, -2, 2)) samples.push_back(std::move(sample));
  samples.push_back({"scalar", {make.uniform({}, -2, 2)}, of_last});
  samples.push_back({"one zero", {tensor({1.5, 0.0, -2.0, 0.5})}, of_last});
  samples.push_back({"two zeros", {tensor({1.5, 0.0, -2.0, 0.5, 0.0, 1.0}, {2, 3})}, of_all});
  samples.push_back({"two zeros in a row", {tensor({0.0, 3.0, -2.0, 0.0, 0.5})}, of_last});
  return samples;
}

const OpSpec prod_spec = OpSpec::add({
    .name = "prod",
    .formula = "y = prod_i x_i",
    .samples =
        [](SampleMaker& make) {
          auto samples = product_samples(
              make, [](const Inputs& x) { return prod(x[0]); }, [](const Inputs& x) { return prod(x[0], -1, true); });
          const auto more = [&](const char* label, const Shape& shape, const Dims& dims, bool keepdim) {
            samples.push_back(
                {label, {make.uniform(shape, -2, 2)}, [=](const Inputs& x) { return prod(x[0], dims, keepdim); }});
          };
          more("first dimension", {5, 3}, 0, false);
          more("middle dimension", {2, 4, 3}, 1, true);
          more("first and last", {3, 2, 4}, {0, -1}, false);
          more("nothing", {3, 0}, 1, false);
          more("a result without elements", {0, 3}, 1, false);
          return samples;
        },
    .invalid = {{"no such dimension",
                 [] {
                   prod(ones({2, 3}), 2);
                 }},
                {"a dimension twice",
                 [] {
                   prod(ones({2, 3}), {1, -1});
                 }},
                {"undefined", [] { prod(Tensor()); }}},
});

const OpSpec cumprod_spec = OpSpec::add({
    .name = "cumprod",
    .formula = "y_i = x_0 .. x_i",
    .samples =
        [](SampleMaker& make) {
          return product_samples(
              make, [](const Inputs& x) { return cumprod(x[0], 0); },
              [](const Inputs& x) { return cumprod(x[0], -1); });
        },
    .invalid = {{"no such dimension", [] { cumprod(ones({2}), 1); }}, {"undefined", [] { cumprod(Tensor(), 0); }}},
});

}  // namespace
}  // namespace fovea
