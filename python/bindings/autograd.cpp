// The tape: backward, grad, hooks, modes, gradient checks, score-function estimators.
#include <fovea/autograd/backward.h>
#include <fovea/autograd/gradcheck.h>
#include <fovea/autograd/hook.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/score_function.h>
#include <fovea/autograd/shared_weights.h>

#include <memory>

#include "common.h"

namespace fovea::python {
namespace {

// A Python function that C++ holds: let go of under the GIL.
std::shared_ptr<nb::object> keep(const nb::object& function) {
  return {new nb::object(function), [](nb::object* held) {
            if (Py_IsInitialized() == 0) return;
            const nb::gil_scoped_acquire gil;
            delete held;
          }};
}

std::vector<Tensor> listed(const nb::object& x) {
  if (x.is_none()) return {};
  if (nb::isinstance<Tensor>(x)) return {nb::cast<Tensor>(x)};
  std::vector<Tensor> list;
  for (const nb::handle item : x) list.push_back(item.is_none() ? Tensor() : nb::cast<Tensor>(item));
  return list;
}

nb::list unlisted(const std::vector<Tensor>& tensors) {
  nb::list list;
  for (const Tensor& x : tensors) list.append(known(x));
  return list;
}

TensorFunction wrapped(const nb::object& f) {
  return [f](const std::vector<Tensor>& inputs) {
    nb::list arguments;
    for (const Tensor& x : inputs) arguments.append(x);
    return listed(f(*arguments));
  };
}

void bind_on_tensor(nb::class_<Tensor>& t) {
  t.def_prop_rw(
      "requires_grad", &Tensor::requires_grad, [](const Tensor& x, bool on) { x.requires_grad_(on); },
      "Whether the tape watches this tensor.");
  t.def_prop_ro("is_leaf", &Tensor::is_leaf, "Whether no op made it.");
  t.def_prop_rw(
      "grad", [](const Tensor& x) { return known(x.grad()); },
      [](const Tensor& x, const Tensor* gradient) { x.set_grad(given(gradient)); }, nb::arg("gradient").none(),
      "The gradient that backward has collected, or None.");
  t.def(
      "requires_grad_", [](const nb::object& self, bool on) { return nb::cast<Tensor>(self).requires_grad_(on), self; },
      "on"_a = true, "Makes this a leaf whose gradient backward collects.");
  t.def("detach", &Tensor::detach, "The same elements, which the tape does not see.");
  t.def(
      "backward",
      [](const Tensor& y, const Tensor* gradient, bool retain_graph) {
        const nb::gil_scoped_release others;
        y.backward(given(gradient), retain_graph);
      },
      "gradient"_a = nb::none(), "retain_graph"_a = false,
      "Adds d(this)/d(leaf) to the grad of each leaf. The gradient may be left out for one element.");
  t.def(
      "register_hook",
      [](const Tensor& x, const nb::object& hook) {
        return register_hook(x, [held = keep(hook)](const Tensor& gradient) -> Tensor {
          const nb::gil_scoped_acquire gil;
          const nb::object changed = (*held)(gradient);
          return changed.is_none() ? gradient : nb::cast<Tensor>(changed);
        });
      },
      "hook"_a, "hook(gradient) sees the gradient of this tensor, and what it returns, if anything, goes on.");
}

void bind_estimators(nb::module_& m) {
  m.def(
      "surrogate_loss",
      [](const Tensor& log_probability, const Tensor& reward, const Tensor* baseline, const Tensor* entropy,
         double entropy_weight, const Tensor* mask, Reduction reduction) {
        return surrogate_loss(log_probability, reward,
                              {given(baseline), given(entropy), entropy_weight, given(mask), reduction});
      },
      "log_probability"_a, "reward"_a, "baseline"_a = nb::none(), "entropy"_a = nb::none(), "entropy_weight"_a = 0,
      "mask"_a = nb::none(), "reduction"_a = Reduction::mean,
      "REINFORCE: its gradient estimates that of -E[reward].\n\nloss = -(R - b) log p - lambda H");
  m.def("baseline_loss", &baseline_loss, "baseline"_a, "reward"_a, "Squared error of a learned baseline.");
  m.def("leave_one_out", &leave_one_out, "reward"_a, "For each sample the mean reward of the others.");
  m.def("reward_to_go", &reward_to_go, "rewards"_a, "discount"_a = 1, "Rewards from each step on, [B, T].");
  nb::class_<MovingBaseline>(m, "MovingBaseline", "The mean of the rewards so far, exponentially forgotten.")
      .def(nb::init<double, int64_t>(), "decay"_a = 0.9, "steps"_a = 0)
      .def("__call__", &MovingBaseline::operator(), "reward"_a, "The baseline; then takes these rewards in.")
      .def_prop_rw(
          "value", [](const MovingBaseline& b) { return known(b.value()); }, &MovingBaseline::set_value);
}

// SharedWeights, which a context manager opens and closes.
class OpenSharing {
 public:
  void close() { held_.reset(); }

