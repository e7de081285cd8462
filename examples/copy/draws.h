// How the sequences of each task are drawn (tasks.h says what they are): fresh ones for every batch, of one length,
// with their answers at the same steps.
#pragma once

#include <fovea/autograd/ops.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace fovea::examples {

struct Bits {
  Tensor input;    // [B, T, I]
  Tensor target;   // [B, L, O], 0 or 1: the answers expected
  double optimum;  // bits a sequence that the best possible predictor still gets wrong; NaN where 0 is possible
  Tensor steps{};  // i64 [L], those that answer; undefined: the last L
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

inline Bits draw_repeats(int64_t batch, int64_t length, int64_t repeats, Generator& generator) {
  constexpr int64_t kBits = 8;
  const Tensor bits = bernoulli({batch, length, kBits}, 0.5, generator);
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

inline Bits draw_repeat_copy(int64_t batch, int64_t length, Generator& generator) {
  constexpr int64_t kMostRepeats = 10;
  const int64_t repeats = generator.randint(1, kMostRepeats + 1);
  return draw_repeats(batch, length, repeats, generator);
}

inline Bits draw_twenty_repeats(int64_t batch, int64_t length, Generator& generator) {
  return draw_repeats(batch, length, 20, generator);
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

inline Bits draw_copies(int64_t batch, int64_t sequences, Generator& generator) {
  constexpr int64_t kLongest = 8;
  std::vector<Tensor> inputs, targets;
  std::vector<int64_t> steps;
  int64_t begin = 0;
  for (int64_t s = 0; s < sequences; ++s) {
    const int64_t length = generator.randint(1, kLongest + 1);
    const Bits one = draw_copy(batch, length, generator);
    inputs.push_back(one.input), targets.push_back(one.target);
    for (int64_t i = 0; i < length; ++i) steps.push_back(begin + length + 1 + i);
    begin += 2 * length + 1;
  }
  return {cat(inputs, 1), cat(targets, 1), kNone, from(steps, {static_cast<int64_t>(steps.size())})};
}

// Channels: key, value, "put", "asked". Which steps put is the same in a batch; keys and values are not.
inline Bits draw_store(int64_t batch, int64_t values, Generator& generator) {
  constexpr int64_t kBits = 4, kKeys = 1 << kBits, kAtOnce = 6;
  std::vector<int64_t> steps;
  std::vector<bool> puts;
  for (int64_t lie = 0, put = 0; put < values || lie > 0;) {
    const bool puts_one = put < values && (lie == 0 || (lie < kAtOnce && generator.randint(0, 2) == 1));
    if (!puts_one) steps.push_back(static_cast<int64_t>(puts.size()));
    puts.push_back(puts_one);
    lie += puts_one ? 1 : -1, put += puts_one ? 1 : 0;
  }
  Tensor input = zeros({batch, 2 * values, 2 * kBits + 2}), target = zeros({batch, values, kBits});
  for (int64_t b = 0; b < batch; ++b) {
    std::vector<int64_t> free_keys(kKeys), lying, value_of(kKeys);
    std::iota(free_keys.begin(), free_keys.end(), 0);
    const auto taken = [&](std::vector<int64_t>& keys) {
      const auto at = keys.begin() + generator.randint(0, static_cast<int64_t>(keys.size()));
      const int64_t key = *at;
      keys.erase(at);
      return key;
    };
    const auto write = [&](const Tensor& rows, int64_t step, int64_t channel, int64_t number) {
      for (int64_t bit = 0; bit < kBits; ++bit) rows.set({b, step, channel + bit}, (number >> bit) & 1);
    };
    for (int64_t t = 0, answer = 0; t < 2 * values; ++t) {
      const bool puts_one = puts[static_cast<size_t>(t)];
      const int64_t key = taken(puts_one ? free_keys : lying);
      (puts_one ? lying : free_keys).push_back(key);
      int64_t& value = value_of[static_cast<size_t>(key)];
      write(input, t, 0, key);
      input.set({b, t, 2 * kBits + (puts_one ? 0 : 1)}, 1);
      if (puts_one)
        write(input, t, kBits, value = generator.randint(0, kKeys));
      else
        write(target, answer++, 0, value);
    }
  }
  return {input, target, kNone, from(steps, {static_cast<int64_t>(steps.size())})};
}

}  // namespace fovea::examples
