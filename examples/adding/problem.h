// Sequences that each ask for one number, which stands far from the end or is made of two that do.
//
//   addition        x_t = (v_t, m_t), v ~ U[-1, 1]; the marker m is -1 at the first and the last step, 1 at two steps a
//                   and b, else 0; a is one of the steps 1 to 9, b one of the first half; target 1/2 + (v_a + v_b) / 4
//   multiplication  the same with v ~ U[0, 1], target v_a v_b
//   recall          x_t = (v_t, m_t, k_t), v ~ U[-1, 1]; k_t are 6 bits, +1 or -1, the key of v_t, no two of a sequence
//                   the same; at the last step m = 1, v = 0, k = k_a for any step a before; target v_a
//   largest         x_t = (v_t, k_t), v ~ U[-1, 1]; k ~ U[l, l + 1] but for one step a, whose k_a = l + 2; l, of the
//                   sequence, ~ U[-4, 4]; target v_a. What is large in one sequence is small in another
//
// The first two: Hochreiter & Schmidhuber 1997, in the form of Raffel & Ellis 2015, arXiv 1512.08756, section 3.1.
// Lengths are drawn from [length, max_length], each sequence its own; recall has as many values, and the step that
// asks. Steps past a length are zero. An answer is right when it is less than 0.04 off. Errors: ValueError for an
// unknown task, for marks that have no room (a length below 20), and for more values than keys (64).
#pragma once

#include <fmt/format.h>
#include <fovea/core/creation.h>
#include <fovea/core/error.h>

#include <algorithm>
#include <string>
#include <vector>

namespace fovea::examples {

struct Sequences {
  Tensor x;        // [B, T, I]
  Tensor lengths;  // i64 [B]
  Tensor target;   // [B]
};

struct AddingProblem {
  std::string task;
  int64_t length, max_length;
};

constexpr double near_enough = 0.04;
constexpr int64_t key_bits = 6, keys = 1 << key_bits;

// I
inline int64_t features(std::string_view task) { return task == "recall" ? 2 + key_bits : 2; }

// x [B, T, I] and target [B] are zero and to be filled; each sequence of its own length.
template <class Fill>
Sequences each_sequence(const AddingProblem& problem, int64_t more, int64_t batch, Generator& generator,
                        const Fill& fill) {
  std::vector<int64_t> lengths;
  for (int64_t b = 0; b < batch; ++b)
    lengths.push_back(more + generator.randint(problem.length, problem.max_length + 1));
  const int64_t T = *std::max_element(lengths.begin(), lengths.end());
  Tensor x = zeros({batch, T, features(problem.task)}), target = zeros({batch});
  for (int64_t b = 0; b < batch; ++b)
    target.set({b}, fill(lengths[static_cast<size_t>(b)], [&, b](int64_t t, int64_t i, double v) {
                 x.set({b, t, i}, v);
               }));
  return {x, from(lengths, {batch}), target};
}

inline Sequences make_marked(const AddingProblem& problem, int64_t batch, Generator& generator) {
  const bool multiply = problem.task == "multiplication";
  return each_sequence(problem, 0, batch, generator, [&](int64_t T, const auto& set) {
    const int64_t first = generator.randint(1, 10);
    int64_t second = first;
    while (second == first) second = generator.randint(1, T / 2 - 1);
    const Tensor v = uniform({T}, multiply ? 0 : -1, 1, generator);
    for (int64_t t = 0; t < T; ++t) set(t, 0, v.at({t}));
    for (const int64_t t : {int64_t{0}, T - 1}) set(t, 1, -1);
    for (const int64_t t : {first, second}) set(t, 1, 1);
    const double a = v.at({first}), b = v.at({second});
    return multiply ? a * b : 0.5 + (a + b) / 4;
  });
}

inline Sequences make_recall(const AddingProblem& problem, int64_t batch, Generator& generator) {
  return each_sequence(problem, 1, batch, generator, [&](int64_t T, const auto& set) {
    const Tensor v = uniform({T - 1}, -1, 1, generator), order = permutation(keys, generator);
    const int64_t asked = generator.randint(0, T - 1);
    for (int64_t t = 0; t < T; ++t) {
      const int64_t key = order.at<int64_t>({t == T - 1 ? asked : t});
      for (int64_t bit = 0; bit < key_bits; ++bit) set(t, 2 + bit, (key >> bit & 1) != 0 ? 1 : -1);
      if (t < T - 1) set(t, 0, v.at({t}));
    }
    set(T - 1, 1, 1);
    return v.at({asked});
  });
}

inline Sequences make_largest(const AddingProblem& problem, int64_t batch, Generator& generator) {
  return each_sequence(problem, 0, batch, generator, [&](int64_t T, const auto& set) {
    const double level = uniform({1}, -4, 4, generator).item();
    const Tensor v = uniform({T}, -1, 1, generator), k = uniform({T}, level, level + 1, generator);
    const int64_t largest = generator.randint(0, T);
    for (int64_t t = 0; t < T; ++t) set(t, 0, v.at({t})), set(t, 1, t == largest ? level + 2 : k.at({t}));
    return v.at({largest});
  });
}

inline Sequences make_sequences(const AddingProblem& problem, int64_t batch, Generator& generator) {
  const auto& [task, length, max_length] = problem;
  const bool recall = task == "recall", marked = task == "addition" || task == "multiplication";
  if (!recall && !marked && task != "largest")
    throw ValueError("task \"" + task + "\" is unknown; choose addition, multiplication, recall or largest");
  if (max_length < length) throw ValueError(fmt::format("lengths from {} to {}: there are none", length, max_length));
  if (length < 1) throw ValueError(fmt::format("length {}: need at least 1", length));
  if (marked && length < 20)
    throw ValueError(fmt::format("length {}: need at least 20 for two marks in the first half", length));
  if (recall && max_length > keys)
    throw ValueError(fmt::format("{} to {} values to recall; need 1 to {}, as many as keys", length, max_length, keys));
  if (recall) return make_recall(problem, batch, generator);
  return marked ? make_marked(problem, batch, generator) : make_largest(problem, batch, generator);
}

}  // namespace fovea::examples
