// The op specs of loss.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

#include <cmath>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;
using ClassLoss = Tensor (*)(const Tensor&, const Tensor&, const CrossEntropyOptions&);

std::vector<OpSample> class_samples(SampleMaker& make, ClassLoss f) {
  std::vector<OpSample> samples;
  const auto with_ids = [&](std::string label, const Shape& shape, const CrossEntropyOptions& options) {
    Shape rows = shape;
    rows.erase(shape.rank() - 1);
    samples.push_back({std::move(label),
                       {make.uniform(shape, -2, 2), make.ids(rows, shape.back())},
                       [=](const Inputs& x) { return f(x[0], x[1], options); }});
  };
  const auto with_probabilities = [&](std::string label, const Shape& shape, const CrossEntropyOptions& options) {
    samples.push_back({std::move(label),
                       {make.uniform(shape, -2, 2), make.uniform(shape, 0, 0.5)},
                       [=](const Inputs& x) { return f(x[0], x[1], options); }});
  };
  with_ids("one row", {5}, {});
  with_ids("whole vectors", {2, 64}, {});
  with_ids("rows", {3, 19}, {});
  with_ids("4-D", {2, 1, 3, 4}, {});
  with_ids("one class", {3, 1}, {});
  with_ids("no rows", {0, 4}, {});
  with_ids("one class ignored", {6, 3}, {.ignore_index = 1});
  for (const Reduction reduction : {Reduction::none, Reduction::sum, Reduction::mean}) {
    const std::string which = " reduction " + std::to_string(static_cast<int>(reduction));
    with_ids("smoothed and ignored," + which, {4, 5},
             {.ignore_index = 2, .label_smoothing = 0.2, .reduction = reduction});
    with_probabilities("probabilities," + which, {3, 4}, {.label_smoothing = 0.1, .reduction = reduction});
  }
  with_probabilities("probabilities of 3-D", {2, 2, 3}, {});
  samples.push_back({"all ignored", {make.uniform({2, 3}, -2, 2), full({2}, -100, i64)}, [f](const Inputs& x) {
                       return f(x[0], x[1], {});
                     }});
  samples.push_back({"transposed", {make.uniform({4, 3}, -2, 2), make.ids({3}, 4)}, [f](const Inputs& x) {
                       return f(transpose(x[0], 0, 1), x[1], {});
                     }});
  samples.push_back({"stride 0", {make.uniform({1, 4}, -2, 2), make.ids({3}, 4)}, [f](const Inputs& x) {
                       return f(expand(x[0], {3, 4}), x[1], {});
                     }});
  return samples;
}

OpSpec class_spec(std::string name, std::string formula, ClassLoss f) {
  OpSpec spec;
  spec.name = std::move(name);
  spec.formula = std::move(formula);
  spec.samples = [f](SampleMaker& make) { return class_samples(make, f); };
  const auto call = [f](const Tensor& x, const Tensor& target, double smoothing = 0) {
    return [=] { f(x, target, {.label_smoothing = smoothing}); };
  };
  spec.invalid = {{"id too large", call(ones({2, 3}), full({2}, 3, i64))},
                  {"negative id", call(ones({2, 3}), full({2}, -1, i64))},
                  {"ids of another shape", call(ones({2, 3}), zeros({3}, i64))},
                  {"probabilities of another shape", call(ones({2, 3}), ones({2}))},
                  {"probabilities of another type", call(ones({2, 3}), ones({2, 3}, f64))},
                  {"bool target", call(ones({2, 3}), ones({2, 3}, boolean))},
                  {"smoothing", call(ones({2, 3}), zeros({2}, i64), 1.5)},
                  {"scalar", call(scalar(1), scalar(1))},
                  {"row broadcast", call(ones({2, 3}), ones({3}))},
                  {"column broadcast", call(ones({2, 3}), ones({2, 1}))},
                  {"i64 input", call(ones({2, 3}, i64), zeros({2}, i64))},
                  {"undefined", call(Tensor(), zeros({2}, i64))},
                  {"undefined target", call(ones({2, 3}), Tensor())}};
  return spec;
}

using PairLoss = Tensor (*)(const Tensor&, const Tensor&, Reduction);

