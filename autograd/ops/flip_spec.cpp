// The op specs of flip.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
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
