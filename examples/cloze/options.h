// What the cloze program may be told, besides what all programs share, and the reader that it asks for.
#pragma once

#include <fovea/layers/attention/reader.h>

#include "examples/cloze/stories.h"
#include "examples/common/program.h"

namespace fovea::examples {

struct Options : CommandLine {
  Options()
      : CommandLine(
            {.name = "cloze",
             .description = "A reader learns to find, in a story whose names mean nothing, who or what fills "
                            "the gap of a question.",
             .serves = "ask"},
            {.task = "stories", .steps = 4000, .batch = 32, .learning_rate = 5e-3, .clip = 5, .validate_every = 250}) {}
  std::string& model = choice("model", "reader", {"attentive", "impatient", "uniform"});
  bool& compare =
      goes_with(flag("compare", "train the uniform reader beside it", true), {{&model, {"attentive", "impatient"}}});
  int64_t& sentences = whole("sentences", "sentences of a story", 5, 1, 100);
  int64_t& entities =
      whole("entities", "names that a story can use; a quarter of them are places", 8, World::least_entities, 1000);
  int64_t& embedding = whole("embedding", "size of a token's embedding", 32, 1, 4096);
  int64_t& hidden = whole("hidden", "size of the states in each direction", 32, 1, 4096);
  double& gain = goes_with(real("gain", "what the score's first weights are multiplied by", 6, 1e-3, 1000),
                           {{&model, {"attentive", "impatient"}}});
  int64_t& anneal = in_steps(whole("anneal", "steps in which the rate falls to 0, as a cosine", 4000, 1));
  int64_t& change_weights = may_change(goes_with(
      whole("change-weights", "stories that are read again with other weights, after the test", 100, 0, 100000),
      {{&model, {"attentive"}}}));
  int64_t& test_size = may_change(whole("test-size", "fresh stories of the test", 2000, 1));

  void settle() override {
    if (model == "uniform") otherwise(compare, false);
    if (model != "attentive") otherwise(change_weights, 0);
  }
  StoryOptions stories(Share share) const { return {sentences, share}; }
};

inline Box<Reader> make_reader(const Options& o, const std::string& model, const World& world, Generator& generator) {
  const ReaderOptions options{.vocabulary = world.vocabulary(),
                              .entities = world.entities(),
                              .embed_dim = o.embedding,
                              .hidden_size = o.hidden};
  Box<Reader> reader = [&]() -> Box<Reader> {
    if (model == "attentive") return AttentiveReader(options, generator);
    if (model == "impatient") return ImpatientReader(options, generator);
    return UniformReader(options, generator);
  }();
  // m is a tanh of a sum. Where that is small it is nearly the sum, and then the question moves all scores alike.
  for_each_module<AdditiveScore>(*reader, [&](AdditiveScore& score) {
    for (const Tensor& weight : {score.query_weight.tensor(), score.key_weight.tensor()})
      weight.detach().copy_(weight.detach() * o.gain);
  });
  return reader;
}

}  // namespace fovea::examples
