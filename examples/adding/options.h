// What the adding program is told, and the network that this asks for.
#pragma once

#include <fmt/format.h>

#include "examples/adding/models.h"
#include "examples/adding/problem.h"
#include "examples/common/command_line.h"

namespace fovea::examples {

struct Options : CommandLine {
  Options()
      : CommandLine(
            {.name = "adding",
             .description = "A network finds the numbers of a sequence that the answer is made of. Defaults are "
                            "those of the task; here those of addition.",
             .tasks = {"addition", "multiplication", "recall", "largest"}},
            {.steps = 5000, .batch = 100, .learning_rate = 3e-3, .clip = 5, .validate_every = 250, .early_stop = 4}) {}
  std::string& model = choice("model", "network", {"feed-forward", "unweighted", "lstmn", "lstm"});
  std::string& score = goes_with(choice("score", "score of the attention; tanh bounds it", {"tanh", "linear"}),
                                 {{&model, {"feed-forward"}}});
  int64_t& length = whole("length", "numbers of a sequence, at least", 50, 1, 100000);
  int64_t& max_length = whole(
      "max-length", "at most; unless given a tenth more than --length, for largest five times that", 0, 0, 100000);
  int64_t& hidden = whole("hidden", "size of a state", 100, 1, 4096);
  double& decay = real("decay", "what the rate is multiplied by now and then", 0.5, 0.01, 1);
  int64_t& decay_every = in_steps(whole("decay-every", "steps between that", 1000, 1));
  int64_t& test_size = may_change(whole("test-size", "fresh sequences of the test", 2000, 1));

  void settle() override {
    if (task == "recall") {
      otherwise(model, "lstmn"), otherwise(length, 10), otherwise(hidden, 32), otherwise(batch, 50);
      otherwise(steps, 6000), otherwise(validate_every, 500), otherwise(learning_rate, 5e-3),
          otherwise(decay_every, 1200);
    }
    if (task == "largest") {
      otherwise(score, "linear"), otherwise(length, 20), otherwise(hidden, 32);
      otherwise(batch, 50), otherwise(steps, 4000), otherwise(decay_every, 800), otherwise(learning_rate, 5e-3);
    }
    otherwise(max_length, task == "largest" ? 5 * length : length + length / 10);
    if (max_length < length) throw UsageError("--max-length is less than --length");
    if (task != "recall" && task != "largest" && length < 20)
      throw UsageError("--length must be at least 20, for two marks in the first half");
    if (task == "recall" && max_length > keys)
      throw UsageError(fmt::format("--max-length is {}, and there are {} keys", max_length, keys));
  }
};

inline Box<Answerer> make_model(const Options& o, Generator& generator) {
  const int64_t I = features(o.task);
  if (o.model == "lstmn") return LstmnAnswerer(I, o.hidden, generator);
  if (o.model == "lstm") return LstmAnswerer(I, o.hidden, generator);
  const bool unweighted = o.model == "unweighted", bounded = o.score == "tanh";
  return FeedForwardAnswerer({.input_size = I, .hidden_size = o.hidden, .unweighted = unweighted, .bounded = bounded},
                             generator);
}

}  // namespace fovea::examples
