#include <fovea/autograd/backward.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/plain.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>

namespace fovea {

Tensor detail::alias(const Tensor& x) {
  check::defined("alias", x);
  return record("alias", {x}, array::as_strided(x, x.shape(), x.strides()), [](const Tensor& g) { return g; });
}

std::vector<Tensor> plain_vjp(const std::function<std::vector<Tensor>(std::span<const Tensor> inputs)>& formula,
                              std::span<const Tensor> inputs, std::span<const Tensor> gradients) {
  const EnableGrad on_tape;
  std::vector<Tensor> own(inputs.begin(), inputs.end()), wanted, outputs;
  GradOptions options{.create_graph = true, .allow_unused = true, .inputs_are_ends = true};
  for (Tensor& x : own)
    if (x.defined() && x.requires_grad()) wanted.push_back(x = detail::alias(x));
  const std::vector<Tensor> all = formula(own);
  for (size_t i = 0; i < all.size(); ++i) {
    if (!gradients[i].defined() || !all[i].requires_grad()) continue;
    outputs.push_back(all[i]);
    options.grad_outputs.push_back(gradients[i]);
  }
  std::vector<Tensor> found(inputs.size());
  if (outputs.empty() || wanted.empty()) return found;
  const std::vector<Tensor> gradients_found = grad(outputs, wanted, options);
  for (size_t i = 0, at = 0; i < own.size(); ++i)
    if (own[i].defined() && own[i].requires_grad()) found[i] = gradients_found[at++];
  return found;
}

}  // namespace fovea
