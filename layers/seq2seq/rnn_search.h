// RNNsearch: a decoder that searches the source at every step. Bahdanau, Cho, Bengio 2014, "Neural Machine Translation
// by Jointly Learning to Align and Translate", arXiv 1409.0473, section 3 and appendix A.
//
//   h_j  = [→h_j ; ←h_j],   both directions over the source                      (1)
//   s_0  = tanh(W_s ←h_1 + b_s)                                                  (2)
//   α_i  = align(score(s_{i-1}, h_j))           with the state before the step   (3)
//   c_i  = Σ_j α_ij h_j                                                          (4)
//   s_i  = f(s_{i-1}, [E_y y_{i-1} ; c_i])                                       (5)
//   p(y_i) = softmax(W_o [s_i ; c_i ; E_y y_{i-1}] + b_o)                        (6)
//
//   symbol   shape         meaning
//   h        [B, T, 2N]    annotations; N encoder states a direction
//   s        [B, U, H]     decoder's states
//   α        [B, U, T]     weights; reported to a WeightCollector, step by step
//   c        [B, U, 2N]    context
//   E_y      [V, D]        target embedding, N(0, 1) at the start; the source's E_x alike
//   W_s      [H, N]        of a decoder that starts from both ends [H, 2N]
//
// f is PyTorch's GRU or LSTM in place of the paper's GRU, and (6) is linear in place of its maxout. (5) needs of c_i
// only C c_i, with C the columns of W_ih that hear it; C c_i = Σ_j α_ij C h_j, so C h_j is worked out once a sequence,
// and (4) and (6) for all steps at once. An annotation knows its neighbours too, so a weight may stand beside the word
// that is read; where (4) reads the embeddings E_x x_j instead (keys and values apart: Daniluk et al. 2017, arXiv
// 1702.04521), what is read is the word at j and nothing else. Errors: those of recurrent_model.h.
#pragma once

#include <fovea/layers/embedding.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/seq2seq/recurrent_model.h>

namespace fovea {

struct RnnSearchOptions {
  int64_t source_vocabulary;
  int64_t target_vocabulary = 0;  // 0: the source's
  int64_t embedding = 64;         // D
  int64_t encoder = 0;            // N; 0: as hidden
  int64_t hidden = 64;            // H
  Recurrent::Kind cell = Recurrent::Kind::gru;
  AttentionChoice attention = {};
  bool start_from_both_ends = false;  // (2) from [→h_T ; ←h_1]
  bool output_hears = true;           // (6) with E_y y_{i-1}
  bool read_embeddings = false;       // (4) from E_x x_j in place of h_j
};

class RnnSearch final : public RecurrentModel {
 public:
  explicit RnnSearch(const RnnSearchOptions& options, Generator& generator = default_generator());
  void members(Members& m) override;
  DecoderState begin(const Tensor& source, const Tensor& lengths) const override;
  Taught step(const Tensor& last, DecoderState& state, Generator& generator) const override;

  Embedding source_embedding, target_embedding;  // E_x, E_y
  Recurrent encoder;                             // (1)
  Linear bridge;                                 // W_s, b_s
  AnyAttention attention;
  DecoderStack decoder_stack;  // f
  Linear output;               // W_o, b_o

 private:
  Taught all(const Tensor& heard, DecoderState& state, Generator& generator) const override;
  // What tokens E_y y, [.., D], say to the gates of (5).
  Tensor gates_of(const Tensor& tokens) const;
  // (3) and (5): the next state [B, H].
  Tensor search(const Tensor& gates, DecoderState& state, Generator& generator, AnyOutcome& alignment) const;
  Tensor say(const Tensor& s, const Tensor& context, const Tensor& tokens) const;

  RnnSearchOptions options_;
};

}  // namespace fovea
