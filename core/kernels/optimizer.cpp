// Each rule is the update of one element; sweep applies it to whole vectors. The rest of an array goes through the same
// code in a padded buffer, so an element's value depends neither on its position nor on where a thread's share ends.
#include <fovea/core/kernels/loops.h>
#include <fovea/core/kernels/optimizer.h>
#include <fovea/core/kernels/vector_math.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace fovea::kernels {
namespace {

template <class T>
T without_denormal(T x) {
  return std::abs(x) < std::numeric_limits<T>::min() ? T(0) : x;
}

// Without b the momentum is 0.
template <class T, bool nesterov>
struct SgdRule {
  explicit SgdRule(const SgdStep& s)
      : lr(T(s.lr)),
        mu(T(s.momentum)),
        keep(T(s.first ? 0 : s.momentum)),
        gain(T(s.first ? 1 : 1 - s.dampening)),
        wd(T(s.weight_decay)) {}
  void operator()(T& theta, T g) const { theta -= lr * (g + wd * theta); }
  void operator()(T& theta, T g, T& b) const {
    g += wd * theta;
    b = without_denormal(keep * b + gain * g);
    theta -= lr * (nesterov ? g + mu * b : b);
  }
  T lr, mu, keep, gain, wd;
};

template <class T>
struct AdamRule {
  explicit AdamRule(const AdamStep& s)
      : rate(T(s.rate)),
        correction(T(s.correction)),
        beta1(T(s.beta1)),
        beta2(T(s.beta2)),
        rest1(T(1 - s.beta1)),
        rest2(T(1 - s.beta2)),
        eps(T(s.eps)),
        wd(T(s.weight_decay)),
        shrink(T(s.shrink)) {}
  void operator()(T& theta, T g, T& m, T& v) const {
    const T old = theta * shrink;
    g += wd * old;
    m = without_denormal(beta1 * m + rest1 * g);
    v = without_denormal(beta2 * v + rest2 * g * g);
    theta = old - rate * m / (std::sqrt(v) * correction + eps);
  }
  T rate, correction, beta1, beta2, rest1, rest2, eps, wd, shrink;
};

// Which of mean and b exist is known when compiling.
template <class T, bool centered, bool momentum>
struct RmspropRule {
  explicit RmspropRule(const RmspropStep& s)
      : lr(T(s.lr)), alpha(T(s.alpha)), rest(T(1 - s.alpha)), eps(T(s.eps)), mu(T(s.momentum)), wd(T(s.weight_decay)) {}
  void update(T& theta, T g, T& v, T* mean, T* b) const {
    g += wd * theta;
    v = without_denormal(alpha * v + rest * g * g);
    T spread = v;
    if constexpr (centered) {
      *mean = without_denormal(alpha * *mean + rest * g);
      spread = v - *mean * *mean;
      spread = spread < 0 ? T(0) : spread;  // rounding alone can make it negative
    }
    T move = g / (std::sqrt(spread) + eps);
    if constexpr (momentum) move = *b = without_denormal(mu * *b + move);
    theta -= lr * move;
  }
  void operator()(T& theta, T g, T& v) const { update(theta, g, v, nullptr, nullptr); }
  void operator()(T& theta, T g, T& v, T& other) const {
    update(theta, g, v, centered ? &other : nullptr, centered ? nullptr : &other);
  }
  void operator()(T& theta, T g, T& v, T& mean, T& b) const { update(theta, g, v, &mean, &b); }
  T lr, alpha, rest, eps, mu, wd;
};

template <class T>
struct GravesRule {
  explicit GravesRule(const GravesStep& s)
      : lr(T(s.lr)), decay(T(s.decay)), rest(T(1 - s.decay)), mu(T(s.momentum)), eps(T(s.eps)) {}
  void operator()(T& theta, T g, T& square, T& mean, T& delta) const {
    square = without_denormal(decay * square + rest * g * g);
    mean = without_denormal(decay * mean + rest * g);
    const T spread = square - mean * mean;
    delta = without_denormal(mu * delta - lr * g / std::sqrt((spread < 0 ? T(0) : spread) + eps));
    theta += delta;
  }
  T lr, decay, rest, mu, eps;
};

// `blocks` vectors of elements; each state array in step with theta.
template <class T, class Rule, class... State>
[[gnu::noinline]] void sweep(int64_t blocks, const Rule& given, const T* g, T* theta, State*... state) {
  const Rule rule = given;
  const int64_t n = blocks * vm::kWidth<T>;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) rule(theta[i], g[i], state[i]...);
}

// A vector that holds the last n elements of an array, and puts them back at the end.
template <class T>
struct Padded {
  Padded(T* source, int64_t n) : to(source), count(n) { std::copy_n(source, n, values); }
  ~Padded() { std::copy_n(values, count, to); }
  Padded(const Padded&) = delete;
  Padded& operator=(const Padded&) = delete;
  alignas(64) T values[vm::kWidth<T>] = {};
  T* to;
  int64_t count;
};

