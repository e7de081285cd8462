// DRAW: a network that draws an image in T steps on a canvas, looks at what is still wrong, and can generate. Gregor,
// Danihelka, Graves, Rezende, Wierstra 2015, "DRAW: A Recurrent Neural Network For Image Generation", arXiv 1502.04623.
//
//   x̂_t = x - σ(c_{t-1}),   r_t = read(x, x̂_t, h^dec_{t-1})                                      (1), (2)
//   h^enc_t = cell_enc([r_t ; h^dec_{t-1}], h^enc_{t-1})                                          (3)
//   μ_t, log σ_t = linear(h^enc_t),   z_t = μ_t + σ_t ⊙ ε,   ε ~ N(0, I)                          (4)
//   h^dec_t = cell_dec(z_t, h^dec_{t-1}),   c_t = c_{t-1} + write(h^dec_t)                        (5), (6)
//   L_x = -log p(x | σ(c_T)),  pixels Bernoulli    L_z = ½ Σ_t Σ_j (μ² + σ² - log σ² - 1)         (7), (8)
// A window is an N x N grid of Gaussians, a and i counted from 1:
//   g̃_X, g̃_Y, log σ², log δ̃, log γ = linear(h^dec)                                               (9)
//   g_X = (W+1)/2 (g̃_X + 1),   g_Y = (H+1)/2 (g̃_Y + 1),   δ = (max(H, W) - 1) / (N - 1) δ̃         (10)
//   μ^i = g + (i - N/2 - ½) δ,   F[i, a] = exp(-(a - μ^i)² / (2σ²)) / Z_i                         (11)
//   read = γ [F_Y x F_Xᵀ ; F_Y x̂ F_Xᵀ],   write = 1/γ F_Yᵀ w F_X,  w = linear(h^dec)              (12), (13)
// Without attention read = [x ; x̂], write = linear(h^dec).                                        (14)
//
//   symbol    shape                    meaning
//   x, c_t    [B, H, W]                image in [0, 1]; canvas of logits, c_0 learned
//   r_t       [B, 2 N²], [B, 2 H W]    what is read
//   z_t       [B, Z]                   latent
//   L_x, L_z  [B]                      nats an image; L_x + L_z bounds -log p(x) from above
//
// Generation draws z_t ~ N(0, I) and runs (5), (6) alone. Here the logarithms of (9) count as -10 and 10 at most, so
// that no width is 0 or infinite; a grid of N = 1 has no δ; Z_i is that of attention/read/crops.h; h_0 is 0. Errors:
// ShapeError, ValueError. Cost of a step: the two cells', and B H W N for each window.
#pragma once

#include <fovea/autograd/parts.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/recurrent/drive.h>
#include <fovea/layers/vision/gaussian_attention.h>

#include <algorithm>

namespace fovea {

struct DrawOptions {
  int64_t height = 28, width = 28;
  int64_t glimpses = 64;  // T
  bool attention = true;
  int64_t read_size = 2, write_size = 5;  // N of the two windows
  int64_t hidden_size = 256, latent_size = 100;
  std::string cell = "lstm";  // a name of make_cell, of both
};

struct DrawLoss {
  Tensor reconstruction, latent;  // L_x and L_z, [B]
};

// Where one window lies: of h^dec [B, .] its [B, 5] g_Y, g_X, δ, σ, γ, in pixels from 0.
class DrawWindow final : public Module {
 public:
  DrawWindow(const DrawOptions& o, int64_t size, Generator& generator)
      : size_(size), height_(o.height), width_(o.width), numbers_(o.hidden_size, 5, true, generator) {}
  void members(Members& m) override { m("numbers", numbers_); }

