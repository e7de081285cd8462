// Activations as modules, for Sequential and for lists of layers; elementwise where nothing else is said.
//
//   ReLU, LeakyReLU(slope), ELU(alpha), GELU, SiLU, Softplus, Tanh, Sigmoid, LogSigmoid
//   GLU(dim)                          half of dim, gated by the sigmoid of the other half
//   Softmax(dim), LogSoftmax(dim)     along dim
//   Flatten(first, last)              dimensions first to last made one
//
// Names and defaults are PyTorch's; formulas and errors are those of the ops of the same name (docs/ops.md).
#pragma once

#include <fovea/autograd/ops.h>
#include <fovea/layers/module.h>

namespace fovea {

// One without options.
template <Tensor (*f)(const Tensor&)>
class PlainActivation final : public Module {
 public:
  Tensor operator()(const Tensor& x) const { return f(x); }
};

using ReLU = PlainActivation<&relu>;
using GELU = PlainActivation<&gelu>;
using SiLU = PlainActivation<&silu>;
using Softplus = PlainActivation<&softplus>;
using Tanh = PlainActivation<&tanh>;
using Sigmoid = PlainActivation<&sigmoid>;
using LogSigmoid = PlainActivation<&logsigmoid>;

// One with a number.
template <class Number, Tensor (*f)(const Tensor&, Number)>
class ActivationOf : public Module {
 public:
  explicit ActivationOf(Number number) : number_(number) {}
  Tensor operator()(const Tensor& x) const { return f(x, number_); }

 private:
  Number number_;
};

struct LeakyReLU final : ActivationOf<double, &leaky_relu> {
  explicit LeakyReLU(double slope = 0.01) : ActivationOf(slope) {}
};
struct ELU final : ActivationOf<double, &elu> {
  explicit ELU(double alpha = 1) : ActivationOf(alpha) {}
};
struct GLU final : ActivationOf<int64_t, &glu> {
  explicit GLU(int64_t dim = -1) : ActivationOf(dim) {}
};
class Softmax final : public Module {
 public:
  explicit Softmax(int64_t dim = -1) : dim_(dim) {}
  Tensor operator()(const Tensor& x) const { return softmax(x, dim_); }

 private:
  int64_t dim_;
};

class LogSoftmax final : public Module {
 public:
  explicit LogSoftmax(int64_t dim = -1) : dim_(dim) {}
  Tensor operator()(const Tensor& x) const { return log_softmax(x, dim_); }

 private:
  int64_t dim_;
};

class Flatten final : public Module {
 public:
  explicit Flatten(int64_t first = 1, int64_t last = -1) : first_(first), last_(last) {}
  Tensor operator()(const Tensor& x) const { return flatten(x, first_, last_); }

 private:
  int64_t first_, last_;
};

}  // namespace fovea
