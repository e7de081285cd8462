// Second derivatives of fused ops: under create_graph the vjp of a fused op is that of its plain formula, which stands
// beside it.
#pragma once

#include <fovea/autograd/mode.h>
#include <fovea/core/tensor.h>

#include <array>
#include <functional>
#include <span>
#include <vector>

namespace fovea {

// The gradients of `formula`'s outputs' inputs, on the tape, given those of its outputs (undefined: zero). Inputs that
// are undefined or need no gradient get an undefined one.
std::vector<Tensor> plain_vjp(const std::function<std::vector<Tensor>(std::span<const Tensor> inputs)>& formula,
                              std::span<const Tensor> inputs, std::span<const Tensor> gradients);

// For one output and N inputs: plain_vjp(plain_address, {parameters, memory, previous}, g).
template <class... Args, size_t N = sizeof...(Args)>
std::array<Tensor, N> plain_vjp(Tensor (*formula)(Args...), const std::array<Tensor, N>& inputs,
                                const Tensor& gradient) {
  const auto call = [formula](std::span<const Tensor> x) {
    return [&]<size_t... i>(std::index_sequence<i...>) { return std::vector<Tensor>{formula(x[i]...)}; }
    (std::make_index_sequence<N>{});
  };
  const std::vector<Tensor> found = plain_vjp(call, inputs, {&gradient, 1});
  std::array<Tensor, N> out;
  for (size_t i = 0; i < N; ++i) out[i] = found[i];
  return out;
}

namespace detail {
// The same elements as a new point on the tape, from which a formula can be differentiated by itself.
Tensor alias(const Tensor& x);
}  // namespace detail

}  // namespace fovea
