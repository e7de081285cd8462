// Encoder and decoder without attention: the source is pressed into one state. Sutskever, Vinyals, Le 2014, "Sequence
// to Sequence Learning with Neural Networks", arXiv 1409.3215; Cho et al. 2014, arXiv 1406.1078.
//
//   h_t = f(E_x x_t, h_{t-1}),   t = 1 .. T                                      (1)
//   c   = h_T;   s_0 = h_T                                                       (2)
//   s_t = g(E_y y_{t-1}, s_{t-1}),   with a constant context g([E_y y_{t-1} ; c], s_{t-1})     (3)
//   p(y_t) = softmax(W_o s_t + b_o)                                              (4)
//
//   symbol   shape        meaning
//   x, y     [B, T]  [B, U]    ids
//   E_x      [V_x, D]     source embedding, N(0, 1) at the start; E_y alike
//   h        [B, T, H]    encoder's states, LSTM or GRU, several layers deep
//   c        [B, H]       the last state of its last layer
//   s        [B, U, H]    decoder's states, as deep; s_0 is the encoder's last state in every layer
//   W_o      [V, H]
//
// Reversing the source (Sutskever et al., section 3.3) brings its beginning near the answer's. The decoder knows of the
// source nothing but (2). Errors: those of recurrent_model.h.
#pragma once

#include <fovea/layers/embedding.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/seq2seq/recurrent_model.h>

namespace fovea {

struct EncoderDecoderOptions {
  int64_t source_vocabulary;
  int64_t target_vocabulary = 0;  // 0: the source's
  int64_t embedding = 64;         // D
  int64_t hidden = 64;            // H
  int64_t layers = 1;
  Recurrent::Kind cell = Recurrent::Kind::gru;
  bool constant_context = false;  // Cho et al.: c is heard at every step
  bool reverse_source = false;
};

class EncoderDecoder final : public RecurrentModel {
 public:
  explicit EncoderDecoder(const EncoderDecoderOptions& options, Generator& generator = default_generator());
  void members(Members& m) override;
  DecoderState begin(const Tensor& source, const Tensor& lengths) const override;
  Taught step(const Tensor& last, DecoderState& state, Generator& generator) const override;

  Embedding source_embedding, target_embedding;  // E_x, E_y
  Recurrent encoder;                             // f
  DecoderStack decoder_stack;                    // g
  Linear output;                                 // W_o, b_o

 private:
  Taught all(const Tensor& heard, DecoderState& state, Generator& generator) const override;
  // [E_y y ; c] for ids [B, U].
  Tensor heard_with_context(const Tensor& ids, const DecoderState& state) const;

  EncoderDecoderOptions options_;
};

}  // namespace fovea