// `sampled` is the loss over numbers of any size, `f` what must throw.
OpSpec pair_spec(std::string name, std::string formula, PairLoss f, PairLoss sampled) {
  OpSpec spec;
  spec.name = std::move(name);
  spec.formula = std::move(formula);
  spec.samples = [f = sampled](SampleMaker& make) {
    std::vector<OpSample> samples;
    for (const Reduction reduction : {Reduction::none, Reduction::sum, Reduction::mean})
      for (OpSample& sample : elementwise_samples(
               make, [=](const Inputs& x) { return f(x[0], square(x[0]) * 0.4 - 0.2, reduction); }, 1, -2, 2))
        samples.push_back(std::move(sample));
    samples.push_back({"both free", {make.uniform({3, 4}, -3, -1), make.uniform({3, 4}, 0.1, 1)}, [f](const Inputs& x) {
                         return f(x[0], x[1], Reduction::mean);
                       }});
    return samples;
  };
  spec.invalid = {{"shapes", [f] { f(ones({2}), ones({3}), Reduction::mean); }},
                  {"row broadcast",
                   [f] {
                     f(ones({2, 3}), ones({3}), Reduction::mean);
                   }},
                  {"column broadcast",
                   [f] {
                     f(ones({2, 3}), ones({2, 1}), Reduction::mean);
                   }},
                  {"types", [f] { f(ones({2}), ones({2}, f64), Reduction::mean); }},
                  {"i64", [f] { f(arange(3), arange(3), Reduction::mean); }},
                  {"undefined", [f] { f(ones({2}), Tensor(), Reduction::mean); }}};
  return spec;
}

OpSpec pair_spec(std::string name, std::string formula, PairLoss f) {
  return pair_spec(std::move(name), std::move(formula), f, f);
}

const OpSpec cross_entropy_spec =
    OpSpec::add(class_spec("cross_entropy", "y = -sum_c q_c log_softmax(x)_c", cross_entropy));
const OpSpec nll_loss_spec = OpSpec::add(class_spec("nll_loss", "y = -sum_c q_c x_c", nll_loss));
const OpSpec bce_spec = OpSpec::add(pair_spec(
    "binary_cross_entropy_with_logits", "y = max(x, 0) - x t + ln(1 + e^-|x|)", binary_cross_entropy_with_logits));
const OpSpec mse_spec = OpSpec::add(pair_spec("mse_loss", "y = (x - t)^2", mse_loss));
const OpSpec huber_spec = OpSpec::add([] {
  OpSpec spec = pair_spec("huber_loss", "y = d^2/2 if d = |x - t| <= delta else delta (d - delta/2)",
                          [](const Tensor& x, const Tensor& t, Reduction r) { return huber_loss(x, t, 0.7, r); });
  spec.invalid.push_back({"delta", [] { huber_loss(ones({2}), ones({2}), 0); }});
  return spec;
}());

const OpSpec l1_spec = OpSpec::add(pair_spec("l1_loss", "y = |x - t|", l1_loss));
// Slowly, so that none of the probabilities comes too near 0 or 1 for differences.
const OpSpec probabilities_spec = OpSpec::add([] {
  OpSpec spec = pair_spec("binary_cross_entropy", "y = -t ln p - (1 - t) ln(1 - p)", binary_cross_entropy,
                          [](const Tensor& x, const Tensor& t, Reduction r) {
                            return binary_cross_entropy(sigmoid(x * 0.05), sigmoid(t * 0.05), r);
                          });
  spec.invalid.push_back({"above 1", [] { binary_cross_entropy(full({2}, 1.5), ones({2})); }});
  spec.invalid.push_back({"below 0", [] { binary_cross_entropy(full({2}, -0.5), ones({2})); }});
  spec.invalid.push_back({"NaN", [] { binary_cross_entropy(full({2}, NAN), ones({2})); }});
  return spec;
}());
const OpSpec kl_div_spec = OpSpec::add([] {
  const PairLoss f = [](const Tensor& x, const Tensor& t, Reduction r) { return kl_div(x, t, r); };
  OpSpec spec = pair_spec("kl_div", "y = t (ln t - x)", f, [](const Tensor& x, const Tensor& t, Reduction r) {
    return kl_div(x, sigmoid(t), r) + kl_div(x, logsigmoid(t), r, true);
  });
  return spec;
}());

}  // namespace
}  // namespace fovea
