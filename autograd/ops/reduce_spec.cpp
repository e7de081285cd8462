// The op specs of reduce.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

#include <algorithm>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;
using Reduce = Tensor (*)(const Tensor&, Dims, bool);

// All dimensions, the last, the first, a middle one, several, over every layout.
std::vector<OpSample> reduce_samples(SampleMaker& make, Reduce f, bool empty_too) {
  auto samples = layout_samples(
      make, [f](const Inputs& x) { return f(x[0], {}, false); }, -2, 2);
  for (OpSample& sample : layout_samples(
           make, [f](const Inputs& x) { return f(x[0], -1, true); }, -2, 2))
    samples.push_back(std::move(sample));
  if (!empty_too) std::erase_if(samples, [](const OpSample& sample) { return sample.inputs[0].numel() == 0; });
  for (OpSample& sample : samples)  // the mean of nothing is NaN
    sample.differentiable = sample.inputs[0].numel() > 0;
  const auto more = [&](const char* label, const Shape& shape, const Dims& dims, bool keepdim) {
    samples.push_back({label, {make.distinct(shape)}, [=](const Inputs& x) { return f(x[0], dims, keepdim); }});
  };
  more("scalar", {}, {}, false);
  more("first dimension", {5, 3}, 0, false);
  more("middle dimension", {2, 4, 3}, 1, true);
  more("first and last", {3, 2, 4}, {0, -1}, false);
  more("first two, long", {41, 3, 5}, {0, 1}, false);
  more("more rows than one lane takes", {150, 7}, 0, false);
  more("a result without elements", {0, 3}, 1, false);
  return samples;
}

OpSpec reduce_spec(std::string name, std::string formula, Reduce f, bool empty_too = true) {
  OpSpec spec;
  spec.name = std::move(name);
  spec.formula = std::move(formula);
  spec.samples = [=](SampleMaker& make) { return reduce_samples(make, f, empty_too); };
  spec.invalid = {{"no such dimension",
                   [f] {
                     f(ones({2, 3}), 2, false);
                   }},
                  {"a dimension twice",
                   [f] {
                     f(ones({2, 3}), {1, -1}, false);
                   }},
                  {"undefined", [f] { f(Tensor(), {}, false); }}};
  if (!empty_too) spec.invalid.push_back({"nothing to choose from", [f] { f(ones({2, 0}), 1, false); }});
  return spec;
}

const OpSpec sum_spec = OpSpec::add(reduce_spec("sum", "y = sum_i x_i", sum));
const OpSpec mean_spec = OpSpec::add([] {
  OpSpec spec = reduce_spec("mean", "y = 1/n sum_i x_i", mean);
  spec.invalid.push_back({"i64", [] { mean(arange(3)); }});
  return spec;
}());
// Unbiased, unless that could divide by zero.
bool may_be_unbiased(const Tensor& x) {
  return x.defined() && x.dim() > 0 && std::find(x.shape().begin(), x.shape().end(), 1) == x.shape().end();
}
Tensor sample_var(const Tensor& x, Dims dims, bool keepdim) { return var(x, dims, may_be_unbiased(x), keepdim); }
Tensor sample_deviation(const Tensor& x, Dims dims, bool keepdim) {
  return standard_deviation(x, dims, may_be_unbiased(x), keepdim);
}
const OpSpec var_spec = OpSpec::add(reduce_spec("var", "y = 1/(n-1) sum_i (x_i - mean x)^2", sample_var));
const OpSpec standard_deviation_spec =
    OpSpec::add(reduce_spec("standard_deviation", "y = (var x)^1/2", sample_deviation));
const OpSpec max_spec = OpSpec::add(reduce_spec("max", "y = max_i x_i", max, false));
const OpSpec min_spec = OpSpec::add(reduce_spec("min", "y = min_i x_i", min, false));
const OpSpec norm_spec = OpSpec::add(reduce_spec("norm", "y = (sum_i x_i^2)^1/2", norm));
const OpSpec logsumexp_spec = OpSpec::add(reduce_spec("logsumexp", "y = ln sum_i e^x_i", logsumexp));

