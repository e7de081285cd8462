// How wrong a machine is on fresh sequences.
#pragma once

#include <fmt/format.h>
#include <fovea/autograd/mode.h>

#include <cmath>
#include <numbers>

#include "examples/common/program.h"
#include "examples/copy/answers.h"
#include "examples/copy/tasks.h"

namespace fovea::examples {

struct Errors {
  double wrong_bits_percent = 0;
  double wrong_sequences_percent = 0;  // with at least one wrong bit
  double bits_per_sequence = 0;        // cross-entropy, base 2
  double optimum = 0;                  // of the best possible predictor; NaN where that is 0
};

struct Validation {
  double score = 0;
  double wrong = 0;   // percent of the sequences up to the longest training length; NaN where none can be perfect
  double beyond = 0;  // percent of the bits at the length beyond it
};

// The score of sequences of which none of 500 a length is wrong, and few bits beyond these lengths are.
inline double good_score(std::string_view task) { return task == "copy" ? 0.15 : task == "recall" ? 0.05 : 0.01; }

// `count` fresh sequences of one length, drawn from `generator`.
inline Errors evaluate(const Machine& model, const Task& task, int64_t length, int64_t count, Generator generator) {
  const NoGrad guard;
  double bits = 0, sequences = 0, nats = 0, all = 0, optimum = 0;
  in_pieces(count, 100, [&](int64_t batch) {
    const Bits data = task.make(batch, length, generator);
    const Tensor logits = answers_of(model, data), wrong = wrong_bits(logits, data.target);
    const Tensor by_sequence = sum(wrong, {1, 2});
    bits += sum(wrong).item();
    sequences += sum(to(gt(by_sequence, zeros_like(by_sequence)), f32)).item();
    nats += binary_cross_entropy_with_logits(logits, data.target, Reduction::sum).item();
    all += static_cast<double>(wrong.numel());
    optimum += data.optimum * static_cast<double>(batch);
  });
  const double n = static_cast<double>(count);
  return {100 * bits / all, 100 * sequences / n, nats / std::numbers::ln2 / n, optimum / n};
}

// Wrong sequences up to the longest training length, and wrong bits beyond it. Cross-entropy decides between weights
// that are equal in these, and is the whole score where no predictor can be perfect.
inline Validation validation(const Machine& model, const Task& task, int64_t max_length, const Generator& generator) {
  const Errors beyond = evaluate(model, task, task.validation_length(max_length), task.beyond_count, generator.fork(1));
  if (!std::isnan(beyond.optimum)) return {beyond.bits_per_sequence - beyond.optimum, std::nan(""), 0};
  double score = 0.2 * beyond.wrong_bits_percent + 1e-3 * beyond.bits_per_sequence, wrong = 0;
  const auto trained =
      task.one_length ? std::vector{max_length} : std::vector{max_length / 4, max_length / 2, max_length};
  for (const int64_t length : trained) {
    const Errors inside =
        evaluate(model, task, std::max(length, task.min_length), 500, generator.fork(static_cast<uint64_t>(length)));
    score += inside.wrong_sequences_percent + 0.1 * inside.bits_per_sequence;
    wrong += inside.wrong_sequences_percent / static_cast<double>(trained.size());
  }
  return {score, wrong, beyond.wrong_bits_percent};
}

// The figures of each length by name, for summary.json; also printed.
using Metrics = std::vector<std::pair<std::string, Summary::Metric>>;
inline Metrics test_by_length(const Machine& model, const Task& task, const std::vector<int64_t>& lengths,
                              int64_t count, const Generator& generator) {
  Summary::Figures wrong_bits, wrong_sequences, bits, optimum;
  const auto add = [&](const std::string& name, const Errors& errors) {
    const bool bounded = !std::isnan(errors.optimum);
    wrong_bits.emplace_back(name, errors.wrong_bits_percent);
    wrong_sequences.emplace_back(name, errors.wrong_sequences_percent);
    bits.emplace_back(name, errors.bits_per_sequence);
    if (bounded) optimum.emplace_back(name, errors.optimum);
    say("length {:>4}: {:.3f} % wrong bits, {:.1f} % wrong sequences, {:.2f} bits a sequence{}", name,
        errors.wrong_bits_percent, errors.wrong_sequences_percent, errors.bits_per_sequence,
        bounded ? fmt::format(" (optimum {:.2f})", errors.optimum) : "");
  };
  for (const int64_t length : lengths) add(std::to_string(length), evaluate(model, task, length, count, generator));
  if (task.draw_further != nullptr) {
    Task other = task;
    other.draw = task.draw_further;
    add(task.further, evaluate(model, other, task.max_length, count, generator));
  }
  Metrics metrics{
      {"wrong_bits_percent", wrong_bits}, {"wrong_sequences_percent", wrong_sequences}, {"bits_per_sequence", bits}};
  if (!optimum.empty()) metrics.emplace_back("optimum_bits_per_sequence", optimum);
  return metrics;
}

}  // namespace fovea::examples
