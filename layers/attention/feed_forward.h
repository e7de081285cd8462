// Feed-forward attention. Raffel & Ellis 2015, "Feed-Forward Networks with Attention Can Solve Some Long-Term Memory
// Problems", arXiv 1512.08756.
//
//   h_t = LReLU(W_xh x_t + b_xh)                                                 (1)
//   e_t = tanh(w_hc · h_t + b_hc);   unbounded: e_t = w_hc · h_t                 (2)
//   α   = softmax_t(e)                                                           (3)
//   c   = Σ_t α_t h_t;   unweighted: c = mean_t h_t                              (4)
//   s   = LReLU(W_cs c + b_cs)                                                   (5)
//   y   = LReLU(W_sy s + b_sy)                                                   (6)
//
//   symbol   shape        meaning
//   x_t      [B, T, I]    input
//   h_t      [B, T, D]    state, of one step alone
//   α        [B, T]       weights; under tanh any two differ by a factor of e² at most, since |e_t| <= 1
//   c, s     [B, D]       summary
//   y        [B]          answer
//
// No recurrence and no order: y is the same for any order of the steps. LReLU has slope 0.01; W ~ N(0, 2 / inputs)
// (He), w_hc ~ N(0, 1 / D), biases 0. Steps past a length count neither in (3) nor in (4); the paper's code let them
// count. The paper leaves the score open and takes the tanh in its experiments; without it a weight can be all.
#pragma once

#include <fovea/layers/attention/mask.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/init.h>
#include <fovea/layers/module.h>

#include <cmath>

namespace fovea {

// (2) to (4): one vector for a sequence.
class FeedForwardAttention final : public Module {
 public:
  explicit FeedForwardAttention(int64_t size, Generator& generator = default_generator(), bool bounded = true)
      : weight(normal({1, size}, 0, 1 / std::sqrt(static_cast<double>(size)), generator)), bounded_(bounded) {
    if (bounded) bias = Parameter(zeros({1}));  // linear scores would all move alike
  }
  void members(Members& m) override { m("weight", weight)("bias", bias); }

  // h [B, T, D], mask as in mask.h -> c [B, D].
  Tensor operator()(const Tensor& h, const Tensor& mask = {}) const {
    const Tensor score = linear(h, weight, bias);                                              // (2) [B, T, 1]
    const Tensor e = observed_scores(*this, transpose(bounded_ ? tanh(score) : score, 1, 2));  // (2) [B, 1, T]
    const Tensor alpha = observed_weights(*this, softmax(e, -1, mask));                        // (3) [B, 1, T]
    return squeeze(matmul(alpha, h), 1);                                                       // (4) [B, D]
  }

  Parameter weight, bias;  // w_hc, b_hc; no bias where scores are unbounded

 private:
  bool bounded_;
};

struct FeedForwardAttentionOptions {
  int64_t input_size;         // I
  int64_t hidden_size = 100;  // D
  bool unweighted = false;    // the baseline: a mean in place of attention
  bool bounded = true;        // the tanh of (2)
};

class FeedForwardAttentionNetwork final : public Module {
 public:
  explicit FeedForwardAttentionNetwork(const FeedForwardAttentionOptions& options,
                                       Generator& generator = default_generator())
      : input_(options.input_size, options.hidden_size, generator),
        summary_(options.hidden_size, options.hidden_size, generator),
        output_(options.hidden_size, 1, generator) {
    if (!options.unweighted) attention_.emplace(options.hidden_size, generator, options.bounded);
  }
  void members(Members& m) override {
    m("input", input_)("attention", attention_)("summary", summary_)("output", output_);
  }

  // x [B, T, I], lengths i64 [B] or undefined -> y [B].
  Tensor operator()(const Tensor& x, const Tensor& lengths = {}) const {
    Tensor mask, input = x;
    if (lengths.defined()) {
      mask = padding_mask(lengths, x.size(1));
      input = where(transpose(mask, 1, 2), x, scalar(0, x.dtype()));  // what lies past a length is not looked at
    }
    const Tensor h = input_(input);                                           // (1) [B, T, D]
    const Tensor c = attention_ ? (*attention_)(h, mask) : mean_of(h, mask);  // (2)-(4) [B, D]
    return squeeze(output_(summary_(c)), -1);                                 // (5), (6) [B]
  }

 private:
  // A linear layer under LReLU with He's initial values.
  struct Layer final : Module {
    Layer(int64_t in, int64_t out, Generator& generator)
        : weight(init::kaiming_normal({out, in}, generator)), bias(zeros({out})) {}
    void members(Members& m) override { m("weight", weight)("bias", bias); }
    Tensor operator()(const Tensor& x) const { return leaky_relu(linear(x, weight, bias), 0.01); }
    Parameter weight, bias;
  };

  // softmax of equal scores is the mean over what the mask keeps.
  static Tensor mean_of(const Tensor& h, const Tensor& mask) {
    const Tensor uniform_weights = softmax(zeros({h.size(0), 1, h.size(1)}, h.dtype()), -1, mask);
    return squeeze(matmul(uniform_weights, h), 1);
  }

  Layer input_;
  std::optional<FeedForwardAttention> attention_;
  Layer summary_, output_;
};

}  // namespace fovea
