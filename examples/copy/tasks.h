// The five tasks of the NTM paper (Graves, Wayne, Danihelka 2014, section 4), made fresh for every batch.
//   copy         L random vectors of 8 bits, a delimiter; the vectors again
//   repeat-copy  L vectors, a delimiter, the number of repeats R; the vectors R times, then an end marker
//   recall       items of 3 vectors of 6 bits, each after a delimiter; a query item; the item that followed it
//   ngrams       200 bits from a random 6-gram source; after each bit, the next one
//   sort         20 vectors of 8 bits with priorities; the 16 of highest priority, highest first
// "Length" is what a task is measured by: vectors (copy, repeat-copy, sort), items (recall), bits (ngrams).
// All sequences of a batch have one length. Errors: ValueError for an unknown task or a length it cannot have.
#pragma once

#include <fovea/autograd/ops.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::examples {

struct Bits {
  Tensor input;    // [B, T, I]
  Tensor target;   // [B, L, O], 0 or 1: the answers expected in the last L steps
  double optimum;  // bits a sequence that the best possible predictor still gets wrong; NaN where 0 is possible
};

struct Task {
  std::string name{};
  int64_t inputs = 0, outputs = 0;
  int64_t min_length = 1, max_length = 1;  // the least it can have, and the default of --length
  std::vector<int64_t> test_lengths{};
  int64_t beyond = 0;       // what is validated where the longest trained is max_length; by default no test length
  bool one_length = false;  // training has that length alone
  Bits (*draw)(int64_t batch, int64_t length, Generator& generator) = nullptr;

  // Beyond what is trained, in a fixed proportion to it, rounded up. ngrams: the trained one.
  int64_t validation_length(int64_t trained) const { return (trained * beyond + max_length - 1) / max_length; }
  // A training length, uniform from the least to `longest`.
  int64_t draw_length(int64_t longest, Generator& generator) const {
    return one_length ? longest : generator.randint(min_length, longest + 1);
  }
  Bits make(int64_t batch, int64_t length, Generator& generator) const {
    if (length >= min_length) return draw(batch, length, generator);
    throw ValueError(name + ": length " + std::to_string(length) + "; need at least " + std::to_string(min_length));
  }
};

inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Writes `bits` [B, n, C] into `rows` [B, T, D] from step `at` on, channel 0 on.
inline void place(const Tensor& rows, const Tensor& bits, int64_t at) {
  Tensor window = slice(slice(rows, 1, at, at + bits.size(1)), 2, 0, bits.size(2));
  window.copy_(bits);
}

inline void mark(const Tensor& rows, int64_t step, int64_t channel, double value = 1) {
  select(select(rows, 2, channel), 1, step).fill_(value);
}

inline Bits draw_copy(int64_t batch, int64_t length, Generator& generator) {
  constexpr int64_t kBits = 8;
  const Tensor bits = bernoulli({batch, length, kBits}, 0.5, generator);
  Tensor input = zeros({batch, 2 * length + 1, kBits + 1});
  place(input, bits, 0);
  mark(input, length, kBits);
  return {input, bits, kNone};
}

inline Bits draw_repeat_copy(int64_t batch, int64_t length, Generator& generator) {
  constexpr int64_t kBits = 8, kMostRepeats = 10;
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

inline Bits draw_recall(int64_t batch, int64_t items, Generator& generator) {
  constexpr int64_t kBits = 6, kVectors = 3, kItem = kVectors + 1;  // an item with its delimiter
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

// A sequence from a table with P(1 | context) ~ Beta(1/2, 1/2), and the cost in bits of the Bayes-optimal predictor
// P(1 | N1, N0) = (N1 + 1/2) / (N1 + N0 + 1) (Murphy 2012); the first bits are coin flips.
inline std::vector<int> draw_source(int64_t length, Generator& generator, double& optimum) {
  constexpr int64_t kContext = 5;
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

// Input bits 1 .. n-1; targets bits 2 .. n. The optimum counts the same predictions.
inline Bits draw_ngrams(int64_t batch, int64_t length, Generator& generator) {
  Tensor input = empty({batch, length - 1, 1}), target = empty({batch, length - 1, 1});
  double optimum = 0;
  for (int64_t b = 0; b < batch; ++b) {
    const std::vector<int> bits = draw_source(length, generator, optimum);
    for (int64_t t = 0; t + 1 < length; ++t) {
      input.set({b, t, 0}, bits[static_cast<size_t>(t)]);
      target.set({b, t, 0}, bits[static_cast<size_t>(t + 1)]);
    }
  }
  return {input, target, optimum / static_cast<double>(batch)};
}

// Answers are 4/5 of the vectors: 16 of 20.
inline Bits draw_sort(int64_t batch, int64_t length, Generator& generator) {
  constexpr int64_t kBits = 8;
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

inline Task make_task(std::string_view name) {
  const Task tasks[] = {
      {"copy", 9, 8, 1, 20, {10, 20, 30, 50, 120}, 116, false, draw_copy},
      {"repeat-copy", 10, 9, 1, 10, {5, 10, 20}, 14, false, draw_repeat_copy},
      {"recall", 8, 6, 2, 6, {2, 4, 6, 10, 15}, 8, false, draw_recall},
      {"ngrams", 1, 1, 7, 200, {200}, 200, true, draw_ngrams},
      {"sort", 10, 8, 2, 20, {20}, 22, true, draw_sort},
  };
  for (const Task& task : tasks)
    if (task.name == name) return task;
  throw ValueError("task \"" + std::string(name) + "\" is unknown; choose copy, repeat-copy, recall, ngrams or sort");
}

}  // namespace fovea::examples
