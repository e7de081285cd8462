// The settings of locate.
#pragma once

#include "examples/common/command_line.h"

namespace fovea::examples {

struct Options : CommandLine {
  Options()
      : CommandLine(
            {.name = "locate",
             .description = "A network finds a digit on a canvas, by Gaussian filters or a spatial transformer.",
             .uses_data = true},
            {.steps = 1500, .batch = 64, .learning_rate = 1e-3, .clip = 10, .validate_every = 50}) {}
  std::string& reader = choice("reader", "how a window is read", {"gaussian", "bilinear"});
  int64_t& canvas = whole("canvas", "size of the image, in pixels", 60, 32, 512);
  int64_t& window = whole("window", "places of the window in each direction", 28, 16, 256);
  int64_t& filters = whole("filters", "of both of the classifier's convolutions", 32, 1, 1024);
  int64_t& hidden = whole("hidden", "units of the classifier", 128, 1, 65536);
  int64_t& locator_filters = whole("locator-filters", "of the localisation network's first convolution", 16, 1, 1024);
  int64_t& locator_features = whole("locator-features", "of the localisation network", 32, 1, 65536);
  double& locator_rate =
      real("locator-rate", "of the localisation network, as a share of --learning-rate", 0.5, 1e-6, 10);
  int64_t& anneal = in_steps(whole("anneal", "steps in which the rate falls to 0, as a cosine", 1500, 1));
  int64_t& validation_size = whole("validation-size", "digits of a validation", 2000, 1);
  void settle() override {
    if (optimizer != "adam")
      throw UsageError("--optimizer " + optimizer + "; need adam, which has a rate for each of the networks");
  }
};

}  // namespace fovea::examples
