// The settings of distorted.
#pragma once

#include "examples/common/command_line.h"

namespace fovea::examples {

struct Options : CommandLine {
  Options()
      : CommandLine({.name = "distorted",
                     .description = "A spatial transformer straightens distorted digits before they are told apart.",
                     .uses_data = true},
                    {.steps = 12000, .batch = 128, .learning_rate = 1e-3, .clip = 10, .validate_every = 1000}) {}
  std::string& distortion =
      choice("distortion", "R: turned by up to 90 degrees; RTS: turned by 45, scaled and moved; P: seen askew; E: bent",
             {"R", "RTS", "P", "E"});
  std::string& transformer =
      choice("transformer", "what the places of an image are transformed by; none: no such network",
             {"affine", "attention", "tps", "none"});
  int64_t& filters = whole("filters", "of both convolutions", 32, 1, 1024);
  int64_t& hidden = whole(
      "hidden", "units before the last layer; the network alone has as many as make up for the other", 128, 1, 65536);
  int64_t& locator_filters =
      of_transformer(whole("locator-filters", "of the localisation network's first convolution", 16, 1, 1024));
  int64_t& locator_features = of_transformer(whole("locator-features", "of the localisation network", 32, 1, 65536));
  double& locator_rate =
      of_transformer(real("locator-rate", "of the localisation network, as a share of --learning-rate", 0.5, 1e-6, 10));
  int64_t& anneal = in_steps(whole("anneal", "steps in which the rate falls to 0, as a cosine", 12000, 1));
  void settle() override {
    if (distortion == "R") otherwise(steps, 18000), otherwise(anneal, 18000);
    if (optimizer != "adam")
      throw UsageError("--optimizer " + optimizer + "; need adam, which has a rate for each of the networks");
  }

 private:
  template <class T>
  T& of_transformer(T& value) {
    return goes_with(value, {{&transformer, {"affine", "attention", "tps"}}});
  }
};

}  // namespace fovea::examples
