// Ops as Python functions and as methods of Tensor.
// Written by ./dev ops from autograd/ops.h; edit that.
#include <nanobind/stl/tuple.h>

#include <cstdint>

#include "common.h"

namespace fovea::python {

void bind_ops_layers(nb::module_& m, [[maybe_unused]] nb::class_<Tensor>& t) {
  m.def(
      "linear",
      [](const Tensor& x, const Tensor& weight, const Tensor* bias) -> Tensor {
        const Released others(x, weight, bias);
        return fovea::linear(x, weight, given(bias));
      },
      "x"_a, "weight"_a, "bias"_a = nb::none(), "Weight [out, in], bias [out].\n\ny = x W^T + b");
  m.def(
      "embedding",
      [](const Tensor& table, const Tensor& ids, int64_t padding_id) -> Tensor {
        const Released others(table, ids);
        return fovea::embedding(table, ids, padding_id);
      },
      "table"_a, "ids"_a, "padding_id"_a = -1, "Padding row: no gradient.\n\ny[.., :] = table[ids[..], :]");
  m.def(
      "layer_norm",
      [](const Tensor& x, const Tensor* weight, const Tensor* bias, double eps) -> Tensor {
        const Released others(x, weight, bias);
        return fovea::layer_norm(x, given(weight), given(bias), eps);
      },
      "x"_a, "weight"_a.none(), "bias"_a.none(), "eps"_a = 1e-5,
      "Over the last dimension.\n\ny = (x - mean x) / sqrt(var x + eps) weight + bias");
  m.def(
      "rms_norm",
      [](const Tensor& x, const Tensor* weight, std::optional<double> eps) -> Tensor {
        const Released others(x, weight);
        return fovea::rms_norm(x, given(weight), eps);
      },
      "x"_a, "weight"_a = nb::none(), "eps"_a = nb::none(),
      "Over the last dimension; weight [D] or undefined, eps as in PyTorch: what the type can tell from 1.\n\ny = x / "
      "sqrt(mean x^2 + eps) weight");
  m.def(
      "group_norm",
      [](const Tensor& x, int64_t num_groups, const Tensor* weight, const Tensor* bias, double eps) -> Tensor {
        const Released others(x, weight, bias);
        return fovea::group_norm(x, num_groups, given(weight), given(bias), eps);
      },
      "x"_a, "num_groups"_a, "weight"_a = nb::none(), "bias"_a = nb::none(), "eps"_a = 1e-5,
      "X [N, C, ...] over each group of channels; weight, bias [C] or undefined.\n\ny = layer_norm of each group of "
      "channels, then weight and bias of each channel");
  m.def(
      "dropout",
      [](const Tensor& x, double probability, Generator* generator) -> Tensor {
        const Released others(x);
        return fovea::dropout(x, probability, generator != nullptr ? *generator : default_generator());
      },
      "x"_a, "probability"_a, "generator"_a = nb::none(),
      "What stays is scaled by 1 / (1 - p).\n\ny = x keep / (1 - p)");
  m.def(
      "normalize",
      [](const Tensor& x, int64_t dim, std::optional<double> eps) -> Tensor {
        const Released others(x);
        return fovea::normalize(x, dim, eps);
      },
      "x"_a, "dim"_a, "eps"_a = nb::none(),
      "X / |x| along dim, for any length that is not 0; 0 and its gradient are 0. With eps PyTorch's x / max(|x|, "
      "eps).\n\ny = x / |x|");
  m.def(
      "cosine_similarity",
      [](const Tensor& a, const Tensor& b, int64_t dim, std::optional<double> eps) -> Tensor {
        const Released others(a, b);
        return fovea::cosine_similarity(a, b, dim, eps);
      },
      "a"_a, "b"_a, "dim"_a, "eps"_a = nb::none(),
      "A.b / (|a| |b|) along dim, for any lengths; 0 where one is 0. With eps PyTorch's a.b / (max(|a|, eps) max(|b|, "
      "eps)).\n\ny = a.b / (|a| |b|)");
  m.def(
      "circular_convolution",
      [](const Tensor& w, const Tensor& s) -> Tensor {
        const Released others(w, s);
        return fovea::circular_convolution(w, s);
      },
      "w"_a, "s"_a,
      "W [..., N], s [..., 2S+1] for shifts -S to S (NTM, equation 8).\n\ny(i) = sum_j s(j) w((i - j) mod N)");
  m.def(
      "cross_entropy",
      [](const Tensor& logits, const Tensor& target, int64_t ignore_index, double label_smoothing,
         Reduction reduction) -> Tensor {
        const Released others(logits, target);
        return fovea::cross_entropy(
            logits, target,
            CrossEntropyOptions{
                .ignore_index = ignore_index, .label_smoothing = label_smoothing, .reduction = reduction});
      },
      "logits"_a, "target"_a, "ignore_index"_a = -100, "label_smoothing"_a = 0, "reduction"_a = "mean",
      "Logits [..., C]; target ids i64 [...] or probabilities [..., C].\n\ny = -sum_c q_c log_softmax(x)_c");
  m.def(
      "nll_loss",
      [](const Tensor& log_probabilities, const Tensor& target, int64_t ignore_index, double label_smoothing,
         Reduction reduction) -> Tensor {
        const Released others(log_probabilities, target);
        return fovea::nll_loss(
            log_probabilities, target,
            CrossEntropyOptions{
                .ignore_index = ignore_index, .label_smoothing = label_smoothing, .reduction = reduction});
      },
      "log_probabilities"_a, "target"_a, "ignore_index"_a = -100, "label_smoothing"_a = 0, "reduction"_a = "mean",
      "The same, from log-probabilities [..., C].\n\ny = -sum_c q_c x_c");
  m.def(
      "binary_cross_entropy_with_logits",
      [](const Tensor& logits, const Tensor& target, Reduction reduction) -> Tensor {
        const Released others(logits, target);
        return fovea::binary_cross_entropy_with_logits(logits, target, reduction);
      },
      "logits"_a, "target"_a, "reduction"_a = "mean",
      "Targets in [0, 1], logits of the same shape.\n\ny = max(x, 0) - x t + ln(1 + e^-|x|)");
  m.def(
      "binary_cross_entropy",
      [](const Tensor& probabilities, const Tensor& target, Reduction reduction) -> Tensor {
        const Released others(probabilities, target);
        return fovea::binary_cross_entropy(probabilities, target, reduction);
      },
      "probabilities"_a, "target"_a, "reduction"_a = "mean",
      "Of probabilities, whose logarithms count as -100 at least; targets in [0, 1].\n\ny = -t ln p - (1 - t) ln(1 - "
      "p)");
  m.def(
      "kl_div",
      [](const Tensor& log_probabilities, const Tensor& target, Reduction reduction, bool log_target) -> Tensor {
        const Released others(log_probabilities, target);
        return fovea::kl_div(log_probabilities, target, reduction, log_target);
      },
      "log_probabilities"_a, "target"_a, "reduction"_a = "mean", "log_target"_a = false,
      "Of log-probabilities from target probabilities, or their logarithms.\n\ny = t (ln t - x)");
  m.def(
      "l1_loss",
      [](const Tensor& x, const Tensor& target, Reduction reduction) -> Tensor {
        const Released others(x, target);
        return fovea::l1_loss(x, target, reduction);
      },
      "x"_a, "target"_a, "reduction"_a = "mean", "Absolute error.\n\ny = |x - t|");
  m.def(
      "mse_loss",
      [](const Tensor& x, const Tensor& target, Reduction reduction) -> Tensor {
        const Released others(x, target);
        return fovea::mse_loss(x, target, reduction);
      },
      "x"_a, "target"_a, "reduction"_a = "mean", "Squared error.\n\ny = (x - t)^2");
  m.def(
      "huber_loss",
      [](const Tensor& x, const Tensor& target, double delta, Reduction reduction) -> Tensor {
        const Released others(x, target);
        return fovea::huber_loss(x, target, delta, reduction);
      },
      "x"_a, "target"_a, "delta"_a = 1, "reduction"_a = "mean",
      "Squared error below delta, absolute error above.\n\ny = d^2/2 if d = |x - t| <= delta else delta (d - delta/2)");
}

}  // namespace fovea::python
