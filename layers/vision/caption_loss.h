// What teaches a Captioner, soft or hard. Xu et al. 2015, "Show, Attend and Tell", arXiv 1502.03044, sections 4.1 and
// 4.2.
//
//   soft   L = -Σ_t log p(y_t) + λ Σ_i (1 - Σ_t α_{ti})² + μ Σ_t H(α_t)                                      (1)
//   hard   L = -Σ_t log p(y_t) - λ_r Σ_t sg(R_t - b) log α_{t,s_t} - λ_e Σ_t H(α_t), and (1)'s two terms      (2)
//          R_t = Σ_{k >= t} γ^{k - t} log p(y_k)                                                             (3)
//          b   = 0.9 b + 0.1 mean R_t, of the updates before this one                                        (4)
//
//   symbol   shape        meaning
//   y        i64 [B, U]   the caption, its end mark included; past that CrossEntropyOptions' ignore_index
//   α        [B, U, L]    weights
//   R        [B, U]       reward of the draws: what it was told from here on; γ = 0: of the word itself
//
// sg stops the gradient: the reward of a draw is a number. A step that read its expectation drew nothing: its
// log-probability is 0, and its gradient passes through α. λ's term asks that every place gets as much attention as any
// other over the whole caption; its gradient passes where α has one. μ's, which is not the paper's, makes the weights
// of each word decide: what a decoder has seen once it knows, so a share of the weight left there costs it nothing. All
// of (1) and (2) is divided by the number of words, the end marks included. The paper's reward is that of the whole
// caption; a draw changes what comes after it only, so (3) has its mean at γ = 1 and less variance. Errors: ShapeError,
// DTypeError for a target that does not fit; ValueError for one without a word; those of surrogate_loss.
#pragma once

#include <fovea/autograd/score_function.h>
#include <fovea/layers/seq2seq/sequence_model.h>

namespace fovea {

struct CaptionLossOptions {
  double doubly = 0;        // λ; the paper's 1 is for captions that need many places
  double score_weight = 1;  // λ_r
  double entropy = 0;       // λ_e
  double discount = 0;      // γ
  double sharpen = 0;       // μ
};

// H(α) = -Σ_i α_i log α_i, [B, U, L] -> [B, U].
inline Tensor weights_entropy(const Tensor& weights) { return neg(sum(weights * log(weights + 1e-8), -1)); }

// `baseline` is read, then takes these rewards in; where the attention drew, or could have drawn.
inline Tensor caption_loss(const SequenceOutput& output, const Tensor& target, const CaptionLossOptions& o,
                           MovingBaseline& baseline) {
  constexpr int64_t padding = CrossEntropyOptions{}.ignore_index;
  const Tensor surprise = cross_entropy(output.logits, target, {.reduction = Reduction::none});  // -log p [B, U]
  const Tensor valid = ne(target, static_cast<double>(padding));
  const double words = sum(to(valid, f64)).item();
  if (words == 0) throw ValueError("caption_loss: the target " + describe(target) + " has no word; need at least one");
  Tensor loss = sum(surprise) / words;  // (1), (2)
  if (o.doubly > 0 && output.weights.defined()) {
    const Tensor seen =
        sum(where(unsqueeze(valid, 2), output.weights, scalar(0, output.weights.dtype())), 1);  // [B, L]
    loss = loss + sum(square(1 - seen)) * (o.doubly / words);                                   // (1)
  }
  if (o.sharpen > 0 && output.weights.defined()) {
    const Tensor entropy = output.entropy.defined() ? output.entropy : weights_entropy(output.weights);  // [B, U]
    loss = loss + sum(where(valid, entropy, scalar(0, entropy.dtype()))) * (o.sharpen / words);          // (1)
  }
  if (!output.log_probability.defined()) return loss;
  const Tensor reward = reward_to_go(neg(surprise), o.discount);  // (3) [B, U]
  const Tensor before = baseline(masked_select(reward, valid));   // (4)
  return loss +
         surrogate_loss(
             output.log_probability * o.score_weight, reward,
             {.baseline = before, .entropy = output.entropy, .entropy_weight = o.entropy, .mask = valid});  // (2)
}

}  // namespace fovea
