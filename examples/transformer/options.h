// What the transformer program may be told, besides what all programs share.
#pragma once

#include <fmt/format.h>
#include <fovea/layers/transformer/encoder.h>
#include <fovea/layers/transformer/positions.h>
#include <fovea/optim/adam.h>

#include "examples/common/program.h"

namespace fovea::examples {

struct Options : CommandLine {
  Options()
      : CommandLine({.name = "transformer",
                     .description = "A small Transformer learns a task, and shows where its heads look. Defaults are "
                                    "those of the task; here those of copy.",
                     .tasks = {"copy", "reverse", "sort", "addition", "shakespeare"},
                     .uses_data = true,
                     .trains_in_parts = true},
                    {.threads = 0, .steps = 2000, .batch = 64, .learning_rate = 2e-3, .validate_every = 250}) {
    text_only(data);
  }
  template <class T>
  T& text_only(T& value) {
    return goes_with(value, {{&task, {"shakespeare"}}});
  }
  int64_t& digits(int64_t& value) { return goes_with(value, {{&task, {"copy", "reverse", "sort"}}}); }

  int64_t& embed_dim = whole("embed-dim", "D, features of a position; the feed-forward part has 4 D", 64, 1, 4096);
  int64_t& heads = whole("heads", "H, heads of each attention; H divides D", 4, 1, 64);
  int64_t& layers = whole("layers", "layers of the encoder, and of the decoder", 2, 1, 64);
  double& dropout = real("dropout", "share of what is dropped while training", 0, 0, 0.9);
  std::string& norm =
      choice("norm", "layer norm before each part (pre) or after it (post, as in the paper)", {"pre", "post"});
  std::string& positions = choice("positions", "how a place of a sequence is told", {"sinusoidal", "learned", "none"});
  std::string& scale =
      choice("scale", "scores are divided by the root of d (on), or taken as they are (off)", {"on", "off"});
  int64_t& warmup = in_steps(whole("warmup", "steps until the rate is full", 200, 0));
  int64_t& anneal =
      in_steps(whole("anneal", "steps until the rate has fallen to a hundredth, along a cosine", 2000, 1));
  int64_t& min_length = digits(whole("min-length", "digits of a string at least", 10, 4, 1000));
  int64_t& max_length = digits(whole("max-length", "digits of a string at most", 20, 4, 1000));
  int64_t& test_size = goes_with(may_change(whole("test-size", "held-out strings of the test", 2000, 1)),
                                 {{&task, {"copy", "reverse", "sort", "addition"}}});
  std::string& answer =
      goes_with(choice("answer", "0579 (forwards) or 9750, units first (backwards)", {"forwards", "backwards"}),
                {{&task, {"addition"}}});
  bool& ablate = goes_with(may_change(flag("ablate", "what the test says without a place of the numbers, or a head")),
                           {{&task, {"addition"}}});
  int64_t& context = text_only(whole("context", "characters that are looked back at, at most", 64, 1, 100000));
  double& temperature = text_only(real("temperature", "of the samples; 0: the most probable", 0.8, 0, 100));
  int64_t& top_k = text_only(whole("top-k", "samples come from the k most probable characters; 0: all", 20, 0, 256));
  std::string& beginning = text_only(text("beginning", "what samples begin with", "\n"));

  void settle() override {
    if (task == "shakespeare") otherwise(batch, 32), otherwise(embed_dim, 128), otherwise(layers, 3);
    if (task == "addition") otherwise(steps, 6000), otherwise(anneal, 6000), otherwise(validate_every, 500);
    must_divide(heads, embed_dim);
    if (anneal <= warmup)
      throw UsageError(
          fmt::format("--anneal is {} and --warmup {}; the rate must rise before it falls", anneal, warmup));
    if (beginning.empty()) throw UsageError("--beginning is empty; it must be one character at least");
    if (max_length < min_length)
      throw UsageError(
          fmt::format("--max-length is {} and --min-length {}; it must be at least that", max_length, min_length));
  }

  TransformerOptions transformer() const {
    return {.embed_dim = embed_dim,
            .heads = heads,
            .feed_forward = 4 * embed_dim,
            .layers = layers,
            .dropout = dropout,
            .norm_first = norm == "pre",
            .scale = scale == "off" ? 1.0 : 0.0};
  }
  Positions place() const {
    return positions == "none" ? Positions::none : positions == "learned" ? Positions::learned : Positions::sinusoidal;
  }
  // Adam with the paper's β2 = 0.98 and eps = 1e-9; others as all programs have them.
  std::unique_ptr<Optimizer> make(const std::vector<Tensor>& parameters) const {
    if (optimizer != "adam") return make_optimizer(optimizer, parameters, learning_rate);
    return std::make_unique<Adam>(parameters, AdamOptions{.lr = learning_rate, .beta2 = 0.98, .eps = 1e-9});
  }
  CosineOptions cosine() const { return {.total = anneal, .lr_min = 0.01 * learning_rate, .warmup = warmup}; }
};

// Each trains, tests, draws, and returns the exit code.
int run_strings(const Options& options);
int run_text(const Options& options);

}  // namespace fovea::examples
