// What a trained reader answers with other weights than its own, and whether its weights agree with other measures of
// what a word is worth. Jain & Wallace 2019, arXiv 1902.10186; Wiegreffe & Pinter 2019, arXiv 1908.04626.
//
//   TVD(p, p') = 1/2 Σ |p - p'|                                    between answers, 0 to 1        (1)
//   JSD(α, α') = 1/2 KL(α | m) + 1/2 KL(α' | m), m = (α + α') / 2  between weights, 0 to ln 2      (2)
//   permuted     α' = α in another order, drawn anew
//   uniform      α' = 1 / T
//   adversarial  α' of the greatest JSD(α, α') with TVD(p, p') <= ε, by ascent from drawn weights
//   τ            Kendall's τ-b of α_t with |x_t · ∂p / ∂x_t|, p of the answer given, α held; and with
//                TVD(p, p without word t)
#pragma once

#include <fovea/autograd/backward.h>
#include <fovea/layers/attention/reader.h>
#include <fovea/optim/by_name.h>

#include <algorithm>
#include <cmath>

#include "examples/cloze/evaluation.h"

namespace fovea::examples {

struct ChangedWeights {
  int64_t permutations = 50, ascents = 200;
  double epsilon = 0.05;
};

inline Tensor total_variation(const Tensor& p, const Tensor& q) { return sum(abs(p - q), -1) * 0.5; }  // (1)

inline Tensor jensen_shannon(const Tensor& a, const Tensor& b) {  // (2)
  const Tensor m = (a + b) * 0.5;
  const auto kl = [&](const Tensor& x) { return sum(x * (log(x + 1e-12) - log(m + 1e-12)), -1); };
  return (kl(a) + kl(b)) * 0.5;
}

// Of two lists of equal length; ties count for neither side. NaN where a list is all ties.
inline double kendall_tau(const std::vector<float>& a, const std::vector<float>& b) {
  double agree = 0, of_a = 0, of_b = 0;
  const auto sign = [](float x) { return x > 0 ? 1 : x < 0 ? -1 : 0; };
  for (size_t i = 0; i < a.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      const int u = sign(a[i] - a[j]), v = sign(b[i] - b[j]);
      agree += u * v, of_a += u * u, of_b += v * v;
    }
  return agree / std::sqrt(of_a * of_b);
}

inline double median_of(std::vector<double> x) {
  if (x.empty()) return std::nan("");
  std::sort(x.begin(), x.end());
  return (x[(x.size() - 1) / 2] + x[x.size() / 2]) / 2;
}

// One story and its reader. All of it runs as a batch of one story or of many like it, so that nothing is padded.
class ChangedStory {
 public:
  ChangedStory(const Reader& reader, const Story& story) : reader_(reader), one_(batch_of({story})) {
    const NoGrad quiet;
    const WeightCollector collected;
    p_ = exp(log_p(reader, one_));                                                     // [1, E]
    weights_ = reshape(collected.weights().front().second.front(), {1, 1, length()});  // [1, 1, T]
    answer_ = argmax(p_, -1).item<int64_t>();
  }
  int64_t length() const { return one_.fields[0].size(1); }

  // p [N, E] with weights [N, 1, T] in place of the reader's.
  Tensor with_weights(const Tensor& weights) const {
    const AttentionHooks put({.weights = [&](const std::string&, const Tensor&) { return weights; }});
    return exp(log_p(reader_, repeated(weights.size(0))));
  }
  Tensor distance(const Tensor& p) const { return total_variation(p, p_); }  // [N]
  double share_same(const Tensor& p) const { return mean(to(eq(argmax(p, -1), argmax(p_, -1)), f64)).item(); }

  Tensor permuted(int64_t count, Generator& generator) const {
    std::vector<Tensor> rows;
    for (int64_t i = 0; i < count; ++i) rows.push_back(index_select(weights_, 2, permutation(length(), generator)));
    return cat(rows, 0);  // [N, 1, T]
  }
  Tensor uniform_weights() const { return full_like(weights_, 1 / static_cast<double>(length())); }

