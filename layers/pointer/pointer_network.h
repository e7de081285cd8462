// Pointer network: the answer is a sequence of positions of the input. Vinyals, Fortunato, Jaitly 2015, "Pointer
// Networks", arXiv 1506.03134, section 2.3.
//
//   p_j = W_e P_j + b_e                                                          (1)
//   e_j = LSTM(p_j, e_{j-1})                                                     (2)
//   d_i = LSTM(p_{C_{i-1}}, d_{i-1});   d_0 = e_n, and at i = 1 its input is g       (3)
//   u_ij = vᵀ tanh(W_1 e_j + W_2 d_i);   p(C_i = j | C_<i, P) = softmax_j(u_i)   (4)
//
//   symbol   shape        meaning
//   P_j      [B, T, I]    points
//   p_j      [B, T, H]    embedded points
//   e_j      [B, T, H]    encoder's states
//   d_i      [B, U, H]    decoder's states
//   C_i      [B, U]       answers, positions of points
//
// No context is mixed in: the weights are the answer. (3) and (4) are PointerDecoder, where answers of variable length,
// the mask of chosen points and the glimpse stand too. (1) is ours; the paper's LSTMs take the coordinates themselves.
//   PointerNetwork network({.input_size = 2, .stop = true});
//   const Tensor loss = nll_loss(network(points, hulls).log_weights, hulls);
//   const Tensor hull = network.greedy(points).ids;
#pragma once

#include <fovea/layers/linear.h>
#include <fovea/layers/pointer/pointer_decoder.h>
#include <fovea/layers/recurrent/drive.h>

namespace fovea {

class PointerNetwork final : public PointerModel {
 public:
  explicit PointerNetwork(const PointerOptions& o, Generator& generator = default_generator())
      : PointerModel(o, generator),
        embed_(o.input_size, o.hidden_size, true, generator),
        encoder_({.input_size = o.hidden_size, .hidden_size = o.hidden_size}, generator) {}
  void members(Members& m) override { m("embed", embed_)("encoder", encoder_)("decoder", write); }

  PointerSource read(const Tensor& points, const Tensor& lengths = {}) const override {
    check_features(*this, "PointerNetwork", "points", points, 3, embed_.weight->size(1), 1);
    const Tensor P = without_padding(points, lengths);
    const Tensor p = embed_(P);                          // (1) [B, T, H]
    const RecurrentOutput e = encoder_(p, {}, lengths);  // (2) [B, T, H]
    return {p, e.output, e.state, lengths};
  }

 private:
  Linear embed_;
  LSTM encoder_;
};

}  // namespace fovea
