// The model that the command line asks for.
#pragma once

#include <fovea/layers/seq2seq/sequence_model.h>

#include <memory>
#include <string>

namespace fovea::examples {

struct ModelOptions {
  std::string model = "rnnsearch";  // encoder-decoder, rnnsearch, luong, transformer
  std::string score = "additive";   // one of score_names()
  std::string align = "soft";       // one of align_names()
  std::string cell = "gru";         // gru, lstm
  int64_t hidden = 64, embedding = 64, layers = 1;
  int64_t encoder = 0;     // states of rnnsearch's encoder in each direction; 0: as hidden
  double window = 10;      // D of the local alignments
  bool embeddings = true;  // rnnsearch reads the source's embeddings
  bool feeding = true;     // input feeding of luong
  int64_t longest = 256;   // source that location can look at
};

// Errors: ValueError for what does not go together.
std::unique_ptr<SequenceModel> make_model(const ModelOptions& options, int64_t vocabulary, Generator& generator);

}  // namespace fovea::examples
