// The members of Tensor that need the tape.
#include <fmt/format.h>
#include <fovea/autograd/backward.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/node.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>

namespace fovea {

bool Tensor::is_leaf() const { return !requires_grad() || detail::node_of(*this)->is_leaf; }

const Tensor& Tensor::requires_grad_(bool on) const {
  if (on == requires_grad()) return *this;
  if (!is_leaf())
    throw AutogradError(
        fmt::format("requires_grad_: {} was computed by {}; only a leaf can be taken off the tape, use detach()",
                    describe(*this), detail::node_of(*this)->name));
  if (on && !is_floating(dtype()))
    throw DTypeError(
        fmt::format("requires_grad_: {} is not floating; only f32 and f64 have gradients", describe(*this)));
  impl_->slot = on ? detail::Ref<detail::TapeSlot>::adopt(new detail::Leaf(*impl_)) : detail::Ref<detail::TapeSlot>();
  impl_->output_index = 0;
  return *this;
}

Tensor Tensor::grad() const {
  if (!defined() || !requires_grad() || !is_leaf()) return Tensor();
  return static_cast<detail::Leaf*>(detail::node_of(*this))->grad;
}

void Tensor::set_grad(const Tensor& gradient) const {
  if (!requires_grad() || !is_leaf())
    throw AutogradError(fmt::format("set_grad: {} is not a leaf that requires gradients", describe(*this)));
  if (gradient.defined() && !(gradient.shape() == shape() && gradient.dtype() == dtype()))
    throw ShapeError(
        fmt::format("set_grad: gradient {} for {}; need the same shape and type", describe(gradient), describe(*this)));
  // Off the tape: a gradient's own graph may lead back to this leaf, and a circle is never freed.
  static_cast<detail::Leaf*>(detail::node_of(*this))->grad =
      gradient.defined() && gradient.requires_grad() ? gradient.detach() : gradient;
}

Tensor Tensor::detach() const {
  return Tensor(detail::Ref<detail::TensorImpl>::adopt(new detail::TensorImpl(known())));
}

void Tensor::backward(const Tensor& gradient, bool retain_graph) const {
  fovea::backward({this, 1}, {&gradient, 1}, retain_graph);
}

void Tensor::operator=(const Tensor& source) && {
  if (grad_enabled() && source.defined() && source.requires_grad())
    throw AutogradError(fmt::format(
        "=: {} is on the tape, which cannot record a write into a part of {}; join the parts with cat, stack "
        "or where, or write under NoGrad",
        describe(source), describe(*this)));
  copy_(source);
}

void Tensor::require_untaped(const char* op) const {
  if (grad_enabled() && requires_grad())
    throw AutogradError(
        fmt::format("{}: {} is on the tape; write out of place, on detach(), or under NoGrad", op, describe(*this)));
}

namespace {

void require_same_form(const char* op, const Tensor& a, const Tensor& result) {
  if (result.shape() == a.shape() && result.dtype() == a.dtype()) return;
  throw ShapeError(fmt::format("{}: the result is {}, but {} keeps its shape; write it out: a = a {} b", op,
                               describe(result), describe(a), op[0]));
}

}  // namespace

Tensor& detail::assign(const char* op, Tensor& a, const Tensor& result) {
  require_same_form(op, a, result);
  if (!result.requires_grad()) {
    a.copy_(result);
    return a;
  }
  if (a.requires_grad() && a.is_leaf())
    throw AutogradError(
        fmt::format("{}: {} is a leaf that requires a gradient; write it under NoGrad, or out of place: a = a {} b", op,
                    describe(a), op[0]));
  return a = result;
}

void detail::assign_part(const char* op, const Tensor& a, const Tensor& result) {
  require_same_form(op, a, result);
  if (result.requires_grad())
    throw AutogradError(
        fmt::format("{}: {} is a part of another tensor, and the tape cannot record a write into it; "
                    "write it out of place, or under NoGrad",
                    op, describe(a)));
  a.copy_(result);
}

}  // namespace fovea
