// spec_samples FILE: the samples of every op's spec as safetensors, for python/tests/test_specs.py to call by name.
// "op|sample|label|in0", "..|in1", ..: inputs; "..|out": what the sample's call gives; "..|grad0": d(sum(out^2)) /
// d(in0) where the sample is differentiable.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/safetensors.h>

#include <cstdio>

using namespace fovea;

namespace {

void add_sample(NamedTensors& all, const std::string& prefix, const OpSample& sample) {
  std::vector<Tensor> inputs, leaves;
  for (const Tensor& x : sample.inputs) {
    all.emplace_back(prefix + "in" + std::to_string(inputs.size()), contiguous(x.detach()));
    inputs.push_back(contiguous(x.detach()).clone());
    if (sample.differentiable && x.dtype() == f64) leaves.push_back(inputs.back().requires_grad_());
  }
  const Tensor y = sample.call(inputs);
  all.emplace_back(prefix + "out", contiguous(y.detach()));
  if (!y.requires_grad() || y.dtype() != f64) return;
  const std::vector<Tensor> gradients = grad({sum(square(y))}, leaves, {.allow_unused = true});
  for (size_t i = 0; i < gradients.size(); ++i)
    if (gradients[i].defined())
      all.emplace_back(prefix + "grad" + std::to_string(i), contiguous(gradients[i].detach()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("spec_samples FILE\n", stderr), 2;
  NamedTensors all;
  for (const OpSpec& spec : op_specs()) {
    if (!spec.samples) continue;
    SampleMaker make(1);
    int number = 0;
    for (const OpSample& sample : spec.samples(make)) {
      int64_t elements = 0;
      for (const Tensor& x : sample.inputs) elements += x.numel();
      if (elements > 2000) continue;
      add_sample(all, spec.name + "|" + std::to_string(number++) + "|" + sample.label + "|", sample);
    }
  }
  save_safetensors(argv[1], all);
  std::printf("%zu tensors\n", all.size());
}
