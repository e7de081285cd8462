// The network without attention that learns beside the one with it, from the same strings.
#pragma once

#include <fovea/optim/training/update.h>

#include "examples/reverse/options.h"

namespace fovea::examples {

struct Rival {
  Rival(const Options& o, int64_t vocabulary, Generator& initial)
      : model(make_model(o, "encoder-decoder", vocabulary, initial)),
        optimizer(make_optimizer(o.optimizer, parameters(*model), o.learning_rate)),
        schedule(*optimizer, {.every = o.halve, .gamma = 0.5}),
        update(*optimizer, o.clip) {
    update.schedule(schedule);
  }
  double learn(const Strings& strings, Generator& draws) {
    update.zero();
    const Tensor loss =
        cross_entropy((*model)(strings.source, {}, strings.input_ids, {.generator = draws}).logits, strings.target);
    update.apply(loss);
    return loss.item();
  }
  std::unique_ptr<SequenceModel> model;
  std::unique_ptr<Optimizer> optimizer;
  StepDecay schedule;
  Update update;
};

}  // namespace fovea::examples