  Tensor operator()(const Tensor& hidden) const { return placed(numbers_(hidden)); }  // (9)
  Tensor placed(const Tensor& numbers) const {
    const auto [x, y, logs] = split<3>(numbers, {1, 1, 3}, 1);
    const auto [variance, stride, intensity] = chunk<3>(clamp(logs, -10, 10), 1);
    const auto centre = [](const Tensor& g, int64_t length) {
      return (g + 1.0) * (0.5 * static_cast<double>(length + 1)) - 1.0;
    };
    const double widest = static_cast<double>(std::max(height_, width_) - 1);
    const Tensor distance = exp(stride) * (widest / static_cast<double>(std::max<int64_t>(size_ - 1, 1)));
    return cat({centre(y, height_), centre(x, width_), distance, exp(variance * 0.5), exp(intensity)}, 1);  // (10)
  }
  // F_Y and F_X, [B, 1, N, .].
  Filters filters(const Tensor& window) const {
    const auto [y, x, distance, deviation, intensity] = chunk<5>(window, 1);
    const Tensor half = distance * (0.5 * static_cast<double>(size_ - 1));
    return {gaussian_mask({y - half, distance, deviation}, size_, height_),
            gaussian_mask({x - half, distance, deviation}, size_, width_)};  // (11)
  }
  static Tensor intensity(const Tensor& window) { return slice(window, 1, 4); }  // γ [B, 1]

 private:
  int64_t size_, height_, width_;
  Linear numbers_;
};

class Draw final : public Module {
 public:
  struct State {
    fovea::State encoder{}, decoder{};
    Tensor canvas{};                       // c_t
    Tensor latent_loss{};                  // L_z of the steps so far
    Tensor read_window{}, write_window{};  // [B, 5]; undefined without attention
    template <class Visit>
    void tensors(Visit&& visit) {
      visit("encoder", encoder), visit("decoder", decoder), visit("canvas", canvas, 0);
      visit("latent_loss", latent_loss, 0), visit("read_window", read_window, 0);
      visit("write_window", write_window, 0);
    }
  };

  explicit Draw(const DrawOptions& options, Generator& generator = default_generator());
  void members(Members& m) override;

  State initial_state(int64_t batch) const;
  Stepped<State> step(const Tensor& x, const State& before, Generator& generator) const {
    check_step(x, before);
    State now = before;
    const Tensor error = x - sigmoid(before.canvas);                                 // (1) [B, H, W]
    const Tensor r = read(x, error, now);                                            // (2)
    const auto y = (*encoder_)(cat({r, before.decoder.hidden}, 1), before.encoder);  // (3) [B, hidden]
    const auto [mean, log_deviation] = chunk<2>(latent_(y.output), 1);               // (4) [B, Z]
    const Tensor deviation = exp(log_deviation);                                     // (4) [B, Z]
    const Tensor noise = normal(mean.shape(), 0, 1, generator, mean.dtype());        // ε [B, Z]
    const Tensor terms = square(mean) + square(deviation) - log_deviation * 2.0 - 1.0;
    now.encoder = y.state;
    now.latent_loss = before.latent_loss + sum(terms, 1) * 0.5;  // (8) [B]
    return decode(mean + deviation * noise, std::move(now));
  }
  // (5), (6): what a latent z [B, Z] adds to the canvas.
  Stepped<State> decode(const Tensor& z, State state) const {
    const auto y = (*decoder_)(z, state.decoder);  // (5) [B, hidden]
    state.decoder = y.state;
    state.canvas = state.canvas + write(y.output, state);  // (6) [B, H, W]
    return {state.canvas, state};
  }

  // All T steps of x [B, H, W]. `trace` becomes the state after each, off the tape.
  State operator()(const Tensor& x, Generator& generator, std::vector<State>* trace = nullptr) const;
  DrawLoss loss(const Tensor& x, Generator& generator) const {
    const State last = (*this)(x, generator);
    return {sum(binary_cross_entropy_with_logits(last.canvas, x, Reduction::none), {1, 2}), last.latent_loss};  // (7)
  }
  // Images drawn from nothing: their probabilities σ(c_T), [B, H, W].
  Tensor generate(int64_t batch, Generator& generator, std::vector<State>* trace = nullptr) const;

  const DrawOptions& options() const { return options_; }
  Parameter canvas;  // c_0 [H, W], 0 at first: the logits of a mean image are a good start

 private:
  Tensor read(const Tensor& x, const Tensor& error, State& state) const;
  Tensor write(const Tensor& hidden, State& state) const;
  void check_step(const Tensor& x, const State& state) const;

  DrawOptions options_;
  Box<Cell> encoder_, decoder_;
  Linear latent_, patch_;
  std::optional<DrawWindow> reader_, writer_;
};

}  // namespace fovea
