// A model of the playground with its task: what a step of training needs, and what there is to see.
#pragma once

#include <fovea/layers/module.h>

#include <memory>
#include <vector>

#include "examples/common/picture.h"
#include "examples/playground/settings.h"

namespace fovea::examples {

struct LearnerLoss {
  Tensor minimised;
  double shown = 0;  // cross-entropy of an answer, nats: a letter, or a bit
};

struct LearnerAccuracy {
  double whole_percent = 0;  // strings, or sequences, without a mistake
  double part_percent = 0;   // letters, or bits
};

class Learner {
 public:
  virtual ~Learner() = default;
  virtual Module& model() = 0;
  // Of a fresh batch.
  virtual LearnerLoss loss(const PlaygroundSettings& settings, Generator& data) = 0;
  // On `count` fresh examples that the model answers on its own.
  virtual LearnerAccuracy accuracy(const PlaygroundSettings& settings, int64_t count, Generator data) const = 0;
  // What it attends to, or where its heads stand, in one example.
  virtual std::vector<Heatmap> look(const PlaygroundSettings& settings, Generator data) const = 0;
};

std::unique_ptr<Learner> make_sequence_learner(const PlaygroundSettings& settings, Generator& initial);
std::unique_ptr<Learner> make_machine_learner(const PlaygroundSettings& settings, Generator& initial);

}  // namespace fovea::examples
