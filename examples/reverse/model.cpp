#include "examples/reverse/model.h"

#include <fovea/layers/seq2seq/encoder_decoder.h>
#include <fovea/layers/seq2seq/luong.h>
#include <fovea/layers/seq2seq/rnn_search.h>
#include <fovea/layers/transformer/transformer.h>

namespace fovea::examples {

std::unique_ptr<SequenceModel> make_model(const ModelOptions& o, int64_t vocabulary, Generator& generator) {
  const AttentionChoice attention{
      .score = o.score, .align = o.align, .width = o.hidden, .max_length = o.longest, .half_width = o.window};
  if (o.model == "encoder-decoder")
    return std::make_unique<EncoderDecoder>(EncoderDecoderOptions{.source_vocabulary = vocabulary,
                                                                  .embed_dim = o.embedding,
                                                                  .hidden_size = o.hidden,
                                                                  .layers = o.layers,
                                                                  .cell = o.cell},
                                            generator);
  if (o.model == "luong")
    return std::make_unique<LuongModel>(LuongOptions{.source_vocabulary = vocabulary,
                                                     .embed_dim = o.embedding,
                                                     .hidden_size = o.hidden,
                                                     .layers = o.layers,
                                                     .cell = o.cell,
                                                     .attention = attention,
                                                     .input_feeding = o.feeding},
                                        generator);
  if (o.model == "transformer")
    return std::make_unique<TransformerModel>(TransformerModelOptions{.transformer = {.embed_dim = o.hidden,
                                                                                      .heads = 4,
                                                                                      .feed_forward = 4 * o.hidden,
                                                                                      .layers = o.layers,
                                                                                      .dropout = 0,
                                                                                      .norm_first = true},
                                                                      .source_vocabulary = vocabulary},
                                              generator);
  if (o.model != "rnnsearch") throw ValueError("make_model: no model is called '" + o.model + "'");
  if (needs_one_size(o.score) && o.hidden % 2 != 0)
    throw ValueError("--hidden is " + std::to_string(o.hidden) + "; the score " + o.score + " needs it to be even");
  return std::make_unique<RnnSearch>(
      RnnSearchOptions{.source_vocabulary = vocabulary,
                       .embed_dim = o.embedding,
                       .encoder_size = needs_one_size(o.score) ? o.hidden / 2 : o.encoder,
                       .hidden_size = o.hidden,
                       .cell = o.cell,
                       .attention = attention,
                       .read_embeddings = o.embeddings},
      generator);
}

}  // namespace fovea::examples
