// How often a pointer model is right on fresh sets, and the pictures of what it does.
#pragma once

#include <fovea/layers/pointer/pointer_decoder.h>

#include <filesystem>

#include "examples/sort/problems.h"

namespace fovea::examples {

struct Asked {
  int64_t items;     // N of every set
  int64_t beam = 1;  // 1: greedy
};

// `count` fresh sets, drawn from `generator`.
std::unique_ptr<Problem::Judge> evaluate(const PointerModel& model, const Problem& problem, const Asked& asked,
                                         int64_t count, Generator generator);

// attention.png: the weights of every step over the items of one set, and what else the model attends to; for points
// answers.png too: what was said above what is right, of a few sets. Names the model's paths.
void show(PointerModel& model, const Problem& problem, const Asked& asked, Generator generator,
          const std::filesystem::path& folder, bool quiet);

}  // namespace fovea::examples
