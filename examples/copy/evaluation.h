// How wrong an NTM is on fresh sequences, and the pictures of one.
#pragma once

#include <fovea/layers/memory/ntm.h>

#include "examples/common/program.h"
#include "examples/copy/tasks.h"

namespace fovea::examples {

struct Errors {
  double wrong_bits_percent = 0;
  double wrong_sequences_percent = 0;  // with at least one wrong bit
  double bits_per_sequence = 0;        // cross-entropy, base 2
  double optimum = 0;                  // of the best possible predictor; NaN where that is 0
};

// `count` fresh sequences of one length, drawn from `generator`.
Errors evaluate(const NeuralTuringMachine& model, const Task& task, int64_t length, int64_t count, Generator generator);

// 1 where the more likely bit is the wrong one, as f32.
Tensor wrong_bits(const Tensor& logits, const Tensor& target);

struct Validation {
  double score = 0;
  double wrong = 0;   // percent of the sequences up to the longest training length; NaN where none can be perfect
  double beyond = 0;  // percent of the bits at the length beyond it
};
// Wrong sequences up to the longest training length, and wrong bits beyond it. Cross-entropy decides between weights
// that are equal in these, and is the whole score where no predictor can be perfect.
Validation validation(const NeuralTuringMachine& model, const Task& task, int64_t max_length,
                      const Generator& generator);

// The figures of each length by name, for summary.json; also printed.
using Metrics = std::vector<std::pair<std::string, Summary::Metric>>;
Metrics test_by_length(const NeuralTuringMachine& model, const Task& task, const std::vector<int64_t>& lengths,
                       int64_t count, const Generator& generator);

// One sequence: read and write weights over time; input, expected and given output; the memory in the end. The read
// weights in the terminal too, unless quiet.
struct Shown {
  HeatmapPicture heads{}, answer{}, memory{};
};
Shown show(const NeuralTuringMachine& model, const Task& task, int64_t length, Generator generator, bool quiet);

}  // namespace fovea::examples
