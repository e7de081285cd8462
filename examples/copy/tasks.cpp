#include "examples/copy/tasks.h"

#include <fovea/autograd/ops.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace fovea::examples {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Writes `bits` [B, n, C] into `rows` [B, T, D] from step `at` on, channel 0 on.
void place(const Tensor& rows, const Tensor& bits, int64_t at) {
  Tensor window = slice(slice(rows, 1, at, at + bits.size(1)), 2, 0, bits.size(2));
  window.copy_(bits);
}

void mark(const Tensor& rows, int64_t step, int64_t channel, double value = 1) {
  select(select(rows, 2, channel), 1, step).fill_(value);
}

void check_length(std::string_view task, int64_t length, int64_t least) {
  if (length < least)
    throw ValueError(std::string(task) + ": length " + std::to_string(length) + "; need at least " +
                     std::to_string(least));
}

// `max_length` times beyond / trained, rounded up.
int64_t in_proportion(int64_t max_length, int64_t beyond, int64_t trained) {
  return (max_length * beyond + trained - 1) / trained;
}

class Copy final : public Task {
 public:
  int64_t inputs() const override { return kBits + 1; }
  int64_t outputs() const override { return kBits; }
  int64_t max_length() const override { return 20; }
  std::vector<int64_t> test_lengths() const override { return {10, 20, 30, 50, 120}; }
  int64_t validation_length(int64_t max_length) const override { return in_proportion(max_length, 116, 20); }
  Bits make(int64_t batch, int64_t length, Generator& generator) const override {
    check_length("copy", length, min_length());
    const Tensor bits = bernoulli({batch, length, kBits}, 0.5, generator);
    Tensor input = zeros({batch, 2 * length + 1, kBits + 1});
    place(input, bits, 0);
    mark(input, length, kBits);
    return {input, bits, kNone};
  }

 private:
  static constexpr int64_t kBits = 8;
};

class RepeatCopy final : public Task {
 public:
  int64_t inputs() const override { return kBits + 2; }
  int64_t outputs() const override { return kBits + 1; }
  int64_t max_length() const override { return 10; }
  std::vector<int64_t> test_lengths() const override { return {5, 10, 20}; }
  int64_t validation_length(int64_t max_length) const override { return in_proportion(max_length, 14, 10); }
  Bits make(int64_t batch, int64_t length, Generator& generator) const override {
    check_length("repeat-copy", length, min_length());
    const int64_t repeats = generator.randint(1, kMostRepeats + 1);
    const Tensor bits = bernoulli({batch, length, kBits}, 0.5, generator);
    Tensor input = zeros({batch, length + 1 + length * repeats + 1, kBits + 2});
    place(input, bits, 0);
    // Repeats are uniform on 1..10: mean 5.5, variance 8.25.
    mark(input, length, kBits);
    mark(input, length, kBits + 1, (static_cast<double>(repeats) - 5.5) / std::sqrt(8.25));
    Tensor target = zeros({batch, length * repeats + 1, kBits + 1});
    for (int64_t r = 0; r < repeats; ++r) place(target, bits, r * length);
    mark(target, length * repeats, kBits);
    return {input, target, kNone};
  }

 private:
  static constexpr int64_t kBits = 8, kMostRepeats = 10;
};

class Recall final : public Task {
 public:
  int64_t inputs() const override { return kBits + 2; }
  int64_t outputs() const override { return kBits; }
  int64_t min_length() const override { return 2; }
  int64_t max_length() const override { return 6; }
  std::vector<int64_t> test_lengths() const override { return {2, 4, 6, 10, 15}; }
  int64_t validation_length(int64_t max_length) const override { return in_proportion(max_length, 8, 6); }
  Bits make(int64_t batch, int64_t items, Generator& generator) const override {
    check_length("recall", items, min_length());
    constexpr int64_t kItem = kVectors + 1;  // with its delimiter
    const Tensor bits = bernoulli({batch, items, kVectors, kBits}, 0.5, generator);
    const int64_t query = items * kItem;
    Tensor input = zeros({batch, query + kVectors + 2 + kVectors, kBits + 2});
    for (int64_t i = 0; i < items; ++i) {
      mark(input, i * kItem, kBits);
      place(input, select(bits, 1, i), i * kItem + 1);
    }
    mark(input, query, kBits + 1);
    mark(input, query + kVectors + 1, kBits + 1);
    Tensor target = empty({batch, kVectors, kBits});
    for (int64_t b = 0; b < batch; ++b) {
      const int64_t asked = generator.randint(0, items - 1);
      const Tensor own = select(bits, 0, b);
      Tensor window = slice(slice(select(input, 0, b), 0, query + 1, query + 1 + kVectors), 1, 0, kBits);
      window.copy_(select(own, 0, asked));
      select(target, 0, b).copy_(select(own, 0, asked + 1));
    }
    return {input, target, kNone};
  }

