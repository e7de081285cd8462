// The op specs of rnn.cpp.
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/sequence_spec.h>

namespace fovea {
namespace {

using namespace detail;
using Inputs = std::vector<Tensor>;

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