template <class T, class Rule, class... State>
void sweep_rest(int64_t n, const Rule& rule, const T* g, T* theta, State*... state) {
  alignas(64) T gradient[vm::kWidth<T>] = {};
  std::copy_n(g, n, gradient);
  const auto run = [&](auto&&... padded) { sweep<T>(1, rule, gradient, padded.values...); };
  run(Padded<T>(theta, n), Padded<T>(state, n)...);
}

template <class T, class Rule, class... State>
void apply(int64_t n, const Rule& rule, const void* g, void* theta, State*... state) {
  constexpr int64_t width = vm::kWidth<T>;
  parallel_for(n, kGrain, [&](int64_t begin, int64_t end) {
    const int64_t blocks = (end - begin) / width;
    const int64_t rest = begin + blocks * width;
    const T* gradient = static_cast<const T*>(g);
    T* parameter = static_cast<T*>(theta);
    if (blocks > 0) sweep<T>(blocks, rule, gradient + begin, parameter + begin, (static_cast<T*>(state) + begin)...);
    if (rest < end)
      sweep_rest<T>(end - rest, rule, gradient + rest, parameter + rest, (static_cast<T*>(state) + rest)...);
  });
}

template <class T>
double sum_of_squares(int64_t n, const T* x, double factor) {
  constexpr int lanes = 8;
  double sums[lanes] = {};
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
#pragma omp simd
    for (int j = 0; j < lanes; ++j) {
      const double value = static_cast<double>(x[i + j]) * factor;
      sums[j] += value * value;
    }
  }
  for (int j = 0; i < n; ++i, ++j) {
    const double value = static_cast<double>(x[i]) * factor;
    sums[j] += value * value;
  }
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace

void sgd_step(DType dtype, int64_t n, void* theta, const void* g, void* b, const SgdStep& step) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    if (b == nullptr) return apply<T>(n, SgdRule<T, false>(step), g, theta);
    if (step.nesterov) return apply<T>(n, SgdRule<T, true>(step), g, theta, b);
    apply<T>(n, SgdRule<T, false>(step), g, theta, b);
  });
}

void adam_step(DType dtype, int64_t n, void* theta, const void* g, void* m, void* v, const AdamStep& step) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    apply<T>(n, AdamRule<T>(step), g, theta, m, v);
  });
}

void rmsprop_step(DType dtype, int64_t n, void* theta, const void* g, void* v, void* mean, void* b,
                  const RmspropStep& step) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    if (mean != nullptr && b != nullptr) return apply<T>(n, RmspropRule<T, true, true>(step), g, theta, v, mean, b);
    if (mean != nullptr) return apply<T>(n, RmspropRule<T, true, false>(step), g, theta, v, mean);
    if (b != nullptr) return apply<T>(n, RmspropRule<T, false, true>(step), g, theta, v, b);
    apply<T>(n, RmspropRule<T, false, false>(step), g, theta, v);
  });
}

void graves_step(DType dtype, int64_t n, void* theta, const void* g, void* square, void* mean, void* delta,
                 const GravesStep& step) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    apply<T>(n, GravesRule<T>(step), g, theta, square, mean, delta);
  });
}

double sum_of_squares(DType dtype, int64_t n, const void* x, double factor) {
  return dispatch_floating(dtype, [&](auto zero) {
    const auto* values = static_cast<const decltype(zero)*>(x);
    if (n <= kGrain) return sum_of_squares(n, values, factor);
    std::vector<double> parts(static_cast<size_t>((n + kGrain - 1) / kGrain));
    parallel_for(n, kGrain, [&](int64_t begin, int64_t end) {
      parts[static_cast<size_t>(begin / kGrain)] = sum_of_squares(end - begin, values + begin, factor);
    });
    double total = 0;
    for (const double part : parts) total += part;
    return total;
  });
}

double largest_magnitude(DType dtype, int64_t n, const void* x) {
  return dispatch_floating(dtype, [&](auto zero) {
    const auto* values = static_cast<const decltype(zero)*>(x);
    double largest = 0;
    for (int64_t i = 0; i < n; ++i) {
      const double magnitude = std::abs(static_cast<double>(values[i]));
      if (!(magnitude <= largest)) largest = magnitude;
      if (std::isnan(largest)) break;
    }
    return largest;
  });
}

void clamp_magnitude(DType dtype, int64_t n, void* x, double limit) {
  dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    T* values = static_cast<T*>(x);
    const T high = static_cast<T>(limit);
    parallel_for(n, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) values[i] = std::min(std::max(values[i], -high), high);
    });
  });
}

}  // namespace fovea::kernels
