// What the counting program may be told, besides what all programs share, and the network that it asks for.
#pragma once

#include "examples/common/program.h"
#include "examples/counting/languages.h"
#include "examples/counting/predictor.h"

namespace fovea::examples {

inline std::vector<std::string> language_names() {
  std::vector<std::string> names;
  for (const Language& each : languages()) names.push_back(each.name);
  return names;
}

struct Options : CommandLine {
  Options()
      : CommandLine({.name = "counting",
                     .description =
                         "A network that can push and pop learns languages that need counting, or a memory. Defaults "
                         "are those of the task; here those of anbn.",
                     .tasks = language_names()},
                    {.batch = 16, .learning_rate = 3e-2, .clip = 1, .validate_every = 150, .early_stop = 6}) {}
  std::string& model = choice("model", "network; the last two stand beside", {"stack", "list", "rnn", "lstm"});
  int64_t& hidden = whole(
      "hidden", "hidden units; of rnn and lstm unless given as many as make a network of the same size", 40, 1, 4096);
  int64_t& stacks = with_stacks(whole("stacks", "stacks, or lists", 4, 1, 1024));
  int64_t& capacity = with_stacks(whole("capacity", "cells of a stack in training", 64, 4, 1 << 20));
  int64_t& actions = goes_with(
      whole("actions", "2: PUSH and POP; 3: NO-OP too, which leaves a stack as it is", 3, 2, 3), {{&model, {"stack"}}});
  bool& recurrent = with_stacks(flag("recurrent", "hidden units see those before them, not the stacks alone"));
  double& noise = with_stacks(real("noise", "deviation of the noise on what an action is decided by", 0.7, 0, 100));
  int64_t& window = whole("window", "symbols of a window, through which the gradient goes back", 50, 2, 10000);
  int64_t& reset = whole("reset", "windows after which streams begin anew, with empty stacks", 10, 1);
  int64_t& longest = whole("longest", "greatest n of training", 19, 3, 1000);
  int64_t& grow = in_steps(whole("grow", "steps after which n grows, if few of their symbols were wrong", 20, 1));
  double& grow_below = real("grow-below", "percent of wrong symbols below which it does", 2, 0, 100);
  bool& determined = flag("determined", "the loss is that of symbols which can be known alone");
  int64_t& restarts = whole("restarts", "networks that are tried, at most", 10, 1, 1000);
  int64_t& restart_after = in_steps(whole("restart-after", "steps of each", 2400, 1));
  int64_t& test_size = may_change(whole("test-size", "fresh sentences of each n, where they differ", 20, 1));
  int64_t& test_longest = may_change(whole("test-longest", "n of the test, at most", 60, 3, 10000));

  void settle() override {
    if (task == "addition") {
      otherwise(batch, 32), otherwise(learning_rate, 5e-3), otherwise(restart_after, 30000), otherwise(early_stop, 6);
      otherwise(hidden, 100), otherwise(stacks, 10), otherwise(noise, 2), otherwise(recurrent, true);
      otherwise(longest, 40), otherwise(window, 80), otherwise(grow_below, 4);
    }
    otherwise(steps, restarts * restart_after);
    if (model == "lstm" || model == "rnn") otherwise(hidden, same_size()), otherwise(learning_rate, 1e-2);
  }

 private:
  template <class T>
  T& with_stacks(T& value) {
    return goes_with(value, {{&model, {"stack", "list"}}});
  }
  // The least that gives as many parameters as the stacks' network has.
  int64_t same_size() const {
    const auto V = static_cast<int64_t>(language(task).symbols.size());
    const int64_t gates = model == "lstm" ? 4 : 1, before = recurrent ? hidden : 0,
                  wanted = hidden * (V + 2 * stacks + before) + 4 * stacks * hidden + V * (hidden + 1);
    int64_t units = 1;
    while (gates * units * (units + V + 2) + V * (units + 1) < wanted) ++units;
    return units;
  }
};

inline Predictor make_model(const Options& o, Generator& generator) {
  const auto V = static_cast<int64_t>(language(o.task).symbols.size());
  if (o.model == "rnn" || o.model == "lstm") return Predictor(V, o.model, o.hidden, generator);
  return Predictor(V,
                   StackRnnOptions{.input_size = V,
                                   .hidden_size = o.hidden,
                                   .stacks = o.stacks,
                                   .capacity = o.capacity,
                                   .no_op = o.actions == 3,
                                   .list = o.model == "list",
                                   .recurrent = o.recurrent,
                                   .rounding = true,
                                   .noise = o.noise},
                   generator);
}

}  // namespace fovea::examples
