// The command line of glimpse, and the network that it asks for.
#pragma once

#include <fovea/layers/vision/ram.h>

#include "examples/common/command_line.h"

namespace fovea::examples {

struct Options : CommandLine {
  Options()
      : CommandLine({.name = "glimpse",
                     .description = "A network learns to tell digits from a few glimpses, and where to look.",
                     .tasks = {"digits", "translated", "cluttered"},
                     .uses_data = true},
                    {.steps = 20000, .batch = 128, .learning_rate = 2e-3, .clip = 1, .validate_every = 1000}) {}
  std::string& locations =
      choice("locations", "of the glimpses: the network's choice, or anywhere", {"learned", "random"});
  bool& beside = goes_with(flag("beside", "trains a second network, of random locations, on the same batches"),
                           {{&locations, {"learned"}}});
  int64_t& glimpses = whole("glimpses", "of an image", 6, 1, 100);
  int64_t& size = whole("size", "pixels of a glimpse's side", 8, 1, 28);
  int64_t& scales = whole("scales", "of a glimpse, each twice as wide as the one before", 1, 1, 4);
  std::string& core = choice("core", "what remembers the glimpses", {"rnn", "lstm"});
  int64_t& hidden = whole("hidden", "size of the core", 256, 1, 4096);
  double& deviation =
      goes_with(real("deviation", "of a location from where the network would look, 1 is half an image", 0.15, 1e-3, 1),
                {{&locations, {"learned"}}});
  double& weight = goes_with(real("weight", "of what is learned of where to look, in the loss", 0.03, 0, 100),
                             {{&locations, {"learned"}}});
  bool& detach = goes_with(flag("detach", "what is learned of where to look does not train the core"),
                           {{&locations, {"learned"}}});
  int64_t& anneal = in_steps(whole("anneal", "steps in which the rate falls to 0, as a cosine", 20000, 1));
  int64_t& average =
      may_change(whole("average", "runs over an image of the test, whose answers are averaged", 10, 1, 1000));
  void settle() override {
    if (task != "digits") {
      otherwise(size, 12), otherwise(scales, 3), otherwise(steps, 60000), otherwise(anneal, 60000);
    }
    if (glimpses == 1 && (given(&deviation) || given(&weight) || given(&detach) || beside))
      throw UsageError("--glimpses 1: nothing is chosen; leave out --deviation, --weight, --detach and --beside");
    if (task == "cluttered" && batch < 2)
      throw UsageError("--batch 1: the pieces of cluttered are of other digits; need at least 2");
  }
};

inline RamOptions network_of(const Options& o, bool random) {
  return {.glimpse = {.size = o.size, .scales = o.scales},
          .core = o.core,
          .hidden_size = o.hidden,
          .glimpses = o.glimpses,
          .deviation = o.deviation,
          .random_locations = random,
          .choice_trains_core = !o.detach};
}

}  // namespace fovea::examples
