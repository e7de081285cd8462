// How right a model is on fresh strings that it answers on its own, and where it looks while it does.
#pragma once

#include <fovea/layers/seq2seq/sequence_model.h>

#include "examples/common/picture.h"
#include "examples/reverse/task.h"

namespace fovea::examples {

struct Rightness {
  double exact_percent = 0;      // whole strings, end included
  double alignment_percent = 0;  // of the weight while letters are given, on those they come from; NaN: no weights
};

// `count` fresh strings of one length, answered greedily. The weights are those of the model's own answers: the
// attention of a recurrent model, the mean over the heads of a Transformer's last.
Rightness evaluate(const SequenceModel& model, const LetterTask& task, int64_t length, int64_t count,
                   Generator generator);

// One string, letters on both axes, in the terminal too unless quiet; nothing for a model without attention.
std::optional<HeatmapPicture> show_attention(const SequenceModel& model, const LetterTask& task, int64_t length,
                                             Generator generator, bool quiet);

}  // namespace fovea::examples
