// Neural Turing Machine. Graves, Wayne, Danihelka 2014, "Neural Turing Machines", arXiv 1410.5401; equation numbers are
// the paper's. The three memory operations are the ops of autograd/ntm.h, where their formulas stand; (5) to (9) are
// the alignment of align/ntm.h.
//
//   h_t = controller([x_t ; r_{t-1}], h_{t-1})                      any cell; feed_forward: tanh(W [x_t ; r_{t-1}] + b)
//   each head: (k, beta, g, s, gamma) from W_h h_t + b_h;  w_t = align(k, beta, g, s, gamma; M, w_{t-1})    (5)-(9)
//   write heads:  M_t = M_{t-1} prod (1 - w_t e_t^T) + sum w_t a_t^T,   e = sigmoid(.), a = tanh(.)           (3), (4)
//   read heads:   r_t = sum_i w_t(i) M_t(i)                                                                   (2)
//   o_t = W_o [h_t ; r_t] + b_o                                     logits; the paper's output is sigmoid(o_t)
//
//   symbol  shape            meaning
//   x_t     [B, I]           input
//   h_t     [B, C]           controller's output
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

#include <fovea/autograd/parts.h>
#include <fovea/layers/attention/align/ntm.h>
#include <fovea/layers/recurrent/drive.h>

namespace fovea {

struct NtmOptions {
  int64_t input_size, output_size;
  std::string controller = "lstm";  // a name of make_cell, recurrent/cell.h
  int64_t hidden_size = 100;        // C
  int64_t slots = 128;              // N
  int64_t width = 20;               // M
  int64_t heads = 1;                // H read heads and as many write heads
  int64_t shift = 1;                // S: shifts -S .. S
  bool learned_memory = false;
};

class NeuralTuringMachine final : public Module {
 public:
  struct State {
    fovea::State controller;
    Tensor memory;                       // M_t
    Tensor read_weights, write_weights;  // w_t
    Tensor read;                         // r_t
    template <class Visit>
    void tensors(Visit&& visit) {
      visit("controller", controller), visit("memory", memory, 0), visit("read_weights", read_weights, 0);
      visit("write_weights", write_weights, 0), visit("read", read, 0);
    }
  };

  explicit NeuralTuringMachine(const NtmOptions& options, Generator& generator = default_generator());
  void members(Members& m) override {
    m(options_.controller, controller_)("heads", heads_)("output", output_)("memory", memory_);
  }

  State initial_state(int64_t batch) const;

  // One step: x [B, I] -> [h_t ; r_t], [B, C + H M].
  Stepped<State> step(const Tensor& x, const State& before) const {
    check_step(x, before);
    const int64_t B = x.size(0), H = options_.heads, A = address_size(), M = options_.width;
    const RecurrentOutput y = (*controller_)(cat({x, before.read}, 1), before.controller);  // h_t [B, C]
    const auto part = split<4>(heads_(y.output), {H * A, H * A, H * M, H * M}, 1);
    const Tensor to_read = reshape(part[0], {B, H, A}), to_write = reshape(part[1], {B, H, A});
    const Tensor e = reshape(sigmoid(part[2]), {B, H, M}), a = reshape(tanh(part[3]), {B, H, M});
    const Tensor write_weights =
        NtmAlign::of_heads(to_write, before.memory, before.write_weights, "write").weights;  // (5)-(9) [B, H, N]
    const Tensor memory = ntm_write(before.memory, write_weights, e, a);                     // (3), (4) [B, M, N]
    const Tensor read_weights =
        NtmAlign::of_heads(to_read, memory, before.read_weights, "read").weights;  // (5)-(9) [B, H, N]
    const Tensor read = reshape(ntm_read(memory, read_weights), {B, H * M});       // (2) [B, H M]
    return {cat({y.output, read}, 1), {y.state, memory, read_weights, write_weights, read}};
  }

  // A sequence from the initial state: x [B, T, I] -> logits [B, T, output_size]. Of the answers wanted only in the
  // last `answers` steps, [B, answers, output_size] is returned (0: all). `trace` becomes the state after each step,
  // off the tape, for pictures.
  Tensor operator()(const Tensor& x, int64_t answers = 0, std::vector<State>* trace = nullptr) const {
    check_features(*this, "NeuralTuringMachine", "x", x, 3, options_.input_size, 1);
    return output_(  // o_t [B, answers, output_size]
        drive_answers(*this, "NeuralTuringMachine", x, initial_state(x.size(0)), answers, trace));
  }

  const NtmOptions& options() const { return options_; }

 private:
  int64_t address_size() const { return NtmAlign::head_size(options_.width, options_.shift); }
  void check_step(const Tensor& x, const State& state) const;

  NtmOptions options_;
  Linear heads_, output_;
  Box<Cell> controller_;
  Parameter memory_;  // M_0 [M, N]; undefined unless it is learned
};

}  // namespace fovea
