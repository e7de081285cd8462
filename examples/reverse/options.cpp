#include "examples/reverse/options.h"

#include <algorithm>

namespace fovea::examples {
std::unique_ptr<SequenceModel> make_model(const Options& o, const std::string& name, int64_t vocabulary,
                                          Generator& generator) {
  const int64_t max_length =
      std::max({int64_t{256}, o.length, *std::max_element(o.test_lengths.begin(), o.test_lengths.end())});
  const AttentionChoice attention{
      .score = o.score, .align = o.align, .width = o.hidden, .max_length = max_length, .half_width = o.window};
  const bool one_size = needs_one_size(o.score);
  if (name == "rnnsearch" && one_size && o.hidden % 2 != 0)
    throw ValueError("--hidden is " + std::to_string(o.hidden) + "; the score " + o.score + " needs it to be even");
  SequenceModelOptions model;
  model.sizes(vocabulary, 0, o.embedding, o.hidden);
  model.rnnsearch.cell = model.luong.cell = model.encoder_decoder.cell = o.cell;
  model.rnnsearch.attention = model.luong.attention = attention;
  model.rnnsearch.encoder_size = one_size ? o.hidden / 2 : o.encoder;
  model.rnnsearch.read_embeddings = o.embeddings;
  model.luong.input_feeding = o.feeding;
  model.luong.layers = model.encoder_decoder.layers = model.transformer.transformer.layers = o.layers;
  model.transformer.transformer.heads = 4;
  model.transformer.transformer.dropout = 0;
  return make_sequence_model(name, model, generator);
}

}  // namespace fovea::examples
