// Global and local attention after the decoder's step, with input feeding. Luong, Pham, Manning 2015, "Effective
// Approaches to Attention-based Neural Machine Translation", arXiv 1508.04025.
//
//   h̄_s = encoder's states of the last layer                                     (1)
//   h_t = f([E_y y_{t-1} ; h̃_{t-1}], h_{t-1}),   h̃_0 = 0, h_0 = the encoder's last states      (2)
//   a_t = align(score(h_t, h̄_s))                with the state after the step    (3)
//   c_t = Σ_s a_t(s) h̄_s                                                         (4)
//   h̃_t = tanh(W_c [c_t ; h_t])                                                  (5)
//   p(y_t) = softmax(W_s h̃_t + b_s)                                              (6)
//
//   symbol   shape        meaning
//   h̄_s      [B, T, H]    keys and values
//   h_t      [B, U, H]    decoder's states, LSTM or GRU, as deep as the encoder
//   a_t      [B, U, T]    weights; reported to a WeightCollector, step by step
//   h̃_t      [B, U, H]    attentional state
//   W_c      [H, 2H]      no bias;  W_s [V, H]
//   E_y      [V, D]       target embedding, N(0, 1) at the start; the source's E_x alike
//
// Without input feeding (2) hears the token alone, and all steps run at once. Global: any score with soft; local:
// local-m, local-p. Errors: those of recurrent_model.h.
#pragma once

#include <fovea/layers/embedding.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/seq2seq/recurrent_model.h>

namespace fovea {

struct LuongOptions {
  int64_t source_vocabulary;
  int64_t target_vocabulary = 0;  // 0: the source's
  int64_t embedding = 64;         // D
  int64_t hidden = 64;            // H
  int64_t layers = 1;
  Recurrent::Kind cell = Recurrent::Kind::lstm;
  AttentionChoice attention = {.score = "general"};
  bool input_feeding = true;
};

class LuongModel final : public RecurrentModel {
 public:
  explicit LuongModel(const LuongOptions& options, Generator& generator = default_generator());
  void members(Members& m) override;
  DecoderState begin(const Tensor& source, const Tensor& lengths) const override;
  Taught step(const Tensor& last, DecoderState& state, Generator& generator) const override;

  Embedding source_embedding, target_embedding;  // E_x, E_y
  Recurrent encoder;                             // (1)
  DecoderStack decoder_stack;                    // f
  AnyAttention attention;
  Linear combine;  // W_c
  Linear output;   // W_s, b_s

 private:
  Taught all(const Tensor& heard, DecoderState& state, Generator& generator) const override;
  // What tokens say to the gates of (2).
  Tensor gates_of(const Tensor& ids) const;
  // (2) to (5): h̃_t [B, H], which the state keeps to be fed.
  Tensor attend(const Tensor& gates, DecoderState& state, Generator& generator, AnyOutcome& alignment) const;

  LuongOptions options_;
};

}  // namespace fovea
