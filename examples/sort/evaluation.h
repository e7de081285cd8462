// How often a pointer model is right on fresh sets, and the pictures of what it does.
#pragma once

#include <fovea/layers/pointer/pointer_decoder.h>

#include "examples/common/picture.h"
#include "examples/sort/problems.h"

namespace fovea::examples {

struct Asked {
  int64_t items;     // N of every set
  int64_t beam = 1;  // 1: greedy
};

// `count` fresh sets, drawn from `generator`.
std::unique_ptr<Problem::Judge> evaluate(const PointerModel& model, const Problem& problem, const Asked& asked,
                                         int64_t count, Generator generator);

// Of one set the weights of every step over its items, and what else the model attends to; for points also what was
// answered above what is right, of a few sets. The weights in the terminal too, unless quiet.
struct Shown {
  HeatmapPicture attention{};
  std::optional<PointPicture> answers{};
};
Shown show(PointerModel& model, const Problem& problem, const Asked& asked, Generator generator, bool quiet);

}  // namespace fovea::examples
