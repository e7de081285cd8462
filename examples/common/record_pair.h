// A pair of texts, recorded: the model is given the target, word by word, and what it would say at each stands beside.
#pragma once

#include <fovea/autograd/ops.h>
#include <fovea/optim/training/text/tokens.h>
#include <fovea/optim/training/text/translator.h>

#include "examples/common/record.h"

namespace fovea::examples {

inline void record_pair(Recorder& recorder, const text::Translator& translator, const text::Pair& pair) {
  const text::PairBatch batch = translator.batch({pair});
  const auto words = [](const Tensor& ids, const text::Vocabulary& vocabulary) {
    RecordedWords found;
    for (int64_t t = 0; t < ids.size(1); ++t) found.push_back(vocabulary.word(ids.at<int64_t>({0, t})));
    return found;
  };
  const RecordedSample sample{.title = text::sentence_of(pair.source),
                              .texts = {{"source", words(batch.source, translator.source())},
                                        {"target", words(batch.targets, translator.target())}},
                              .queries = "target",
                              .keys = "source"};
  recorder.sample(sample, [&](Recorded& seen) {
    const Tensor logits = translator.logits(batch);
    seen.text("answer", words(argmax(logits.detach(), -1), translator.target()));
    return text::token_loss(logits, batch.targets).loss;
  });
}

}  // namespace fovea::examples
