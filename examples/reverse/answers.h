// What a model answers on its own, and where it looks while it does.
#pragma once

#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/layers/decoding/search.h>
#include <fovea/layers/seq2seq/sequence_model.h>

#include <utility>

#include "examples/common/attention_map.h"
#include "examples/reverse/task.h"

namespace fovea::examples {

// The answers alone, i64 [B, L + 1].
inline Tensor answered_ids(const SequenceModel& model, const LetterTask& task, const Tensor& source) {
  const NoGrad quiet;
  const int64_t steps = source.size(1) + 1;
  const auto decoder = model.decoder(source, {});
  const Tensor found = greedy(*decoder, {.begin = task.begin(), .end = task.end(), .max_length = steps}).ids;
  return pad(found, {0, steps - found.size(1)}, static_cast<double>(task.end()));
}

// What the model answers to each source, filled up with the end mark, i64 [B, L + 1]; and what it attended to while it
// did, [B, L + 1, L]: undefined for a model without attention.
inline std::pair<Tensor, Tensor> answers(const SequenceModel& model, const LetterTask& task, const Tensor& source) {
  const Tensor ids = answered_ids(model, task, source);
  return {ids, cross_attention([&] { model(source, {}, task.inputs_of(ids)); })};
}

}  // namespace fovea::examples
