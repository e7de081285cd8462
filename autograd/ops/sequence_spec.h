// Samples of the sequence ops, shared by the specs of rnn, gru and lstm.
#pragma once

#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops/sequence.h>

#include <functional>
#include <vector>

namespace fovea::detail {

struct SequenceSample {
  const char* label;
  Shape x;
  int64_t hidden;
  bool biased = true;
  std::vector<int64_t> lengths = {};
  bool reverse = false;
};
// Returns the output and the states; inputs in the order of SequenceInput, undefined where there are none.
using SequenceCall =
    std::function<std::vector<Tensor>(const std::vector<Tensor>& inputs, const SequenceOptions& options)>;

OpSample sequence_sample(SampleMaker& make, int64_t gates, int states, const SequenceCall& call,
                         const SequenceSample& sample);
std::vector<OpSample> sequence_samples(SampleMaker& make, int64_t gates, int states, const SequenceCall& call);

}  // namespace fovea::detail
