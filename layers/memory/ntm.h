// Neural Turing Machine. Graves, Wayne, Danihelka 2014, "Neural Turing Machines", arXiv 1410.5401; equation numbers are
// the paper's. The three memory operations are the ops of autograd/ntm.h, where their formulas stand.
//
//   h_t = controller([x_t ; r_{t-1}], h_{t-1})                      LSTM, or feed-forward: tanh(W [x_t ; r_{t-1}] + b)
//   each head: (k, beta, g, s, gamma) from W_h h_t + b_h;  w_t = address(k, beta, g, s, gamma; M, w_{t-1})    (5)-(9)
//   write heads:  M_t = M_{t-1} prod (1 - w_t e_t^T) + sum w_t a_t^T,   e = sigmoid(.), a = tanh(.)           (3), (4)
//   read heads:   r_t = sum_i w_t(i) M_t(i)                                                                   (2)
//   o_t = W_o [h_t ; r_t] + b_o                                     logits; the paper's output is sigmoid(o_t)
//
//   symbol  shape            meaning
//   x_t     [B, I]           input
//   h_t     [B, C]           controller's hidden state
//   M_t     [B, M, N]        memory, N slots of width M, stored with the slots last
//   w_t     [B, H, N]        weights of the H read heads; of the H write heads
//   r_t     [B, H M]         what the read heads read
//
// The paper leaves open, and here: the write of a step comes before its read; both address what they are about to
// touch. M_0 is 1e-6 everywhere, r_0 is 0, and w_0 stands on slot 0: uniform weights over a constant memory never
// learn, since content, shift and sharpening all leave them uniform. With `learned_memory` M_0 is a parameter: its
// slots differ, and a head can go to any of them by content before anything is written. Errors: ShapeError for x or a
// state that does not fit; ValueError for sizes. Cost of a step: O(B N M H + B C (I + H M + C)).
#pragma once

#include <fovea/layers/linear.h>
#include <fovea/layers/module.h>
#include <fovea/layers/recurrent/cell.h>

#include <optional>

namespace fovea {

struct NtmOptions {
  int64_t inputs, outputs;
  enum class Controller { lstm, feed_forward } controller = Controller::lstm;
  int64_t hidden = 100;  // C
  int64_t slots = 128;   // N
  int64_t width = 20;    // M
  int64_t heads = 1;     // H read heads and as many write heads
  int64_t shift = 1;     // S: shifts -S .. S
  bool learned_memory = false;
};

class NeuralTuringMachine final : public Module {
 public:
  struct State {
    fovea::State controller;             // unused by the feed-forward controller
    Tensor memory;                       // M_t
    Tensor read_weights, write_weights;  // w_t
    Tensor read;                         // r_t
  };
  // Weights over time of one sequence, kept for pictures: one [B, H, N] a step.
  struct Trace {
    std::vector<Tensor> read_weights, write_weights;
    Tensor memory;  // after the last step
  };

  explicit NeuralTuringMachine(const NtmOptions& options, Generator& generator = default_generator());
  void members(Members& m) override;

  State initial_state(int64_t batch) const;
  // One step: x [B, I] -> [h_t ; r_t], [B, C + H M]; `state` moves on.
  Tensor step(const Tensor& x, State& state) const;
  // A sequence from the initial state: x [B, T, I] -> logits [B, T, outputs]. Of the answers wanted only in the last
  // `answers` steps, [B, answers, outputs] is returned (0: all).
  Tensor operator()(const Tensor& x, int64_t answers = 0, Trace* trace = nullptr) const;

  const NtmOptions& options() const { return options_; }

 private:
  NtmOptions options_;
  std::optional<LSTMCell> lstm_;
  std::optional<Linear> feed_forward_;
  Linear heads_, output_;
  Parameter memory_;  // M_0 [M, N]; undefined unless it is learned
};

}  // namespace fovea
