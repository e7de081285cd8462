// Differentiable neural computer. Graves et al. 2016, "Hybrid computing using a neural network with dynamic external
// memory", Nature 538, 471-476. Beside the content it knows which slots are free and in which order they were written;
// the numbers are of this file.
//
//   h = controller([x ; r_{t-1}]), any cell; all below with a hat is linear in h
//   ψ = Π_i (1 - f^i w^{r,i}_{t-1})                          retention: f^i = 1 frees what was read        (1)
//   u = (u_{t-1} + w^w_{t-1} - u_{t-1} w^w_{t-1}) ψ          usage                                         (2)
//   a[φ_j] = (1 - u[φ_j]) Π_{i<j} u[φ_i]                     allocation; φ: slots, least used first        (3)
//   c^w = softmax(β^w cos(k^w, M_{t-1}))                     content                                       (4)
//   w^w = g^w (g^a a + (1 - g^a) c^w)                        write weights                                 (5)
//   M = M_{t-1} (1 - w^w eᵀ) + w^w vᵀ                                                                      (6)
//   L[i,j] = (1 - w^w[i] - w^w[j]) L_{t-1}[i,j] + w^w[i] p_{t-1}[j],  L[i,i] = 0: i was written after j    (7)
//   p = (1 - Σ w^w) p_{t-1} + w^w                            precedence                                    (8)
//   w^{r,i} = π^i_1 Lᵀ w^{r,i}_{t-1} + π^i_2 softmax(β^{r,i} cos(k^{r,i}, M)) + π^i_3 L w^{r,i}_{t-1}      (9)
//   r^i = Mᵀ w^{r,i},   o = W_o [h ; r^1 .. r^R] + b_o                                                     (10)
//
//   symbol       shape          meaning
//   M            [B, W, N]      memory, N slots of width W, stored with the slots last
//   u, p, w^w    [B, N]         usage, precedence, write weights; w^r [B, R, N] of the R read heads
//   L            [B, N, N]      links
//   k, v, e      [B, W]         keys (k^r [B, R, W]), what is written, what is erased
//   g, f, β      in (0, 1): gates, of allocation and writing [B, 1], of each read head [B, R]; strengths 1 + softplus
//   π            [B, R, 3]      softmax: backward, content, forward
//
// All of the state begins at 0. (3) takes u as ε + (1 - ε) u with ε = 1e-6, so that there is a gradient where it is 0;
// none flows through the order. cos takes a length as √(|x|² + ε): a slot that holds next to nothing resembles nothing.
// Errors: ShapeError for x or a state that does not fit; ValueError for sizes. Cost of a step: O(B (N W R + N² R +
// N log N)).
#pragma once

#include <fovea/autograd/ntm.h>
#include <fovea/autograd/parts.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/recurrent/drive.h>

namespace fovea {

struct DncOptions {
  int64_t input_size, output_size;
  std::string controller = "lstm";  // a name of make_cell, recurrent/cell.h
  int64_t hidden_size = 64;
  int64_t slots = 16;  // N
  int64_t width = 10;  // W
  int64_t heads = 1;   // R
};

class DifferentiableNeuralComputer final : public Module {
 public:
  struct State {
    fovea::State controller;
    Tensor memory, usage, precedence, links;   // M, u, p, L
    Tensor write_weights, read_weights, read;  // w^w, w^r, [r^1 .. r^R]
    template <class Visit>
    void tensors(Visit&& visit) {
      visit("controller", controller), visit("memory", memory, 0), visit("usage", usage, 0);
      visit("precedence", precedence, 0), visit("links", links, 0), visit("write_weights", write_weights, 0);
      visit("read_weights", read_weights, 0), visit("read", read, 0);
    }
  };

  explicit DifferentiableNeuralComputer(const DncOptions& options, Generator& generator = default_generator());
  void members(Members& m) override { m(options_.controller, controller_)("interface", interface_)("output", output_); }

  State initial_state(int64_t batch) const;

  // What the controller's h [B, H] asks of the memory, in its range.
  struct Interface {
    Tensor k_w, v, e;           // [B, W]
    Tensor g_a, g_w, beta_w;    // [B, 1]; strengths before 1 + softplus
    Tensor k_r, f, beta_r, pi;  // [B, R, W], [B, R], [B, R], [B, R, 3]
  };
  Interface interface(const Tensor& h) const {
    const int64_t B = h.size(0), R = options_.heads, W = options_.width;
    const auto [k_w, v, e, gates, k_r, f, beta_r, modes] = split<8>(interface_(h), {W, W, W, 3, R * W, R, R, 3 * R}, 1);
    const auto [g_a, g_w, beta_w] = split<3>(gates, {1, 1, 1}, 1);
    const Tensor pi = softmax(reshape(modes, {B, R, 3}), 2);
    return {k_w, v, sigmoid(e), sigmoid(g_a), sigmoid(g_w), beta_w, reshape(k_r, {B, R, W}), sigmoid(f), beta_r, pi};
  }

