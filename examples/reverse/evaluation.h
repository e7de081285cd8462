// How right a model is on fresh strings that it answers on its own, and where it looks while it does.
#pragma once

#include <fovea/layers/seq2seq/sequence_model.h>

#include <filesystem>
#include <string>

#include "examples/reverse/task.h"

namespace fovea::examples {

struct Rightness {
  double exact_percent = 0;      // whole strings, end included
  double alignment_percent = 0;  // of the weight while letters are said, on the letters they come from; NaN: no weights
};

// `count` fresh strings of one length, answered greedily. The weights are those of the model's own answers.
Rightness evaluate(const SequenceModel& model, const LetterTask& task, int64_t length, int64_t count,
                   Generator generator);

// What a model that heard `heard` attended to, [B, U, T]: the attention of a recurrent model, the mean over the heads
// of a Transformer's last; undefined for a model without. name_paths has to have named the model.
Tensor weights_of(const SequenceModel& model, const Tensor& source, const Tensor& heard);

// One string as a heatmap, letters on both axes: attention.png, and in the terminal unless quiet.
void show_attention(const SequenceModel& model, const LetterTask& task, int64_t length, Generator generator,
                    const std::filesystem::path& folder, bool quiet);

}  // namespace fovea::examples
