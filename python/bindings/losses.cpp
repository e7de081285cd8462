// Activations and losses as modules.
#include <fovea/layers/activation.h>
#include <fovea/layers/loss.h>

#include "module.h"

namespace fovea::python {
namespace {

template <class M, class... Arguments>
void activation(nb::module_& m, const char* name, nb::init<Arguments...> make, const auto&... arguments) {
  auto c = layer<M>(m, name, about("layers/activation.h"));
  c.def(std::move(make), arguments...);
  callable(
      c,
      [](const M& self, const Tensor& x) -> Tensor {
        const Released others(x);
        return self(x);
      },
      "x"_a);
}

template <class M>
nb::class_<M, Module> loss(nb::module_& m, const char* name) {
  auto c = layer<M>(m, name, about("layers/loss.h"));
  callable(
      c,
      [](const M& self, const Tensor& x, const Tensor& target) -> Tensor {
        const Released others(x, target);
        return self(x, target);
      },
      "x"_a, "target"_a);
  return c;
}

template <class M>
void of_ids(nb::module_& m, const char* name) {
  loss<M>(m, name).def(
      "__init__",
      [](M* self, int64_t ignore_index, double label_smoothing, Reduction reduction) {
        new (self) M({.ignore_index = ignore_index, .label_smoothing = label_smoothing, .reduction = reduction});
      },
      "ignore_index"_a = -100, "label_smoothing"_a = 0, "reduction"_a = Reduction::mean);
}

}  // namespace

void bind_losses(nb::module_& m) {
  activation<ReLU>(m, "ReLU", nb::init<>());
  activation<GELU>(m, "GELU", nb::init<>());
  activation<SiLU>(m, "SiLU", nb::init<>());
  activation<Softplus>(m, "Softplus", nb::init<>());
  activation<Tanh>(m, "Tanh", nb::init<>());
  activation<Sigmoid>(m, "Sigmoid", nb::init<>());
  activation<LogSigmoid>(m, "LogSigmoid", nb::init<>());
  activation<LeakyReLU>(m, "LeakyReLU", nb::init<double>(), "slope"_a = 0.01);
  activation<ELU>(m, "ELU", nb::init<double>(), "alpha"_a = 1);
  activation<GLU>(m, "GLU", nb::init<int64_t>(), "dim"_a = -1);
  activation<Softmax>(m, "Softmax", nb::init<int64_t>(), "dim"_a = -1);
  activation<LogSoftmax>(m, "LogSoftmax", nb::init<int64_t>(), "dim"_a = -1);
  activation<Flatten>(m, "Flatten", nb::init<int64_t, int64_t>(), "first"_a = 1, "last"_a = -1);

  of_ids<CrossEntropyLoss>(m, "CrossEntropyLoss");
  of_ids<NLLLoss>(m, "NLLLoss");
  loss<BCEWithLogitsLoss>(m, "BCEWithLogitsLoss").def(nb::init<Reduction>(), "reduction"_a = Reduction::mean);
  loss<BCELoss>(m, "BCELoss").def(nb::init<Reduction>(), "reduction"_a = Reduction::mean);
  loss<L1Loss>(m, "L1Loss").def(nb::init<Reduction>(), "reduction"_a = Reduction::mean);
  loss<MSELoss>(m, "MSELoss").def(nb::init<Reduction>(), "reduction"_a = Reduction::mean);
  loss<KLDivLoss>(m, "KLDivLoss")
      .def(nb::init<Reduction, bool>(), "reduction"_a = Reduction::mean, "log_target"_a = false);
  loss<HuberLoss>(m, "HuberLoss").def(nb::init<double, Reduction>(), "delta"_a = 1, "reduction"_a = Reduction::mean);
}

}  // namespace fovea::python
