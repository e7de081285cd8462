// How wrong an NTM is on fresh sequences, and the pictures of one.
#pragma once

#include <fovea/layers/memory/ntm.h>

#include <filesystem>
#include <string>

#include "examples/copy/tasks.h"

namespace fovea::examples {

struct Errors {
  double wrong_bits_percent = 0;
  double wrong_sequences_percent = 0;  // with at least one wrong bit
  double bits_per_sequence = 0;        // cross-entropy, base 2
  double optimum = 0;                  // of the best possible predictor; NaN where that is 0
  bool perfect() const { return wrong_sequences_percent == 0; }
};

// `count` fresh sequences of one length, drawn from `generator`.
Errors evaluate(const NeuralTuringMachine& model, const Task& task, int64_t length, int64_t count, Generator generator);

// Shows one sequence: heads.png (read and write weights over time), memory.png, answer.png (input, expected and given
// output) into `folder`, and the read weights in the terminal unless quiet.
void show(const NeuralTuringMachine& model, const Task& task, int64_t length, Generator generator,
          const std::filesystem::path& folder, bool quiet);

}  // namespace fovea::examples