 private:
  static constexpr int64_t kBits = 6, kVectors = 3;
};

class NGrams final : public Task {
 public:
  int64_t inputs() const override { return 1; }
  int64_t outputs() const override { return 1; }
  int64_t min_length() const override { return kContext + 2; }
  int64_t max_length() const override { return 200; }
  std::vector<int64_t> test_lengths() const override { return {200}; }
  int64_t validation_length(int64_t max_length) const override { return max_length; }
  bool one_length() const override { return true; }
  // Input bits 1 .. n-1; targets bits 2 .. n. The optimum counts the same predictions.
  Bits make(int64_t batch, int64_t length, Generator& generator) const override {
    check_length("ngrams", length, min_length());
    Tensor input = empty({batch, length - 1, 1}), target = empty({batch, length - 1, 1});
    double optimum = 0;
    for (int64_t b = 0; b < batch; ++b) {
      const std::vector<int> bits = draw(length, generator, optimum);
      for (int64_t t = 0; t + 1 < length; ++t) {
        input.set({b, t, 0}, bits[static_cast<size_t>(t)]);
        target.set({b, t, 0}, bits[static_cast<size_t>(t + 1)]);
      }
    }
    return {input, target, optimum / static_cast<double>(batch)};
  }

 private:
  static constexpr int64_t kContext = 5;

  // A sequence from a table with P(1 | context) ~ Beta(1/2, 1/2), and the cost in bits of the Bayes-optimal predictor
  // P(1 | N1, N0) = (N1 + 1/2) / (N1 + N0 + 1) (Murphy 2012); the first bits are coin flips.
  static std::vector<int> draw(int64_t length, Generator& generator, double& optimum) {
    constexpr size_t kContexts = size_t{1} << kContext;
    std::vector<double> table(kContexts), ones(kContexts, 0), zeros(kContexts, 0);
    // The arcsine distribution: sin^2(pi u / 2) is Beta(1/2, 1/2).
    for (double& p : table) p = std::pow(std::sin(std::acos(-1.0) / 2 * generator.uniform()), 2);
    std::vector<int> bits;
    size_t context = 0;
    for (int64_t t = 0; t < length; ++t) {
      const bool warm = t >= kContext;
      const int bit = generator.uniform() < (warm ? table[context] : 0.5) ? 1 : 0;
      if (warm) {
        const double one = (ones[context] + 0.5) / (ones[context] + zeros[context] + 1);
        optimum -= std::log2(bit == 1 ? one : 1 - one);
        (bit == 1 ? ones : zeros)[context] += 1;
      } else if (t > 0) {
        optimum += 1;
      }
      bits.push_back(bit);
      context = ((context << 1) | static_cast<size_t>(bit)) & (kContexts - 1);
    }
    return bits;
  }
};

class Sort final : public Task {
 public:
  int64_t inputs() const override { return kBits + 2; }
  int64_t outputs() const override { return kBits; }
  int64_t min_length() const override { return 2; }
  int64_t max_length() const override { return 20; }
  std::vector<int64_t> test_lengths() const override { return {20}; }
  int64_t validation_length(int64_t max_length) const override { return in_proportion(max_length, 22, 20); }
  bool one_length() const override { return true; }
  // Answers are 4/5 of the vectors: 16 of 20.
  Bits make(int64_t batch, int64_t length, Generator& generator) const override {
    check_length("sort", length, min_length());
    const int64_t answers = std::max<int64_t>(1, length * 4 / 5);
    const Tensor bits = bernoulli({batch, length, kBits}, 0.5, generator);
    const Tensor priorities = uniform({batch, length}, -1, 1, generator);
    Tensor input = zeros({batch, length + 1 + answers, kBits + 2});
    place(input, bits, 0);
    slice(select(input, 2, kBits), 1, 0, length).copy_(priorities);
    mark(input, length, kBits + 1);
    const Tensor order = slice(argsort(priorities, 1, true), 1, 0, answers);  // [B, A]
    const Tensor index = contiguous(expand(unsqueeze(order, -1), {batch, answers, kBits}));
    return {input, gather(bits, 1, index), kNone};
  }

 private:
  static constexpr int64_t kBits = 8;
};

}  // namespace

std::unique_ptr<Task> make_task(std::string_view name) {
  if (name == "copy") return std::make_unique<Copy>();
  if (name == "repeat-copy") return std::make_unique<RepeatCopy>();
  if (name == "recall") return std::make_unique<Recall>();
  if (name == "ngrams") return std::make_unique<NGrams>();
  if (name == "sort") return std::make_unique<Sort>();
  throw ValueError("task \"" + std::string(name) + "\" is unknown; choose copy, repeat-copy, recall, ngrams or sort");
}

}  // namespace fovea::examples
