// The models that --model names, all behind one interface.
//   encoder-decoder   GRU to GRU, the source pressed into one state
//   rnnsearch         Bahdanau's: both directions over the source, additive attention
//   luong             Luong's: attention after the step, general score, input feeding
//   transformer       Vaswani's: attention alone, pre-norm
#pragma once

#include <fovea/layers/seq2seq/sequence_model.h>

#include <memory>
#include <string>

namespace fovea::examples {

struct ModelOptions {
  std::string name = "rnnsearch";
  int64_t embedding = 128;  // of the recurrent models
  int64_t hidden = 128;     // D of the transformer
  int64_t heads = 4, layers = 2;
  double dropout = 0.1;  // these three are the transformer's
};

std::unique_ptr<SequenceModel> make_model(const ModelOptions& options, int64_t source_words, int64_t target_words,
                                          Generator& generator);

}  // namespace fovea::examples
