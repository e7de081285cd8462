// What the fewshot program is told, and the network that this asks for.
#pragma once

#include <fmt/format.h>

#include "examples/common/command_line.h"
#include "examples/fewshot/learner.h"

namespace fovea::examples {

struct Options : CommandLine {
  Options()
      : CommandLine({.name = "fewshot",
                     .description = "A network learns to tell characters apart from a few drawings of each.",
                     .uses_data = true},
                    {.steps = 8000, .batch = 32, .learning_rate = 2e-3, .clip = 1, .validate_every = 1000}) {}
  std::string& model = choice("model", "network", {"snail", "lstm"});
  int64_t& ways = whole("ways", "characters of an episode of the test", 5, 2, 100);
  int64_t& shots = whole("shots", "labelled drawings of each; a batch of training has 1 to so many", 5, 1, 19);
  int64_t& labels =
      whole("labels", "that the network knows; an episode of training has 2 to so many characters", 25, 2, 1000);
  std::string& ask =
      choice("ask", "questions of an episode of training: one, or one of each character", {"each", "one"});
  int64_t& pool = whole("pool", "characters that the episodes of a batch are made of", 30, 2, 10000);
  int64_t& move = whole("move", "pixels that a drawing of training is moved by, at most", 0, 0, 14);
  int64_t& channels = whole("channels", "of the convolutions", 64, 1, 1024);
  int64_t& filters = whole("filters", "of SNAIL's convolutions over time; of the LSTM its state", 32, 1, 4096);
  int64_t& anneal = in_steps(whole("anneal", "steps in which the rate falls to 0, as a cosine", 8000, 1));
  int64_t& test_size = may_change(whole("test-size", "episodes of the test, for each number of drawings", 10000, 1));
  void settle() override {
    otherwise(labels, std::max<int64_t>(25, ways)), otherwise(pool, std::max<int64_t>(30, labels));
    if (ways > labels || labels > pool)
      throw UsageError(
          fmt::format("--ways {}, --labels {}, --pool {}; need ways <= labels <= pool", ways, labels, pool));
    if (model == "lstm") otherwise(filters, 256);
  }
};

inline Box<FewShotLearner> make_learner(const Options& o, Generator& generator) {
  const int64_t examples = std::max(o.labels, o.ways * o.shots);
  const FewShotOptions sizes{.labels = o.labels, .examples = examples, .channels = o.channels, .filters = o.filters};
  if (o.model == "lstm") return LstmLearner(sizes, generator);
  return SnailLearner(sizes, generator);
}

}  // namespace fovea::examples