  // The greatest (2) that was met with (1) at most ε, from `starts` draws.
  double adversarial(const ChangedWeights& options, Generator& generator) const {
    const EnableGrad tape;
    const int64_t starts = 8;
    const Tensor scores = normal({starts, 1, length()}, 0, 1, generator).requires_grad_();
    const auto adam = make_optimizer("adam", {scores}, 0.2);
    double best = 0;
    for (int64_t i = 0; i < options.ascents; ++i) {
      const Tensor other = softmax(scores, -1), apart = reshape(jensen_shannon(other, weights_), {starts});
      const Tensor tvd = distance(with_weights(other));
      for (int64_t k = 0; k < starts; ++k)
        if (tvd.at({k}) <= options.epsilon) best = std::max(best, apart.at({k}));
      const Tensor loss = sum(relu(tvd - options.epsilon / 2) * 20.0 - apart);
      scores.set_grad(grad(loss, {scores})[0]);
      adam->step();
    }
    return best;
  }

  double tau_of_gradient() const {
    const EnableGrad tape;
    const AttentionHooks held({.weights = [](const std::string&, const Tensor& w) { return w.detach(); }});
    const Tensor table = named_parameters(reader_).at(0).second;  // of embeddings
    const Tensor words = embedding(table, one_.fields[0]).detach().requires_grad_();
    const Tensor p = exp(reader_(one_.fields[0], one_.fields[1], {}, {}, words));
    const Tensor by = grad(select(select(p, 0, 0), 0, answer_), {words})[0];
    return tau(abs(sum(by * words.detach(), -1)));
  }
  double tau_of_leaving_out() const {
    const NoGrad quiet;
    const int64_t T = length();
    std::vector<Tensor> without;
    for (int64_t t = 0; t < T; ++t)
      without.push_back(cat({slice(one_.fields[0], 1, 0, t), slice(one_.fields[0], 1, t + 1, T)}, 1));
    return tau(distance(exp(reader_(cat(without, 0), repeat(one_.fields[1], {T, 1})))));
  }

 private:
  Batch repeated(int64_t count) const {
    Batch many;
    for (const Tensor& field : {one_.fields[0], one_.fields[1]}) many.fields.push_back(repeat(field, {count, 1}));
    many.lengths.resize(2);
    return many;
  }
  double tau(const Tensor& worth) const {
    const auto list = [](const Tensor& x) { return grid_of(reshape(x, {1, x.numel()})).values; };
    return kendall_tau(list(weights_), list(worth));
  }

  const Reader& reader_;
  Batch one_;
  Tensor p_{}, weights_{};
  int64_t answer_ = 0;
};

// Medians over the stories of a test; percents of stories and permutations.
inline std::vector<std::pair<std::string, double>> changed_weights(const Reader& reader,
                                                                   const std::vector<Story>& stories,
                                                                   const ChangedWeights& options, Generator generator) {
  std::vector<double> permuted, uniform, apart, gradient, left_out;
  double permuted_same = 0, uniform_same = 0;
  for (const Story& story : stories) {
    const ChangedStory one(reader, story);
    const Tensor drawn = one.with_weights(one.permuted(options.permutations, generator));
    const Tensor alike = one.with_weights(one.uniform_weights());
    permuted.push_back(median(one.distance(drawn)).item()), permuted_same += one.share_same(drawn);
    uniform.push_back(one.distance(alike).item()), uniform_same += one.share_same(alike);
    apart.push_back(one.adversarial(options, generator));
    gradient.push_back(one.tau_of_gradient()), left_out.push_back(one.tau_of_leaving_out());
  }
  const double percent = 100 / static_cast<double>(stories.size());
  return {{"permuted_tvd", median_of(permuted)},     {"permuted_same_percent", permuted_same * percent},
          {"uniform_tvd", median_of(uniform)},       {"uniform_same_percent", uniform_same * percent},
          {"adversarial_jsd", median_of(apart)},     {"tau_gradient", median_of(gradient)},
          {"tau_leave_one_out", median_of(left_out)}};
}

}  // namespace fovea::examples
