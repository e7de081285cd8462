#include "examples/translate/models.h"

#include <fovea/layers/seq2seq/encoder_decoder.h>
#include <fovea/layers/seq2seq/luong.h>
#include <fovea/layers/seq2seq/rnn_search.h>
#include <fovea/layers/transformer/transformer.h>

namespace fovea::examples {

std::unique_ptr<SequenceModel> make_model(const ModelOptions& o, int64_t source_words, int64_t target_words,
                                          Generator& generator) {
  if (o.name == "encoder-decoder")
    return std::make_unique<EncoderDecoder>(EncoderDecoderOptions{.source_vocabulary = source_words,
                                                                  .target_vocabulary = target_words,
                                                                  .embed_dim = o.embedding,
                                                                  .hidden_size = o.hidden},
                                            generator);
  if (o.name == "rnnsearch")
    return std::make_unique<RnnSearch>(RnnSearchOptions{.source_vocabulary = source_words,
                                                        .target_vocabulary = target_words,
                                                        .embed_dim = o.embedding,
                                                        .hidden_size = o.hidden},
                                       generator);
  if (o.name == "luong")
    return std::make_unique<LuongModel>(LuongOptions{.source_vocabulary = source_words,
                                                     .target_vocabulary = target_words,
                                                     .embed_dim = o.embedding,
                                                     .hidden_size = o.hidden},
                                        generator);
  if (o.name == "transformer")
    return std::make_unique<TransformerModel>(TransformerModelOptions{.transformer = {.embed_dim = o.hidden,
                                                                                      .heads = o.heads,
                                                                                      .feed_forward = 4 * o.hidden,
                                                                                      .layers = o.layers,
                                                                                      .dropout = o.dropout,
                                                                                      .norm_first = true},
                                                                      .source_vocabulary = source_words,
                                                                      .target_vocabulary = target_words,
                                                                      .tied = false},
                                              generator);
  throw ValueError("model \"" + o.name + "\" is unknown; choose encoder-decoder, rnnsearch, luong or transformer");
}

}  // namespace fovea::examples
