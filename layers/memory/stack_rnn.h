// Stack-augmented recurrent network. Joulin & Mikolov 2015, "Inferring Algorithmic Patterns with Stack-Augmented
// Recurrent Nets", arXiv 1503.01007, with its notation; equation numbers are this file's.
//
//   h_t = σ(U x_t + R h_{t-1} + Σ_s P_s s_{t-1}[0 : k])                                        (1)
//   a_t = softmax(A h_t),  v_t = σ(D h_t)                          of each stack               (2)
//   s_t[i] = a_t[PUSH] s_{t-1}[i-1] + a_t[POP] s_{t-1}[i+1] + a_t[NO-OP] s_{t-1}[i]            (3)
//            with s_{t-1}[-1] = v_t above the top and s_{t-1}[p] = -1 below the last cell
//   list:  L_t[i] = a_t[RIGHT] L_{t-1}[i+1] + a_t[LEFT] L_{t-1}[i-1] + a_t[INSERT] L'[i],       (4)
//          L' = L_{t-1} with v_t at HEAD; what stood at HEAD and before it has moved one cell towards the beginning
//
//   symbol   shape        meaning
//   x_t      [B, I]       input, one-hot in the paper's tasks
//   h_t      [B, m]       hidden units
//   a_t      [B, S, A]    weights of the A actions of each of the S stacks: POP, NO-OP, PUSH; RIGHT, LEFT, INSERT
//   v_t      [B, S, 1]    what is pushed or inserted
//   s_t      [B, S, p]    stacks, top first, or lists about a HEAD that stands at p / 2; -1 is empty
//
// (3) is stack_update (autograd/stack.h): a convolution of the stack with its three actions, as is the shift of a
// Neural Turing Machine. R is left out unless `recurrent`: then all that is remembered is in the stacks. With
// `rounding`, in eval mode, each a is one-hot at its greatest: continuous actions blur a deep stack. With `noise`, in
// training mode, A h has Gaussian noise of that deviation, so that only decided actions do what they should; the paper
// has none. Weights begin as U(-4/√fan, 4/√fan): from smaller ones sigmoid units tell no inputs apart. The capacity p
// is fixed: what is pushed into a full stack drives out the lowest cell, which comes back as empty; a list loses what
// is moved past either end. It is no weight: a state may have any. The paper leaves open what is read of a list; here
// HEAD and the k - 1 cells before it, where INSERT puts what it displaces. Errors: ShapeError for x or a state that
// does not fit; ValueError for sizes. Cost of a step: O(B (m (I + k S) + S p)).
#pragma once

#include <fovea/autograd/parts.h>
#include <fovea/autograd/stack.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/recurrent/drive.h>

namespace fovea {

struct StackRnnOptions {
  int64_t input_size;        // I
  int64_t hidden_size = 40;  // m
  int64_t stacks = 10;       // S
  int64_t capacity = 130;    // p, of initial_state
  int64_t read = 2;          // k
  bool no_op = true;         // without it A = 2
  bool list = false;         // (4) in place of (3)
  bool recurrent = false;    // R
  bool rounding = false;
  double noise = 0;
};

// (4): L [B, S, p], v [B, S, 1], a [B, S, 3] of RIGHT, LEFT, INSERT -> [B, S, p]
inline Tensor list_step(const Tensor& list, const Tensor& v, const Tensor& a) {
  const int64_t p = list.size(2), head = p / 2;
  const auto [right, left, insert] = chunk<3>(a, 2);
  const Tensor ring = cat({list, full(v.shape(), -1, list.dtype())}, 2);
  const Tensor moved = circular_convolution(ring, cat({right, zeros_like(v), left}, 2));
  const Tensor inserted = cat({slice(list, 2, 1, head + 1), v, slice(list, 2, head + 1)}, 2);
  return slice(moved, 2, 0, p) + insert * inserted;  // (4) [B, S, p]
}

class StackRnn final : public Module {
 public:
  struct State {
    Tensor hidden;  // h_t
    Tensor stacks;  // s_t
    template <class Visit>
    void tensors(Visit&& visit) {
      visit("hidden", hidden, 0), visit("stacks", stacks, 0);
    }
  };

  explicit StackRnn(const StackRnnOptions& options, Generator& generator = default_generator());
  void members(Members& m) override { m("input", input)("control", control); }

  State initial_state(int64_t batch) const { return initial_state(batch, options_.capacity); }
  State initial_state(int64_t batch, int64_t capacity) const;

  // x [B, I] -> h_t [B, m]. The actions are reported to a WeightCollector, [B, S, 1, A].
  Stepped<State> step(const Tensor& x, const State& before, Generator& generator = default_generator()) const {
    check_step(x, before);
    const int64_t B = x.size(0), S = options_.stacks, k = options_.read, A = actions();
    const int64_t top = options_.list ? before.stacks.size(2) / 2 - k + 1 : 0;
    const Tensor seen = reshape(slice(before.stacks, 2, top, top + k), {B, S * k});
    const Tensor all = options_.recurrent ? cat({x, seen, before.hidden}, 1) : cat({x, seen}, 1);
    const Tensor h = sigmoid(linear(all, input));  // (1) [B, m]
    const auto part = split<2>(linear(h, control), {S * A, S}, 1);
    Tensor scores = reshape(part[0], {B, S, A});
    if (noise > 0 && training()) scores = scores + normal(scores.shape(), 0, noise, generator, scores.dtype());
    Tensor a = softmax(scores, 2);  // (2) [B, S, A]
    if (rounding && !training()) a = scatter(zeros_like(a), 2, argmax(a, 2, true), 1);
    const Tensor v = reshape(sigmoid(part[1]), {B, S, 1});  // (2) [B, S, 1]
    if (observing_attention()) a = squeeze(observed_weights(*this, unsqueeze(a, 2)), 2);
    return {h, {h, options_.list ? list_step(before.stacks, v, a) : stack_update(before.stacks, v, a)}};  // (3), (4)
  }

  // x [B, T, I] -> h [B, T, m] and the last state; without a state it begins with empty stacks.
  Stepped<State> operator()(const Tensor& x, State state = {}, Generator& generator = default_generator()) const {
    check_sequence(x);
    return drive(WithNoise{*this, generator}, x, state.stacks.defined() ? std::move(state) : initial_state(x.size(0)));
  }

  const StackRnnOptions& options() const { return options_; }
  int64_t actions() const { return options_.no_op || options_.list ? 3 : 2; }

  Parameter input;    // [U P R], [m, I + S k (+ m)]
  Parameter control;  // [A ; D], [S A + S, m]
  bool rounding;
  double noise;

 private:
  struct WithNoise {
    const StackRnn& cell;
    Generator& generator;
    Stepped<State> step(const Tensor& x, const State& before) const { return cell.step(x, before, generator); }
  };
  void check_step(const Tensor& x, const State& state) const;
  void check_sequence(const Tensor& x) const;

  StackRnnOptions options_;
};

}  // namespace fovea
