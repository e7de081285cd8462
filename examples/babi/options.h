// What the babi program may be told, besides what all programs share, and the model that it asks for.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/layers/memory/memn2n.h>

#include <numeric>

#include "examples/common/program.h"

namespace fovea::examples {

inline std::vector<int64_t> all_tasks() {
  std::vector<int64_t> tasks(20);
  std::iota(tasks.begin(), tasks.end(), 1);
  return tasks;
}

struct Options : CommandLine {
  Options()
      : CommandLine({.name = "babi",
                     .description = "An end-to-end memory network reads stories and answers questions: the bAbI "
                                    "tasks, all at once unless --tasks names some.",
                     .uses_data = true,
                     .serves = "ask"},
                    {.steps = 152100,
                     .batch = 32,
                     .optimizer = "sgd",
                     .learning_rate = 1e-2,
                     .clip = 40,
                     .validate_every = 564}) {}
  std::string& set = choice("set", "folder of the tasks below --data, in babi", {"en", "en-10k"});
  std::vector<int64_t>& tasks = wholes("tasks", "tasks to learn together", all_tasks(), 1, 20);
  int64_t& hops = whole("hops", "readings of the memory", 3, 1, 10);
  int64_t& embedding = whole("embedding", "size of the memories and embeddings", 50, 1, 4096);
  int64_t& memory = whole("memory", "sentences that are remembered, the last before a question", 50, 1, 10000);
  std::string& tying = choice("tying", "which tables the hops share", {"adjacent", "layer-wise"});
  std::string& encoding = choice("encoding", "how the words of a sentence are put together", {"position", "bag"});
  double& position_scale =
      goes_with(real("position-scale", "what the encoding is multiplied by: 1 in the paper, 2 in its authors' program",
                     2, 0.01, 100),
                {{&encoding, {"position"}}});
  double& noise = real("noise", "random noise in time: empty sentences at most, as a share of a story's", 0.1, 0, 1);
  int64_t& linear_start =
      whole("linear-start",
            "steps without the softmaxes of the hops, at most; 0: none; unless given a third of a run's", 16900, 0);
  int64_t& patience =
      whole("patience", "validations without a smaller loss that end the linear start; 0: it goes to its end", 0, 0);
  double& linear_rate = real("linear-rate", "the rate of the linear start, as a share", 0.5, 1e-6, 1);
  int64_t& halvings = whole("halvings", "how often the rate is halved in the steps behind the linear start", 3, 0, 60);
  int64_t& restarts = whole(
      "restarts",
      "runs from fresh weights, which share the steps; the best in validation is kept; 1 where only --steps is given",
      3, 1, 1000);

  void settle() override {
    std::sort(tasks.begin(), tasks.end());
    if (const auto twice = std::adjacent_find(tasks.begin(), tasks.end()); twice != tasks.end())
      throw UsageError(fmt::format("--tasks has {} twice", *twice));
    task = joint() ? "joint" : fmt::format("{}", fmt::join(tasks, "-"));  // names the folder
    const bool many = set == "en-10k";
    otherwise(restarts, given(&steps) ? 1 : 3);
    otherwise(steps, restarts * (joint() ? 50700 : many ? 28200 : 3600));
    if (!joint()) otherwise(embedding, 20), otherwise(validate_every, many ? 282 : 30);
    if (steps % restarts != 0)
      throw UsageError(fmt::format("--restarts is {}, which does not divide --steps {}", restarts, steps));
    otherwise(linear_start, steps / restarts / 3);
    if (steps > 0 && linear_start >= steps / restarts)
      throw UsageError(fmt::format("--linear-start is {}; it must be less than the {} steps of a run", linear_start,
                                   steps / restarts));
  }
  std::filesystem::path folder_of_tasks() const {
    return data_file("babi/" + set, "the bAbI tasks, version 1.2, are to be put in DIR/babi/en and DIR/babi/en-10k");
  }
  bool joint() const { return tasks.size() == 20; }
};

inline MemN2N make_model(const Options& o, int64_t words, Generator& generator) {
  return MemN2N({.vocabulary = words,
                 .embed_dim = o.embedding,
                 .hops = o.hops,
                 .memory_size = o.memory,
                 .position_encoding = o.encoding == "position",
                 .position_scale = o.position_scale,
                 .layer_wise = o.tying == "layer-wise"},
                generator);
}

}  // namespace fovea::examples
