// What the pairs program is told.
#pragma once

#include <fmt/format.h>

#include "examples/common/command_line.h"

namespace fovea::examples {

struct Options : CommandLine {
  Options()
      : CommandLine(
            {.name = "pairs", .description = "A self-attention GAN learns to draw two far shapes of one colour."},
            {.steps = 4000, .batch = 16, .learning_rate = 2e-3, .clip = 1000, .validate_every = 250}) {}
  double& discriminator_rate = real("discriminator-rate", "step size of the discriminators", 4e-3, 1e-9, 10);
  int64_t& anneal = in_steps(whole("anneal", "steps in which both rates fall to 0, as a cosine", 4000, 1));
  double& average = real("average", "decay of the moving average of the generators' weights", 0.99, 0, 0.999999);
  int64_t& channels = whole("channels", "of the convolutions, an even number", 24, 2, 1024);
  int64_t& noise = whole("noise", "random signs of each quarter of an image", 4, 1, 1024);
  int64_t& test_size = may_change(whole("test-size", "images of each generator in the test", 2000, 1));
  void settle() override {
    if (channels % 2 != 0) throw UsageError(fmt::format("--channels {} is odd; need an even number", channels));
  }
};

}  // namespace fovea::examples
