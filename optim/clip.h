// Clipping gradients, in place, between backward() and step().
//
//   by norm:   total = √Σ‖g‖² over all parameters;  g = g · min(1, max_norm / (total + 1e-6))
//   by value:  g = min(max(g, -limit), limit), component by component
//
// Parameters without a gradient are passed over. A gradient that holds NaN or inf is no direction: both throw before
// anything is changed, so a training loop may catch it, count it and leave out the step.
// The norm is summed in f64 and does not overflow where it can be represented itself.
// Errors: AutogradError naming the first parameter with such a gradient; ValueError for a bound that is not positive.
#pragma once

#include <fovea/core/tensor.h>

#include <span>

namespace fovea {

// Returns the total norm before clipping. An infinite max_norm only measures.
double clip_grad_norm_(std::span<const Tensor> parameters, double max_norm);
void clip_grad_value_(std::span<const Tensor> parameters, double limit);

}  // namespace fovea
