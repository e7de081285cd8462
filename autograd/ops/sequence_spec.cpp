#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/sequence_spec.h>

namespace fovea::detail {

OpSample sequence_sample(SampleMaker& make, int64_t gates, int states, const SequenceCall& call,
                         const SequenceSample& sample) {
  const int64_t B = sample.x[0], I = sample.x[2], H = sample.hidden, G = gates * H;
  std::vector<Tensor> inputs{make.uniform(sample.x, -1, 1), make.uniform({G, I}, -1, 1), make.uniform({G, H}, -1, 1)};
  for (int i = 0; i < 2 && sample.biased; ++i) inputs.push_back(make.uniform({G}, -1, 1));
  for (int i = 0; i < states; ++i) inputs.push_back(make.uniform({B, H}, -1, 1));
  const bool has_lengths = !sample.lengths.empty();
  if (has_lengths) inputs.push_back(from(sample.lengths, {B}));
  const auto joined = [=, biased = sample.biased, reverse = sample.reverse](std::vector<Tensor> at) {
    SequenceOptions options{.reverse = reverse, .lengths = has_lengths ? at.back() : Tensor()};
    if (has_lengths) at.pop_back();
    if (!biased) at.insert(at.begin() + kBiasIh, 2, Tensor());
    std::vector<Tensor> parts;
    for (const Tensor& y : call(at, options)) parts.push_back(flatten(y));
    return cat(parts, 0);
  };
  return {sample.label, inputs, joined};
}

std::vector<OpSample> sequence_samples(SampleMaker& make, int64_t gates, int states, const SequenceCall& call) {
  std::vector<OpSample> samples;
  for (const SequenceSample& sample :
       {SequenceSample{"forward", {2, 3, 2}, 2},
        SequenceSample{.label = "backward", .x = {2, 3, 2}, .hidden = 2, .reverse = true},
        SequenceSample{"no bias", {2, 2, 3}, 2, false}, SequenceSample{"lengths", {3, 3, 2}, 2, true, {3, 1, 2}},
        SequenceSample{"lengths backward", {3, 3, 2}, 2, true, {2, 0, 3}, true},
        SequenceSample{"only padding", {1, 2, 1}, 1, true, {0}}, SequenceSample{"size-1", {1, 1, 1}, 1},
        SequenceSample{"more than a block and a vector", {9, 2, 3}, 17}, SequenceSample{"no steps", {2, 0, 2}, 2},
        SequenceSample{"empty batch", {0, 2, 2}, 2}})
    samples.push_back(sequence_sample(make, gates, states, call, sample));
  return samples;
}

}  // namespace fovea::detail
