// The plain recurrent network over a sequence: the fused op beside its plain formula.
#include <fovea/autograd/ops/sequence.h>

namespace fovea {
namespace {

using namespace detail;
using Inputs = std::vector<Tensor>;

struct Rnn {
  template <class T>
  using Tape = kernels::RnnTape<T>;
  static constexpr std::array<int64_t, 2> kTape{1, 1};
  bool relu_form = false;

  Inputs plain(const SequencePlan& plan, std::span<const Tensor> inputs) const {
    std::array<Tensor, 1> state{inputs[kHidden]};
    const Tensor projected = linear(inputs[kX], inputs[kIh], inputs[kBiasIh]);  // [B, T, H]
    const Tensor output = plain_sequence(projected, plan, state, [&](const Tensor& x, const auto& before) {
      const Tensor sum = x + linear(before[0], inputs[kHh], inputs[kBiasHh]);
      return std::array{relu_form ? relu(sum) : tanh(sum)};
    });
    return {output, state[0]};
  }
  template <class T>
  void forward(const kernels::SequenceRun<T>& run, const Tape<T>& tape) const {
    kernels::rnn_forward(run, tape, relu_form);
  }
  template <class T>
  void backward(const kernels::SequenceRun<T>& run, const Tape<T>& tape,
                const kernels::SequenceGradients<T>& gradients) const {
    kernels::rnn_backward(run, tape, relu_form, gradients);
  }
};

}  // namespace

HiddenSequence rnn_sequence(const Tensor& x, const Tensor& hidden, const RecurrentWeights& weights,
                            const SequenceOptions& options, bool relu) {
  const SequencePlan plan = plan_sequence("rnn_sequence", 1, x, weights, options);
  const Inputs y = record_sequence(Rnn{relu}, plan, plan.inputs(x, weights, hidden));
  return {y[0], y[1]};
}

namespace {

SequenceCall sample_call(bool relu_form) {
  return [relu_form](const Inputs& x, const SequenceOptions& options) {
    const RecurrentWeights weights{x[kIh], x[kHh], x[kBiasIh], x[kBiasHh]};
    const HiddenSequence y = rnn_sequence(x[kX], x[kHidden], weights, options, relu_form);
    return Inputs{y.output, y.hidden};
  };
}

std::vector<OpSample> samples_of_rnn(SampleMaker& make) {
  std::vector<OpSample> samples = sequence_samples(make, 1, 1, sample_call(false));
  samples.push_back(sequence_sample(make, 1, 1, sample_call(true), {"relu", {2, 2, 2}, 3}));
  return samples;
}

const OpSpec rnn_sequence_spec = OpSpec::add({
    .name = "rnn_sequence",
    .formula = "h = tanh(x_t W_ihT + b_ih + h W_hhT + b_hh) for t in 1..T",
    .samples = samples_of_rnn,
    .invalid = {{"scalar",
                 [] {
                   rnn_sequence(scalar(1), {}, {ones({2, 3}), ones({2, 2}), {}, {}});
                 }},
                {"4-D",
                 [] {
                   rnn_sequence(ones({1, 2, 3, 3}), {}, {ones({2, 3}), ones({2, 2}), {}, {}});
                 }},
                {"column broadcast",
                 [] {
                   rnn_sequence(ones({2, 3, 3}), {}, {ones({2, 1}), ones({2, 2}), {}, {}});
                 }},
                {"x of rank 2",
                 [] {
                   rnn_sequence(ones({2, 3}), {}, {ones({2, 3}), ones({2, 2}), {}, {}});
                 }},
                {"weight_hh not square",
                 [] {
                   rnn_sequence(ones({2, 3, 3}), {}, {ones({2, 3}), ones({3, 2}), {}, {}});
                 }},
                {"integers",
                 [] {
                   rnn_sequence(zeros({2, 3, 3}, i64), {}, {ones({2, 3}), ones({2, 2}), {}, {}});
                 }}},
});

}  // namespace
}  // namespace fovea
