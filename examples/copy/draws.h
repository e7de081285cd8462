// How the sequences of each task are drawn (tasks.h says what they are): fresh ones for every batch, of one length,
// with their answers at the same steps.
#pragma once

#include <fovea/autograd/ops.h>

#include <cmath>
#include <limits>
#include <vector>

namespace fovea::examples {

struct Bits {
  Tensor input;    // [B, T, I]
  Tensor target;   // [B, L, O], 0 or 1: the answers expected
  double optimum;  // bits a sequence that the best possible predictor still gets wrong; NaN where 0 is possible
  Tensor steps{};  // i64 [L], those that answer; undefined: the last L
  int64_t size() const { return input.size(0); }
  Bits rows(int64_t begin, int64_t end) const {
    return {slice(input, 0, begin, end), slice(target, 0, begin, end), optimum, steps};
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

// Of given vectors, [B, length, bits].
inline Bits copy_of(const Tensor& bits) {
  const int64_t batch = bits.size(0), length = bits.size(1), count = bits.size(2);
  Tensor input = zeros({batch, 2 * length + 1, count + 1});
  place(input, bits, 0);
  mark(input, length, count);
  return {input, bits, kNone};
}
inline Bits draw_copy(int64_t batch, int64_t length, Generator& generator) {
  return copy_of(bernoulli({batch, length, 8}, 0.5, generator));
}

inline Bits repeats_of(const Tensor& bits, int64_t repeats) {
  constexpr int64_t kBits = 8;
  const int64_t batch = bits.size(0), length = bits.size(1);
  Tensor input = zeros({batch, length + 1 + length * repeats + 1, kBits + 2});
  place(input, bits, 0);
  // In training repeats are uniform on 1..10: mean 5.5, variance 8.25.
  mark(input, length, kBits);
  mark(input, length, kBits + 1, (static_cast<double>(repeats) - 5.5) / std::sqrt(8.25));
  Tensor target = zeros({batch, length * repeats + 1, kBits + 1});
  for (int64_t r = 0; r < repeats; ++r) place(target, bits, r * length);
  mark(target, length * repeats, kBits);
  return {input, target, kNone};
}

inline Bits draw_repeats(int64_t batch, int64_t length, int64_t repeats, Generator& generator) {
  return repeats_of(bernoulli({batch, length, 8}, 0.5, generator), repeats);
}

inline Bits draw_repeat_copy(int64_t batch, int64_t length, Generator& generator) {
  constexpr int64_t kMostRepeats = 10;
  const int64_t repeats = generator.randint(1, kMostRepeats + 1);
  return draw_repeats(batch, length, repeats, generator);
}

inline Bits draw_twenty_repeats(int64_t batch, int64_t length, Generator& generator) {
  return draw_repeats(batch, length, 20, generator);
}

// Items [B, items, 3, 6]; of each sequence the one that is asked for.
inline Bits recall_of(const Tensor& bits, const std::vector<int64_t>& asked) {
  constexpr int64_t kBits = 6, kVectors = 3, kItem = kVectors + 1;  // an item with its delimiter
  const int64_t batch = bits.size(0), items = bits.size(1);
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
    const int64_t at = asked[static_cast<size_t>(b)];
    const Tensor own = select(bits, 0, b);
    Tensor window = slice(slice(select(input, 0, b), 0, query + 1, query + 1 + kVectors), 1, 0, kBits);
    window.copy_(select(own, 0, at));
    select(target, 0, b).copy_(select(own, 0, at + 1));
  }
  return {input, target, kNone};
}

inline Bits draw_recall(int64_t batch, int64_t items, Generator& generator) {
  const Tensor bits = bernoulli({batch, items, 3, 6}, 0.5, generator);
  std::vector<int64_t> asked;
  for (int64_t b = 0; b < batch; ++b) asked.push_back(generator.randint(0, items - 1));
  return recall_of(bits, asked);
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
inline Bits sort_of(const Tensor& bits, const Tensor& priorities) {
  constexpr int64_t kBits = 8;
  const int64_t batch = bits.size(0), length = bits.size(1), answers = std::max<int64_t>(1, length * 4 / 5);
  Tensor input = zeros({batch, length + 1 + answers, kBits + 2});
  place(input, bits, 0);
  slice(select(input, 2, kBits), 1, 0, length).copy_(priorities);
  mark(input, length, kBits + 1);
  const Tensor order = slice(argsort(priorities, 1, true), 1, 0, answers);  // [B, A]
  const Tensor index = contiguous(expand(unsqueeze(order, -1), {batch, answers, kBits}));
  return {input, gather(bits, 1, index), kNone};
}

inline Bits draw_sort(int64_t batch, int64_t length, Generator& generator) {
  const Tensor bits = bernoulli({batch, length, 8}, 0.5, generator);
  return sort_of(bits, uniform({batch, length}, -1, 1, generator));
}

inline Bits copies_of(const std::vector<Tensor>& sequences) {
  std::vector<Tensor> inputs, targets;
  std::vector<int64_t> steps;
  int64_t begin = 0;
  for (const Tensor& bits : sequences) {
    const int64_t length = bits.size(1);
    const Bits one = copy_of(bits);
    inputs.push_back(one.input), targets.push_back(one.target);
    for (int64_t i = 0; i < length; ++i) steps.push_back(begin + length + 1 + i);
    begin += 2 * length + 1;
  }
  return {cat(inputs, 1), cat(targets, 1), kNone, from(steps, {static_cast<int64_t>(steps.size())})};
}

inline Bits draw_copies(int64_t batch, int64_t sequences, Generator& generator) {
  constexpr int64_t kLongest = 8;
  std::vector<Tensor> all;
  for (int64_t s = 0; s < sequences; ++s) {
    const int64_t length = generator.randint(1, kLongest + 1);
    all.push_back(bernoulli({batch, length, 8}, 0.5, generator));
  }
  return copies_of(all);
}

}  // namespace fovea::examples
