// LSTMN: an LSTM whose memory is a tape that it attends to. Cheng, Dong, Lapata 2016, "Long Short-Term Memory-Networks
// for Machine Reading", arXiv 1601.06733, section 3.1.
//
//   a_i = vᵀ tanh(W_h h_i + W_x x_t + W_h̃ h̃_{t-1}),   i = 1 .. t-1               (1)
//   s   = softmax(a)                                                             (2)
//   [h̃_t ; c̃_t] = Σ_i s_i [h_i ; c_i];   h̃_1 = c̃_1 = 0                           (3)
//   [i, f, o, ĉ] = [σ, σ, σ, tanh](W [h̃_t ; x_t] + b)                            (4)
//   c_t = f ⊙ c̃_t + i ⊙ ĉ                                                        (5)
//   h_t = o ⊙ tanh(c_t)                                                          (6)
//
//   symbol      shape            meaning
//   x_t         [B, I]           input
//   h_i, c_i    [B, T, H] each   the two tapes
//   s           [B, 1, t-1]      weights over what came before
//   h̃_t, c̃_t    [B, H]           what is read from the tapes at t
//
// Past a sequence's length h is 0. Parameters: weight_ih [4H, I] and weight_hh [4H, H] are W in PyTorch's order i f g o
// (g = ĉ), biases as there; tape_weight W_h and previous_weight W_h̃ [H, H], input_weight W_x [H, I], v [H]; all
// U(-1/√H, 1/√H). With T = 1 it is an LSTM from the zero state. Cost: T² H.
#pragma once

#include <fovea/autograd/attention.h>
#include <fovea/autograd/parts.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/check.h>
#include <fovea/layers/init.h>
#include <fovea/layers/recurrent/drive.h>

namespace fovea {

class Lstmn final : public Module {
 public:
  // One step's entry in the tapes.
  struct Entry {
    Tensor both;  // [h_i ; c_i]  [B, 2H]
    Tensor key;   // W_h h_i      [B, H]
    template <class Visit>
    void tensors(Visit&& visit) {
      visit("both", both, 0), visit("key", key, 0);
    }
  };
  struct State {
    Tensor hidden, cell;  // h̃, c̃
    std::vector<Entry> tape;
    template <class Visit>
    void tensors(Visit&& visit) {
      visit("hidden", hidden, 0), visit("cell", cell, 0), visit("tape", tape);
    }
  };
  struct Output {
    Tensor hidden;  // h, [B, T, H]
    Tensor cell;    // c, [B, T, H]
  };

  Lstmn(int64_t input_size, int64_t hidden_size, Generator& generator = default_generator()) {
    check_sizes("Lstmn", {{"input_size", input_size}, {"hidden_size", hidden_size}});
    const int64_t I = input_size, H = hidden_size;
    const auto fresh = [&](const Shape& shape) { return Parameter(init::uniform_fan(shape, H, generator)); };
    weight_ih = fresh({4 * H, I}), weight_hh = fresh({4 * H, H}), bias_ih = fresh({4 * H}), bias_hh = fresh({4 * H});
    tape_weight = fresh({H, H}), input_weight = fresh({H, I}), previous_weight = fresh({H, H}), v = fresh({H});
  }
  void members(Members& m) override {
    m("weight_ih", weight_ih)("weight_hh", weight_hh)("bias_ih", bias_ih)("bias_hh", bias_hh);
    m("tape_weight", tape_weight)("input_weight", input_weight)("previous_weight", previous_weight)("v", v);
  }

  State initial_state(int64_t batch) const {
    const Tensor zero = zeros({batch, v->size(0)}, v->dtype());
    return {zero, zero, {}};
  }
  // The input's share, of one step or of all: W x + b and W_x x, [.., 4H + H].
  Tensor input_gates(const Tensor& x) const {
    return cat({linear(x, weight_ih, bias_ih), linear(x, input_weight)}, x.dim() - 1);
  }
  // The weights of each step t >= 2 are reported to a WeightCollector.
  Stepped<State> step(const Tensor& gates, State s) const {
    const int64_t H = v->size(0);
    const auto of_x = split<2>(gates, {4 * H, H}, 1);
    if (!s.tape.empty()) {
      std::vector<Tensor> tape, keys;
      for (const Entry& entry : s.tape) tape.push_back(entry.both), keys.push_back(entry.key);
      const Tensor query = unsqueeze(of_x[1] + linear(s.hidden, previous_weight), 1);     // [B, 1, H]
      const Tensor e = observed_scores(*this, additive_score(query, stack(keys, 1), v));  // (1) [B, 1, t-1]
      const Tensor weights = observed_weights(*this, softmax(e, -1));                     // (2) [B, 1, t-1]
      const Tensor found = squeeze(matmul(weights, stack(tape, 1)), 1);                   // (3) [B, 2H]
      s.hidden = slice(found, 1, 0, H);
      s.cell = slice(found, 1, H);
    }
    const LstmStep y = lstm_cell(of_x[0] + linear(s.hidden, weight_hh, bias_hh), s.cell);  // (4)-(6) [B, H]
    s.tape.push_back({cat({y.hidden, y.cell}, 1), linear(y.hidden, tape_weight)});
    return {y.hidden, std::move(s)};
  }
  // A sequence from the start: x [B, T, I], lengths i64 [B] or undefined.
  Output operator()(const Tensor& x, const Tensor& lengths = {}) const {
    check_features(*this, "Lstmn", "x", x, 3, weight_ih->size(1), 1);
    const Tensor gates = input_gates(without_padding(x, lengths));  // [B, T, 5H]
    const Stepped<State> y = drive(*this, gates, initial_state(x.size(0)), {.lengths = lengths});
    std::vector<Tensor> cells;
    for (const Entry& entry : y.state.tape) cells.push_back(slice(entry.both, 1, v->size(0)));
    return {y.output, without_padding(stack(cells, 1), lengths)};
  }

  Parameter weight_ih, weight_hh, bias_ih, bias_hh;
  Parameter tape_weight, input_weight, previous_weight, v;
};

}  // namespace fovea