const OpSpec cumsum_spec = OpSpec::add({
    .name = "cumsum",
    .formula = "y_i = x_0 + .. + x_i",
    .samples =
        [](SampleMaker& make) {
          auto samples = layout_samples(
              make, [](const Inputs& x) { return cumsum(x[0], 0); }, -2, 2);
          for (OpSample& sample : layout_samples(
                   make, [](const Inputs& x) { return cumsum(x[0], -1); }, -2, 2))
            samples.push_back(std::move(sample));
          samples.push_back({"scalar", {make.uniform({}, -2, 2)}, [](const Inputs& x) { return cumsum(x[0], 0); }});
          return samples;
        },
    .invalid = {{"no such dimension", [] { cumsum(ones({2}), 1); }}, {"undefined", [] { cumsum(Tensor(), 0); }}},
});

const OpSpec sum_to_spec = OpSpec::add({
    .name = "sum_to",
    .formula = "y = sum of x over what a broadcast repeated",
    .samples =
        [](SampleMaker& make) {
          std::vector<OpSample> samples;
          const auto more = [&](const char* label, const Shape& from, const Shape& shape) {
            samples.push_back(
                {label, {make.uniform(from, -2, 2)}, [=](const Inputs& x) { return sum_to(x[0], shape); }});
          };
          more("row", {3, 4}, {4});
          more("column", {3, 4}, {3, 1});
          more("bias", {2, 5, 3}, {3});
          more("scalar", {2, 3}, {});
          more("middle", {2, 3, 4}, {2, 1, 4});
          more("from size 1", {1, 3}, {3});
          more("the same", {2, 3}, {2, 3});
          more("of a scalar", {}, {});
          more("of 1-D", {4}, {1});
          more("4-D", {2, 3, 2, 2}, {3, 1, 2});
          more("from nothing", {0, 3}, {3});
          return samples;
        },
    .invalid = {{"not from there",
                 [] {
                   sum_to(ones({2, 3}), {2});
                 }},
                {"larger",
                 [] {
                   sum_to(ones({3}), {2, 3});
                 }},
                {"undefined", [] { sum_to(Tensor(), {}); }}},
});

OpSpec arg_spec(std::string name, Tensor (*f)(const Tensor&, int64_t, bool)) {
  OpSpec spec;
  spec.name = std::move(name);
  spec.formula = "the first position of the best along dim";
  spec.samples = [f](SampleMaker& make) {
    auto samples = layout_samples(
        make, [f](const Inputs& x) { return f(x[0], 0, false); }, -2, 2);
    std::erase_if(samples, [](const OpSample& sample) { return sample.inputs[0].numel() == 0; });
    for (OpSample& sample : layout_samples(
             make, [f](const Inputs& x) { return f(x[0], -1, true); }, -2, 2))
      samples.push_back(std::move(sample));
    samples.push_back({"scalar", {make.uniform({}, -2, 2)}, [f](const Inputs& x) { return f(x[0], -1, true); }});
    for (OpSample& sample : samples) sample.differentiable = false;
    return samples;
  };
  spec.invalid = {{"no such dimension", [f] { f(ones({2}), 1, false); }},
                  {"nothing to choose from", [f] { f(ones({0}), 0, false); }},
                  {"bool", [f] { f(ones({2}, boolean), 0, false); }},
                  {"undefined", [f] { f(Tensor(), 0, false); }}};
  return spec;
}
const OpSpec argmax_spec = OpSpec::add(arg_spec("argmax", argmax));
const OpSpec argmin_spec = OpSpec::add(arg_spec("argmin", argmin));

// Of bool results, with numbers that are not 0 as true.
OpSpec truth_spec(std::string name, std::string formula, Reduce f) {
  OpSpec spec = reduce_spec(std::move(name), std::move(formula), f);
  spec.samples = [f](SampleMaker& make) {
    auto samples = reduce_samples(make, f, true);
    for (OpSample& sample : samples) sample.differentiable = false;
    return samples;
  };
  return spec;
}
const OpSpec all_spec =
    OpSpec::add(truth_spec("all", "y = x_0 and x_1 and ..", [](const Tensor& x, Dims dims, bool keepdim) {
      return all(x.defined() ? relu(x + 1.0) : x, dims, keepdim);
    }));
const OpSpec any_spec =
    OpSpec::add(truth_spec("any", "y = x_0 or x_1 or ..", [](const Tensor& x, Dims dims, bool keepdim) {
      return any(x.defined() ? relu(x - 1.0) : x, dims, keepdim);
    }));

}  // namespace
}  // namespace fovea
