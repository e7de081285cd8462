// What the caption program may be told, besides what all programs share.
#pragma once

#include "examples/common/program.h"

namespace fovea::examples {

struct Options : CommandLine {
  Options()
      : CommandLine({.name = "caption",
                     .description = "A decoder learns to say what is in an image, looking anew for every word."},
                    {.steps = 4000, .batch = 32, .learning_rate = 3e-3, .clip = 1, .validate_every = 500}) {}
  template <class T>
  T& hard_only(T& value) {
    return goes_with(value, {{&attention, {"hard"}}});
  }

  std::string& attention = choice("attention", "how the decoder looks at the image", {"soft", "hard", "none"});
  int64_t& shapes = whole("shapes", "in an image of training, at most", 3, 1, 3);
  int64_t& channels = whole("channels", "of the first two convolutions", 16, 1, 1024);
  int64_t& features = whole("features", "of a place of the grid", 16, 1, 1024);
  int64_t& kernel = whole("kernel", "of the last convolution, odd", 1, 1, 7);
  int64_t& width = goes_with(whole("width", "of the attention's score", 64, 1, 4096), {{&attention, {"soft", "hard"}}});
  int64_t& embedding = whole("embedding", "size of a word's embedding", 64, 1, 1024);
  int64_t& hidden = whole("hidden", "size of the decoder's state", 128, 1, 4096);
  double& dropout = real("dropout", "share of the state that the output does not see in training", 0.2, 0, 0.99);
  double& doubly =
      goes_with(real("doubly", "weight of the doubly stochastic term", 0, 0, 1000), {{&attention, {"soft", "hard"}}});
  double& sharpen =
      goes_with(real("sharpen", "weight of the entropy of the attention's weights in the loss", 0, 0, 1000),
                {{&attention, {"soft", "hard"}}});
  double& score_weight = hard_only(real("score-weight", "weight of the score-function term", 1, 0, 1000));
  double& discount = hard_only(real("discount", "share of later words in a draw's reward", 0, 0, 1));
  double& entropy = hard_only(real("entropy", "weight of the entropy", 0, 0, 1000));
  double& expectation =
      hard_only(real("expectation", "share of words that read the expectation and draw nothing", 0.5, 0, 1));
  int64_t& warmup = in_steps(
      hard_only(whole("warmup", "updates before the first draw, in which all words read the expectation", 2000, 0)));
  int64_t& anneal = in_steps(whole("anneal", "steps in which the rate falls to 0, as a cosine", 4000, 1));
  int64_t& beam = may_change(whole("beam", "captions that the search keeps; 1: greedy", 3, 1, 100));
  int64_t& test_size = may_change(whole("test-size", "fresh images of the test, for each number of shapes", 1000, 1));
};

}  // namespace fovea::examples
