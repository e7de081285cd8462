// What teaches an attention that draws: the score-function estimator (autograd/score_function.h) over the steps of an
// answer. Xu et al. 2015, arXiv 1502.03044, section 4.1.
//
//   r_t = log p(y_t)                                                             (1)
//   R_t = Σ_{k >= t} γ^{k - t} r_k                                               (2)
//   L   = mean_t [ -log p(y_t) - λ sg(R_t - b_t) log α_{t, s_t} - μ H(α_t) ]     (3)
//
//   b   none               0
//       moving             a running mean of R over all steps
//       leave-one-out      the mean R_t of the other draws for the same string; `draws` rows a string
//
// Shapes: r, R, b [B, U]; the rows of a string stand `batch / draws` apart.
#pragma once

#include <fovea/autograd/score_function.h>
#include <fovea/layers/seq2seq/sequence_model.h>

#include <string>
#include <utility>
#include <vector>

#include "examples/reverse/task.h"

namespace fovea::examples {

struct HardOptions {
  std::string baseline = "moving";  // none, moving, leave-one-out
  int64_t draws = 2;                // of leave-one-out
  double discount = 0;              // γ
  double weight = 1;                // λ
  double entropy = 0;               // μ
};

// Strings for one update: those of a batch, each `draws` times where the baseline wants it.
Strings repeated(const Strings& strings, const HardOptions& options);

// (3); its last two terms only where the attention drew. `running` is the moving baseline so far, and is updated. Added
// is the entropy of the weights times `sharpen`, which makes a soft attention decide for one letter: what it has given
// it knows, so a share of the weight left on that would cost it nothing.
Tensor answer_loss(const SequenceOutput& output, const Tensor& target, const HardOptions& options, double& running,
                   double sharpen = 0);

// The variance of the gradient of (3) by `watched` under each baseline: the sum over all elements, from `count`
// gradients of one batch of strings.
std::vector<std::pair<std::string, double>> gradient_variance(const SequenceModel& model,
                                                              const std::vector<Tensor>& watched,
                                                              const Strings& strings, const HardOptions& options,
                                                              int64_t count, Generator generator);

}  // namespace fovea::examples
