// The models from sequence to sequence that --model names, all behind one interface.
//   rnnsearch         Bahdanau's: both directions over the source, additive attention
//   luong             Luong's: attention after the step, general score, input feeding
//   encoder-decoder   the source pressed into one state
//   transformer       Vaswani's: attention alone, pre-norm
#pragma once

#include <fovea/layers/seq2seq/encoder_decoder.h>
#include <fovea/layers/seq2seq/luong.h>
#include <fovea/layers/seq2seq/rnn_search.h>
#include <fovea/layers/transformer/transformer.h>

namespace fovea::examples {

struct SequenceModelOptions {
  RnnSearchOptions rnnsearch{.source_vocabulary = 0};
  LuongOptions luong{.source_vocabulary = 0};
  EncoderDecoderOptions encoder_decoder{.source_vocabulary = 0};
  TransformerModelOptions transformer{.source_vocabulary = 0};

  // What all have; the transformer's D is the hidden size.
  void sizes(int64_t source_vocabulary, int64_t target_vocabulary, int64_t embedding, int64_t hidden) {
    const auto set = [&](auto& o) {
      o.source_vocabulary = source_vocabulary, o.target_vocabulary = target_vocabulary;
      if constexpr (requires { o.embed_dim; }) o.embed_dim = embedding, o.hidden_size = hidden;
    };
    set(rnnsearch), set(luong), set(encoder_decoder), set(transformer);
    transformer.transformer.embed_dim = hidden;
    transformer.transformer.feed_forward = 4 * hidden;
    transformer.transformer.norm_first = true;
  }
};

inline const std::vector<std::string>& sequence_models() {
  static const std::vector<std::string> names{"rnnsearch", "luong", "encoder-decoder", "transformer"};
  return names;
}

inline std::unique_ptr<SequenceModel> make_sequence_model(std::string_view name, const SequenceModelOptions& o,
                                                          Generator& generator) {
  if (name == "rnnsearch") return std::make_unique<RnnSearch>(o.rnnsearch, generator);
  if (name == "luong") return std::make_unique<LuongModel>(o.luong, generator);
  if (name == "encoder-decoder") return std::make_unique<EncoderDecoder>(o.encoder_decoder, generator);
  if (name == "transformer") return std::make_unique<TransformerModel>(o.transformer, generator);
  throw ValueError("no model is called \"" + std::string(name) + "\"");
}

}  // namespace fovea::examples