  // (3): usage [B, N] -> [B, N].
  static Tensor allocation(const Tensor& usage);
  // (7): what became of L.
  static Tensor linked(const Tensor& links, const Tensor& precedence, const Tensor& write_weights);

  // One step: x [B, I] -> [h ; r], [B, H + R W]. Usage, allocation, write weights, gates (of writing, of allocation, of
  // what each head frees) and modes are reported to a WeightCollector; the rest of the state is by its driver.
  Stepped<State> step(const Tensor& x, const State& s) const {
    check_step(x, s);
    const RecurrentOutput y = (*controller_)(cat({x, s.read}, 1), s.controller);
    const auto [k_w, v, e, g_a, g_w, beta_w, k_r, f, beta_r, pi] = interface(y.output);
    const Tensor freed = unsqueeze(f, 2) * s.read_weights;                                      // [B, R, N]
    const Tensor psi = prod(1.0 - freed, 1);                                                    // (1) [B, N]
    const Tensor u = (s.usage + s.write_weights - s.usage * s.write_weights) * psi;             // (2) [B, N]
    const Tensor c_w = squeeze(content(unsqueeze(k_w, 1), beta_w, s.memory), 1);                // (4) [B, N]
    const Tensor a = allocation(u);                                                             // (3) [B, N]
    const Tensor w_w = g_w * (g_a * a + (1.0 - g_a) * c_w);                                     // (5) [B, N]
    const Tensor M = ntm_write(s.memory, unsqueeze(w_w, 1), unsqueeze(e, 1), unsqueeze(v, 1));  // (6) [B, W, N]
    const Tensor L = linked(s.links, s.precedence, w_w);                                        // (7) [B, N, N]
    const Tensor p = (1.0 - sum(w_w, 1, true)) * s.precedence + w_w;                            // (8) [B, N]
    const Tensor backward = matmul(s.read_weights, L), forward = matmul(s.read_weights, transpose(L, 1, 2));
    const Tensor w_r = slice(pi, 2, 0, 1) * backward + slice(pi, 2, 1, 2) * content(k_r, beta_r, M) +
                       slice(pi, 2, 2, 3) * forward;   // (9) [B, R, N]
    const Tensor read = flatten(ntm_read(M, w_r), 1);  // (10) [B, R W]
    if (collecting_traces())
      report(
          {{"usage", u}, {"allocation", a}, {"write_weights", w_w}, {"gates", cat({g_w, g_a, f}, 1)}, {"modes", pi}});
    return {cat({y.output, read}, 1), {y.state, M, u, p, L, w_w, w_r, read}};
  }

  // A sequence from the initial state: x [B, T, I] -> logits o [B, T, output_size]; of the last `answers` steps alone
  // where that is not 0. `trace` becomes the state after each step, off the tape, for pictures.
  Tensor operator()(const Tensor& x, int64_t answers = 0, std::vector<State>* trace = nullptr) const {
    check_features(*this, "DifferentiableNeuralComputer", "x", x, 3, options_.input_size, 1);
    return output_(  // (10) [B, answers, output_size]
        drive_answers(*this, "DifferentiableNeuralComputer", x, initial_state(x.size(0)), answers, trace));
  }

  const DncOptions& options() const { return options_; }

 private:
  void report(const NamedTensors& parts) const;
  // softmax(β cos(k, M)): keys [B, H, W], strengths [B, H] before 1 + softplus -> [B, H, N].
  static Tensor content(const Tensor& keys, const Tensor& strengths, const Tensor& memory) {
    const auto unit = [](const Tensor& x, int64_t dim) { return x * rsqrt(sum(square(x), dim, true) + 1e-6); };
    const Tensor cosine = matmul(unit(keys, 2), unit(memory, 1));
    return softmax((1.0 + softplus(unsqueeze(strengths, 2))) * cosine, -1);
  }
  void check_step(const Tensor& x, const State& state) const;

  DncOptions options_;
  Linear interface_, output_;
  Box<Cell> controller_;
};

}  // namespace fovea
