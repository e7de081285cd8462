// HART: a tracker that looks at a window alone, and moves it. Kosiorek, Bewley, Posner 2017, "Hierarchical Attentive
// Recurrent Tracking", arXiv 1706.09262; equation numbers are this file's.
//
//   g_t = F_y x_t F_xᵀ                                     Gaussian crop of the window a_t            (1)
//   f_t = max_pool2(relu(conv(g_t)))                       features of both streams                   (2)
//   s_t = σ(W_s relu(α_t ∗ f_t)),  α_t = W_α h_{t-1}       dorsal stream, where: mask of the object   (3)
//   ν_t = relu(conv(f_t))                                  ventral stream, what: its appearance       (4)
//   v_t = relu(W_v vec(ν_t ⊙ s_t))                                                                    (5)
//   h_t = LSTM(v_t, h_{t-1})                                                                          (6)
//   Δa_t, Δb_t = tanh(MLP([h_t ; vec(s_t)]))                                                          (7)
//   a_{t+1} = a_t ⊕ tanh(c_a) Δa_t                         where it looks next; ⊕: boxes.h            (8)
//   b_t = a_t / k ⊕ tanh(c_b) Δb_t                         where the object is                        (9)
//
//   symbol      shape             meaning
//   x_t         [B, C, H, W]      frame
//   a_t, b_t    [B, 4]            window, box: boxes.h; a_1 is k times as high and wide as the box that is given
//   g_t         [B, C, n, n]      crop
//   f_t, ν_t    [B, F, m, m]      m = n / 2
//   α_t         [B K, F, 3, 3]    dynamic filters (De Brabandere et al. 2016), other ones for each row of the batch
//   s_t         [B, 1, m, m]      the state has its logits
//   h_t         [B, hidden]       with the LSTM's cell
//   c_a, c_b    [4]               tanh(c) begins as `first_gain`: windows and boxes begin by staying where they were
//
// Losses are those of boxes.h: (3) of b_t, (4) of a_t, and the cross-entropy of s_t with the mask (5). The paper weighs
// them by their uncertainty, here who trains adds them up. Decided here: ⊕, where the paper adds pixels, so that a
// size stays above 0 and a move knows its scale; one convolution where the paper has layers of AlexNet; a Gaussian is
// half the distance of two wide, and half a pixel at least; after (8) the centre is pulled back into the image, and the
// sides are kept between 1 pixel and twice the image's. So all is finite whatever box is given. Errors: ShapeError for
// a frame or a box that does not fit; ValueError for options, and for a box that is not finite. Cost of a step: O(B (n
// H W + F n² + F² m² + F m² hidden)).
#pragma once

#include <fovea/autograd/pool.h>
#include <fovea/layers/attention/read/crops.h>
#include <fovea/layers/conv2d.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/recurrent/cell.h>
#include <fovea/layers/vision/boxes.h>

namespace fovea {

struct HartOptions {
  int64_t channels = 1;         // C
  int64_t crop = 24;            // n, even
  int64_t features = 16;        // F
  int64_t dynamic_filters = 4;  // K
  int64_t hidden_size = 64;
  double context = 2;  // k
  double first_gain = 0.1;
};

class Hart final : public Module {
 public:
  struct State {
    fovea::State core;
    Tensor window;  // a_{t+1}
    Tensor box;     // b_t
    Tensor mask;    // logits of s_t, which was made in the window before; undefined at first
    template <class Visit>
    void tensors(Visit&& visit) {
      visit("core", core), visit("window", window, 0), visit("box", box, 0), visit("mask", mask, 0);
    }
  };

  explicit Hart(const HartOptions& options, Generator& generator = default_generator());
  void members(Members& m) override;

  // Before the first frame [B, C, H, W], with the box [B, 4] that is given in it.
  State initial_state(const Tensor& frame, const Tensor& box) const {
    check(frame, box);
    if (!all(isfinite(box))) throw ValueError(place(*this, "Hart") + ": the first box is not finite");
    return {
        core.initial_state(box.size(0)), bounded(scaled(box, options_.context), frame.size(2), frame.size(3)), box, {}};
  }

  // A frame [B, C, H, W] -> the box [B, 4] in it.
  Stepped<State> step(const Tensor& frame, const State& before) const {
    check(frame, before.window);
    const Tensor& a = before.window;
    const Tensor f = max_pool2d(relu(shared(look(frame, a))), 2);       // (2) [B, F, m, m]
    const Tensor mask = readout(relu(dynamic(f, before.core.hidden)));  // (3) [B, 1, m, m]
    const Tensor s = sigmoid(mask), nu = relu(ventral(f));              // (3), (4) [B, F, m, m]
    const Tensor v = relu(what(flatten(nu * s, 1)));                    // (5) [B, hidden]
    const RecurrentOutput y = core(v, before.core);                     // (6) [B, hidden]
    const Tensor h = relu(inner(cat({y.output, flatten(s, 1)}, 1)));
    const auto [to_window, to_box] = chunk<2>(tanh(gain) * tanh(outer(h)), 1);         // (7) [B, 4]
    const Tensor window = bounded(moved(a, to_window), frame.size(2), frame.size(3));  // (8) [B, 4]
    const Tensor box = moved(scaled(a, 1 / options_.context), to_box);                 // (9) [B, 4]
    return {box, {y.state, window, box, mask}};
  }

  // g_t of a window [B, 4].
  Tensor look(const Tensor& frame, const Tensor& a) const {
    const int64_t n = options_.crop;
    const auto filters_of = [&](int64_t side) {
      const Tensor size = slice(a, 1, side + 2, side + 3), d = size / static_cast<double>(n);
      const Tensor first = slice(a, 1, side, side + 1) - size * 0.5 + d * 0.5 - 0.5;
      return gaussian_filters(first, d, clamp(d, 1, kMost) * 0.5, n, frame.size(side + 2));  // [B, 1, n, H or W]
    };
    return squeeze(Crops()({filters_of(0), filters_of(1)}, frame), 1);  // (1) [B, C, n, n]
  }

  const HartOptions& options() const { return options_; }

  Conv2d shared, ventral;
  Linear filters;  // W_α
  Conv2d readout;  // W_s
  Linear what;     // W_v
  LSTMCell core;
  Linear inner, outer;  // the MLP of (7)
  Parameter gain;       // [c_a c_b], [8]

 private:
  void check(const Tensor& frame, const Tensor& box) const;

  // α_t ∗ f_t: each row of the batch is a group of channels with filters of its own.
  Tensor dynamic(const Tensor& f, const Tensor& hidden) const {
    const int64_t B = f.size(0), F = f.size(1), K = options_.dynamic_filters, m = f.size(2);
    const Tensor alpha = reshape(filters(hidden), {B * K, F, 3, 3});  // (3)
    return reshape(conv2d(reshape(f, {1, B * F, m, m}), alpha, {}, {.padding = 1, .groups = B}), {B, K, m, m});
  }
  static Tensor scaled(const Tensor& box, double k) { return box * to(tensor({1.0, 1.0, k, k}), box.dtype()); }

  static constexpr double kMost = std::numeric_limits<float>::max();
  HartOptions options_;
};

}  // namespace fovea
