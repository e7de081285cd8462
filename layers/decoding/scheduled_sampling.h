// Scheduled sampling: what a decoder is given as input while it is trained. Bengio, Vinyals, Jaitly, Shazeer 2015,
// arXiv 1506.03099.
//
//   y'_{t-1} = the true y_{t-1} with probability ε_i, else a draw from the model's p(y_{t-1} | ...)          (1)
//   linear           ε_i = max(ε, k - c i)                                       (2)
//   exponential      ε_i = k^i,                    k < 1                         (3)
//   inverse sigmoid  ε_i = k / (k + exp(i / k)),   k >= 1                        (4)
//
// i counts updates from 0. ε = 1 is teacher forcing. No gradient passes through a drawn token. Errors: ValueError.
#pragma once

#include <fovea/core/random.h>
#include <fovea/core/tensor.h>

namespace fovea {

double linear_decay(int64_t update, double k, double c, double floor);  // (2)
double exponential_decay(int64_t update, double k);                     // (3)
double inverse_sigmoid_decay(int64_t update, double k);                 // (4)

// (1), for one step: the true ids i64 [B], logits [B, V] of the step before, epsilon in [0, 1].
Tensor scheduled_input(const Tensor& ids, const Tensor& logits, double epsilon, Generator& generator);

}  // namespace fovea
