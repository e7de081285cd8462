// A decoder-only Transformer: a language model. Radford et al. 2018, "Improving Language Understanding by Generative
// Pre-Training"; the layers are those of encoder.h, causal.
//
//   x = E[ids] √D + PE                                                           (1)
//   h = layers(x), position t seeing the positions up to t                       (2)
//   logits = h Eᵀ, or h Uᵀ where the tables are not tied                         (3)
//
// Shapes: ids i64 [B, T] -> logits [B, T, V]; logits[:, t] predicts what follows ids[:, ..t]. With caches (one a layer)
// a call adds positions to those before; `generate` draws with decoding/search.h, and each new id costs one position.
// Errors: those of the parts; ValueError.
#pragma once

#include <fovea/layers/transformer/encoder.h>
#include <fovea/layers/transformer/positions.h>

namespace fovea {

struct LanguageModelOptions {
  TransformerOptions transformer = {.norm_first = true};
  int64_t vocabulary;
  Positions positions = Positions::learned;
  int64_t max_length = 512;  // of learned positions
  bool tied = true;
};

struct GenerateOptions {
  int64_t count = 100;     // ids to add
  double temperature = 1;  // 0: always the most probable
  int64_t top_k = 0;       // draw from the k most probable; 0: from all
  int64_t end = -1;        // stop when every row has ended with it; -1: never
  Generator& generator = default_generator();
};

class TransformerLanguageModel final : public Module {
 public:
  explicit TransformerLanguageModel(const LanguageModelOptions& options, Generator& generator = default_generator());
  void members(Members& m) override {
    m("embedding", embedding)("output", output)("positions", positions_)("dropout", dropout_)("decoder", decoder);
  }

  Tensor operator()(const Tensor& ids, std::vector<KeyValueCache>* caches = nullptr,
                    Generator& generator = default_generator()) const {
    const int64_t offset = caches != nullptr && !caches->empty() ? caches->front().length() : 0;
    const Tensor x =
        dropout_(positions_(fovea::embedding(embedding, ids) * scale_, offset), generator);  // (1) [B, T, D]
    const Tensor h = decoder(x, {.causal = true, .generator = generator}, caches);           // (2) [B, T, D]
    return linear(h, output);                                                                // (3) [B, T, V]
  }
  // What follows the prompt i64 [B, T], T >= 1: i64 [B, <= count].
  Tensor generate(const Tensor& prompt, const GenerateOptions& options) const;

  Parameter embedding, output;  // E, U
  TransformerEncoder decoder;

 private:
  PositionalEncoding positions_;
  Dropout dropout_;
  double scale_;  // √D
};

}  // namespace fovea
