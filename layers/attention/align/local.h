// Local attention: a window of the keys. Luong, Pham, Manning 2015, arXiv 1508.04025, section 3.2.
//
//   local-m   p_t = t                                                            (1)
//   local-p   p_t = (T - 1) σ(v_pᵀ tanh(W_p h_t))                                (2)
//   align     a(s) = softmax of the scores over the s within D of p_t            (3)
//   local-p   a_t(s) = a(s) exp(-(s - p_t)² / (2 σ_w²)),   σ_w = D / 2           (4)
//
//   symbol   shape           meaning
//   h_t      [B, Tq, Dq]     query
//   p_t      [B, Tq, 1]      centre of the window, cut to [0, T - 1]
//   T        [B, Tq, 1]      number of keys up to the last that may be attended
//   D                        half the width of the window, 10 in the paper
//   W_p      [P, Dq]         U(-1/√Dq, 1/√Dq) at the start
//   v_p      [P]             U(-1/√P, 1/√P)
//
// Positions count from 0, hence T - 1 in (2) where the paper has T. The window of local-p stands around the nearest
// whole number to p_t and is not differentiated; p_t learns through (4) alone. (4) is not normalised again, as in the
// paper.
#pragma once

#include <fovea/layers/attention/align/align.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/init.h>

namespace fovea {

class LocalMonotonic final : public AlignTo<Weights> {
 public:
  explicit LocalMonotonic(double half_width = 10)
      : half_width_(checked_positive("LocalMonotonic", "half_width", half_width)) {}

  Weights weigh(const AlignInput& in) const override {
    const Tensor t = arange(0, in.scores.size(1), 1, in.scores.dtype());
    const Tensor own = reshape(t + static_cast<double>(in.offset), {1, in.scores.size(1), 1});
    const Tensor centre = minimum(own, last_position(in));                      // (1) [B, Tq, 1]
    const Tensor window = window_mask(centre, in.scores.size(2), half_width_);  // [B, Tq, Tk]
    return {softmax(in.scores, -1, both_masks(in.mask, window))};               // (3) [B, Tq, Tk]
  }

 private:
  double half_width_;  // D
};

class LocalPredictive final : public AlignTo<Weights> {
 public:
  LocalPredictive(int64_t query_size, int64_t width, double half_width = 10, Generator& generator = default_generator())
      : half_width_(checked_positive("LocalPredictive", "half_width", half_width)) {
    check_sizes("LocalPredictive", {{"query_size", query_size}, {"width", width}});
    weight = Parameter(init::uniform_fan({width, query_size}, query_size, generator));
    v = Parameter(init::uniform_fan({width}, width, generator));
  }
  void members(Members& m) override { m("weight", weight)("v", v); }

  // The centres of the windows, [B, Tq, 1].
  Tensor centre(const AlignInput& in) const {
    if (!in.query.defined()) throw ShapeError("LocalPredictive: no query; the centre is predicted from it");
    const Tensor where_to = matmul(tanh(linear(in.query, weight)), unsqueeze(v, 1));  // [B, Tq, 1]
    return last_position(in) * sigmoid(where_to);                                     // (2) [B, Tq, 1]
  }
  Weights weigh(const AlignInput& in) const override {
    const DType dtype = in.scores.dtype();
    const Tensor p = centre(in);
    const Tensor nearest = to(to(p.detach() + 0.5, i64), dtype);
    const Tensor window = window_mask(nearest, in.scores.size(2), half_width_);
    const Tensor a = softmax(in.scores, -1, both_masks(in.mask, window));  // (3) [B, Tq, Tk]
    const Tensor s = arange(0, in.scores.size(2), 1, dtype);
    const double deviation = half_width_ / 2;
    return {a * exp(square(s - p) * (-0.5 / (deviation * deviation)))};  // (4) [B, Tq, Tk]
  }

  Parameter weight, v;  // W_p, v_p

 private:
  double half_width_;  // D
};

}  // namespace fovea
