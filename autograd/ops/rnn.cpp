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

}  // namespace fovea