 private:
  std::unique_ptr<SharedWeights> held_ = std::make_unique<SharedWeights>();
};

}  // namespace

void bind_autograd(nb::module_& m, nb::class_<Tensor>& t) {
  nb::class_<HookHandle>(m, "HookHandle", "remove() takes the hook away.").def("remove", &HookHandle::remove);
  bind_on_tensor(t);
  m.def(
      "grad",
      [](const nb::object& outputs, const nb::object& inputs, const nb::object& grad_outputs, bool retain_graph,
         bool create_graph, bool allow_unused) {
        GradOptions options{.create_graph = create_graph, .retain_graph = retain_graph, .allow_unused = allow_unused};
        options.grad_outputs = listed(grad_outputs);
        const std::vector<Tensor> from = listed(outputs), to = listed(inputs);
        std::vector<Tensor> found;
        {
          const nb::gil_scoped_release others;
          found = grad(from, to, options);
        }
        return unlisted(found);
      },
      "outputs"_a, "inputs"_a, "grad_outputs"_a = nb::none(), "retain_graph"_a = false, "create_graph"_a = false,
      "allow_unused"_a = false,
      "Gradients of the outputs' sum with respect to each input, as a list.\n\n"
      "create_graph: they are on the tape themselves. allow_unused: None where no output depends on an input.");
  m.def(
      "backward",
      [](const nb::object& outputs, const nb::object& gradients, bool retain_graph) {
        const std::vector<Tensor> from = listed(outputs), with = listed(gradients);
        const nb::gil_scoped_release others;
        backward(from, with, retain_graph);
      },
      "outputs"_a, "gradients"_a = nb::none(), "retain_graph"_a = false, "Tensor.backward of several outputs at once.");
  m.def("is_grad_enabled", &grad_enabled, "Whether ops are recorded on this thread.");
  m.def(
      "_set_mode",
      [](std::string_view name, bool on) {
        bool& mode = name == "grad"        ? detail::modes.grad
                     : name == "reference" ? detail::modes.reference
                                           : detail::modes.anomaly;
        return std::exchange(mode, on);
      },
      "name"_a, "on"_a, "Sets a mode of this thread and returns what it was.");
  nb::class_<OpenSharing>(m, "_Sharing").def(nb::init<>()).def("close", &OpenSharing::close);
  const auto check = [](bool second) {
    return [second](const nb::object& f, const nb::object& inputs, double rtol, double atol, double step) {
      const GradcheckOptions options{.rtol = rtol, .atol = atol, .step = step};
      const GradcheckResult result =
          second ? gradgradcheck(wrapped(f), listed(inputs), options) : gradcheck(wrapped(f), listed(inputs), options);
      if (!result.ok) throw AutogradError(result.message);
      return true;
    };
  };
  m.def("gradcheck", check(false), "f"_a, "inputs"_a, "rtol"_a = 1e-5, "atol"_a = 1e-7, "step"_a = 1e-5,
        "Compares the gradients of f at f64 inputs with differences; AutogradError says where they differ.");
  m.def("gradgradcheck", check(true), "f"_a, "inputs"_a, "rtol"_a = 1e-4, "atol"_a = 1e-6, "step"_a = 1e-5,
        "The same for second derivatives.");
  bind_estimators(m);
}

}  // namespace fovea::python
