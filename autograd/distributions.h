// Distributions to draw from and learn: Categorical, Bernoulli, Normal.
//   sample(generator)    a draw; no gradient
//   log_prob(x)          the logarithm of its probability (density), with gradients to the parameters
//   entropy()            in nats
//   rsample(generator)   of Normal: a draw with a gradient (reparameterised: Kingma & Welling 2013, arXiv 1312.6114)
// Discrete draws learn through score_function.h. All work elementwise over leading dimensions.
// Errors: DTypeError for parameters that are not floating; ValueError for a deviation that is not above 0; ShapeError,
// IndexError from the ops for values that do not fit. Logits may be infinite where the probabilities exist: -inf for a
// class that is never drawn.
#pragma once

#include <fovea/core/random.h>
#include <fovea/core/tensor.h>

namespace fovea {

// One of K classes: p_i = e^{l_i} / Σ_j e^{l_j} over the last dimension; where the mask is false p_i = 0, whatever l_i
// holds. A row that is masked wholly has no class to draw: sample gives 0, log_prob and entropy are 0.
class Categorical {
 public:
  explicit Categorical(const Tensor& logits, const Tensor& mask = {});  // [..., K]
  Tensor sample(Generator& generator = default_generator()) const;      // i64 [...]
  Tensor mode() const;                                                  // i64 [...], the most probable class
  Tensor log_prob(const Tensor& classes) const;                         // i64 [...] -> [...]
  Tensor entropy() const;                                               // [...]
  const Tensor& log_probabilities() const { return log_p_; }            // [..., K], -inf where masked

 private:
  Tensor logits_, mask_, log_p_;
  Tensor any_;  // bool [...]: some class may be drawn; undefined without a mask
};

// 1 with probability σ(l), else 0, each element on its own.
class Bernoulli {
 public:
  explicit Bernoulli(const Tensor& logits);
  Tensor sample(Generator& generator = default_generator()) const;  // of the logits' type and shape
  Tensor log_prob(const Tensor& x) const;                           // ln σ(l) of 1, ln σ(-l) of 0
  Tensor entropy() const;                                           // softplus(l) - l σ(l)

 private:
  Tensor logits_;
};

// N(mean, deviation²), each element on its own; the two broadcast.
class Normal {
 public:
  Normal(const Tensor& mean, const Tensor& deviation);
  Tensor sample(Generator& generator = default_generator()) const;
  Tensor rsample(Generator& generator = default_generator()) const;  // mean + deviation ε
  Tensor log_prob(const Tensor& x) const;  // -((x - mean) / deviation)² / 2 - ln deviation - ln √(2π)
  Tensor entropy() const;                  // 1/2 + ln √(2π) + ln deviation

 private:
  Tensor mean_, deviation_;
};

// Noise with P(g < x) = exp(-exp(-x)): argmax_i (l_i + g_i) is a draw from softmax(l).
Tensor gumbel(const Shape& shape, Generator& generator, DType dtype = DType::f32);

}  // namespace fovea
