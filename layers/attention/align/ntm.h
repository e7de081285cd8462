// NTM addressing: where to go next, from where the content is and from where the focus was. Graves, Wayne, Danihelka
// 2014, "Neural Turing Machines", arXiv 1410.5401, section 3.3; equation numbers are the paper's.
//
//   w^c = softmax(e),   e = β cos(k, M(i)) in the paper                          (5), (6)
//   w^g = g w^c + (1 - g) w_{t-1}                                                (7)
//   w~(i) = Σ_j w^g(j) s((i - j) mod N)                                          (8)
//   w(i) = w~(i)^γ / Σ_j w~(j)^γ                                                 (9)
//   [g ; s ; γ] = [σ ; softmax ; 1 + softplus](W q + b)
//
//   symbol   shape             meaning
//   e        [B, Tq, N]        scores, of any score; cosine.h is the paper's
//   q        [B, Tq, Dq]       query; W [K + 2, Dq] and b as those of a Linear
//   g, γ     [B, Tq, 1]        gate between content and focus; sharpness
//   s        [B, Tq, K]        shifts -S .. S, K = 2S + 1
//   w        [B, Tq, N]        weights; w_{t-1} are those of the query before, or `previous`
//
// The first query of all has no focus before it: (7) is w^c there. Masked slots are 0 in (6) and (9). The heads of a
// Neural Turing Machine, whose parameters their controller gives at once, do the same in the fused op `ntm_address`
// (autograd/ntm.h, parameters in the order key, strength, gate, shifts, sharpening):
//   NtmAlign::of_heads(parameters, memory, previous).weights
// Errors: ShapeError without a query; ValueError for sizes. Cost: B Tq N K.
#pragma once

#include <fovea/autograd/ntm.h>
#include <fovea/layers/attention/align/align.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/linear.h>

#include <limits>

namespace fovea {

class NtmAlign final : public AlignTo<Weights> {
 public:
  explicit NtmAlign(int64_t query_size, int64_t shift = 1, Generator& generator = default_generator())
      : parameters(query_size, 2 + 2 * shift + 1, true, generator) {
    check_sizes("NtmAlign", {{"shifts", 2 * shift + 1}});
  }
  void members(Members& m) override { m("parameters", parameters); }

  // (7) to (9) from content weights w^c [B, H, N], for H queries of one step.
  static Tensor moved(const Tensor& content, const Tensor& previous, const Tensor& gate, const Tensor& shift,
                      const Tensor& sharpness, const Tensor& mask = {}) {
    const Tensor mixed = previous.defined() ? gate * content + (1.0 - gate) * previous : content;  // (7) [B, H, N]
    const Tensor shifted = clamp(circular_convolution(mixed, shift), 0, std::numeric_limits<double>::infinity());
    return softmax(sharpness * log(shifted + 1e-12), -1, mask);  // (8), (9) [B, H, N]
  }
  Weights weigh(const AlignInput& in) const override {
    if (!in.query.defined()) throw ShapeError("NtmAlign: no query; gate, shifts and sharpness are made from it");
    const int64_t steps = in.scores.size(1), shifts = parameters.weight->size(0) - 2;
    const std::vector<Tensor> part = split(parameters(in.query), {1, shifts, 1}, -1);
    const Tensor g = sigmoid(part[0]), s = softmax(part[1], -1), gamma = 1.0 + softplus(part[2]);
    const Tensor content = softmax(in.scores, -1, in.mask);  // (5), (6) [B, Tq, N]
    const Tensor mask = in.mask.defined() ? expand(in.mask, in.scores.shape()) : in.mask;
    std::vector<Tensor> weights;
    Tensor before = in.previous.defined() ? unsqueeze(in.previous, 1) : Tensor();  // w_{t-1} [B, 1, N]
    for (int64_t t = 0; t < steps; ++t) {
      const auto at = [t](const Tensor& x) { return x.defined() ? slice(x, 1, t, t + 1) : x; };
      before = moved(at(content), before, at(g), at(s), at(gamma), at(mask));
      weights.push_back(before);
    }
    return {weights.empty() ? content : cat(weights, 1)};
  }

  // (5) to (9), fused: parameters [B, H, M + K + 3], memory [B, M, N], previous [B, H, N] -> weights [B, H, N].
  // The four stages are reported to a WeightCollector under `name`.
  static Weights of_heads(const Tensor& parameters, const Tensor& memory, const Tensor& previous,
                          std::string_view name = {}) {
    if (collecting_traces()) {
      const NtmStages stages = plain_ntm_address(parameters, memory, previous);
      const std::string at = std::string(name) + ".";
      report_trace(at + "content", stages.content), report_trace(at + "interpolated", stages.interpolated);
      report_trace(at + "shifted", stages.shifted), report_trace(at + "sharpened", stages.sharpened);
    }
    return {ntm_address(parameters, memory, previous)};
  }
  // M + K + 3, for slots of width M and shifts -S .. S.
  static int64_t head_size(int64_t width, int64_t shift) { return width + 3 + 2 * shift + 1; }

  Linear parameters;  // W, b
};

}  // namespace fovea
