// An input that is written to between forward and backward: either the op has kept it, and backward says so, or the
// gradient is that of the values it saw. Walks all specs, and every input: masks, ids, lengths and targets too.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <tests/catch.h>

using namespace fovea;

namespace {

struct Run {
  std::vector<Tensor> inputs, leaves;
  Tensor y;

  explicit Run(const OpSample& sample) {
    for (const Tensor& x : sample.inputs) {
      if (!x.defined()) {
        inputs.emplace_back();
        continue;
      }
      inputs.push_back(array::clone(x));
      if (x.dtype() == f64) leaves.push_back(inputs.back().requires_grad_());
    }
    y = sample.call(inputs);
  }
  std::vector<Tensor> gradients() const {
    Generator generator(3);
    const Tensor cotangent = uniform(y.shape(), -1, 1, generator, y.dtype());
    return grad({y}, leaves, {.allow_unused = true, .grad_outputs = {cotangent}});
  }
};

// Other values of the same kind, without asking for the tape's leave.
void refill(Tensor& x) {
  const NoGrad quiet;
  if (x.dtype() == boolean)
    x.copy_(logical_not(x));
  else
    x.fill_(0);
}

bool same(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i].defined() != b[i].defined() || (a[i].defined() && !equal(a[i], b[i]))) return false;
  return true;
}

}  // namespace

TEST_CASE("an input refilled between forward and backward is caught, or was not needed", "[specs][refilled]") {
  int caught = 0;
  for (const OpSpec& spec : op_specs()) {
    SampleMaker make(11);
    for (const OpSample& sample : spec.samples(make)) {
      const Run plain(sample);
      if (!sample.differentiable || !plain.y.requires_grad()) continue;
      const std::vector<Tensor> wanted = plain.gradients();
      for (size_t i = 0; i < sample.inputs.size(); ++i) {
        INFO(spec.name << ", sample " << sample.label << ", input " << i);
        Run run(sample);
        if (!run.inputs[i].defined()) continue;
        const bool x_is_mask = run.inputs[i].dtype() == boolean;
        refill(run.inputs[i]);
        std::string complaint;
        std::vector<Tensor> found;
        try {
          found = run.gradients();
        } catch (const AutogradError& error) {
          complaint = error.what();
        }
        if (complaint.empty())
          CHECK(same(found, wanted));
        else  // names the op that kept it and the one that wrote
          CHECK((complaint.find(": it saved ") != std::string::npos &&
                 complaint.find(x_is_mask ? "copy_ has since changed it" : "fill_ has since changed it") !=
                     std::string::npos));
        caught += complaint.empty() ? 0 : 1;
      }
    }
  }
  CHECK(caught > 100);
}
