// What the reverse program may be told, besides what all programs share, and the model that it asks for.
#pragma once

#include <fmt/format.h>

#include <algorithm>

#include "examples/common/program.h"
#include "examples/common/sequence_models.h"
#include "examples/reverse/hard.h"

namespace fovea::examples {

struct Options : CommandLine {
  Options()
      : CommandLine({.name = "reverse",
                     .description = "A decoder with attention learns to give a string backwards. Defaults are those of "
                                    "the alignment; here those of soft.",
                     .tasks = {"reverse", "copy", "sort"}},
                    {.steps = 12000, .batch = 32, .learning_rate = 3e-3, .validate_every = 100}) {}
  static constexpr int64_t heads = 4;  // of the transformer
  template <class T>
  T& hard_only(T& value) {
    return goes_with(value, {{&align, {"hard"}}});
  }
  const std::vector<std::string> attentive{"rnnsearch", "luong"}, recurrent{"rnnsearch", "luong", "encoder-decoder"};

  std::string& model = choice("model", "model", sequence_models());
  bool& compare = flag("compare", "train the network without attention beside it", true);
  std::string& score =
      goes_with(choice("score", "score of the attention", score_names(), "additive"), {{&model, attentive}});
  std::string& align =
      goes_with(choice("align", "how scores become weights", align_names(), "soft"), {{&model, attentive}});
  std::string& cell =
      goes_with(choice("cell", "recurrent cell", cell_names(), "gru"), {{&model, recurrent}, {&compare, {"true"}}});
  int64_t& hidden = whole("hidden", "size of the states and of the attention", 64, 4, 4096);
  int64_t& embedding = goes_with(whole("embedding", "size of a letter's embedding", 64, 1, 4096),
                                 {{&model, recurrent}, {&compare, {"true"}}});
  int64_t& encoder = goes_with(whole("encoder", "size of the encoder in each direction; 0: as hidden", 0, 0, 4096),
                               {{&model, {"rnnsearch"}}});
  int64_t& layers =
      goes_with(whole("layers", "layers", 1, 1, 16), {{&model, {"luong", "encoder-decoder", "transformer"}}});
  double& window =
      goes_with(real("window", "half the width of the window", 10, 1e-3, 1e9), {{&align, {"local-m", "local-p"}}});
  bool& embeddings = goes_with(flag("embeddings", "read the letters' embeddings, not the encoder's states", true),
                               {{&model, {"rnnsearch"}}});
  bool& feeding = goes_with(flag("feeding", "feed the last attentional state", true), {{&model, {"luong"}}});
  int64_t& letters = whole("letters", "size of the alphabet", 26, 2, 10000);
  int64_t& length = whole("length", "longest training string", 30, 1, 1000);
  int64_t& first_length = whole("first-length", "longest training string at first", 5, 1, 1000);
  double& sharpen =
      goes_with(real("sharpen", "weight of the entropy of the attention's weights in the loss", 0.3, 0, 1000),
                {{&model, attentive}});
  std::string& baseline = hard_only(choice("baseline", "baseline", {"moving", "none", "leave-one-out"}));
  int64_t& draws = hard_only(whole("draws", "draws a string for leave-one-out", 2, 2, 64));
  double& discount = hard_only(real("discount", "share of later rewards", 0, 0, 1));
  double& score_weight = hard_only(real("score-weight", "weight of the score-function term", 1, 0, 1000));
  double& expectation =
      hard_only(real("expectation", "share of steps that read the expectation and draw nothing", 0.5, 0, 1));
  int64_t& warmup = in_steps(
      hard_only(whole("warmup", "updates before the first draw, in which all steps read the expectation", 6000, 0)));
  double& entropy = hard_only(real("entropy", "weight of the entropy", 0, 0, 1000));
  int64_t& halve = in_steps(whole("halve", "steps after which the rate is halved, again and again", 2700, 1));
  double& average = real("average", "decay of the moving average of the weights, which is what is tested; 0: none",
                         0.999, 0, 0.999999);
  std::vector<int64_t>& test_lengths = wholes("test-lengths", "lengths to test", {5, 10, 15, 20, 25, 30, 40}, 1, 1000);
  int64_t& test_size = may_change(whole("test-size", "fresh strings a test length", 1000, 1));

  // An attention that draws learns more slowly. One that moves learns fast, and finds the end in the states alone.
  void settle() override {
    if (align == "hard") otherwise(steps, 18000), otherwise(halve, 4500), otherwise(validate_every, 300);
    if (align == "ntm")
      otherwise(steps, 1500), otherwise(halve, 400), otherwise(sharpen, 0), otherwise(embeddings, false),
          otherwise(test_lengths, {5, 10, 20, 30, 40, 60, 100});
    if (model == "encoder-decoder") {
      if (given(&compare) && compare)
        throw UsageError("--compare goes with a --model that has attention; here --model is encoder-decoder");
      compare = false;
    }
    const bool half = model == "rnnsearch" && needs_one_size(score);  // the keys have both directions
    if (half && encoder != 0)
      throw UsageError(
          fmt::format("--encoder is {}; with --score {} it is half of --hidden, leave it out", encoder, score));
    const int64_t divisor = half ? 2 : model == "transformer" ? heads : 1;
    if (hidden % divisor != 0)
      throw UsageError(fmt::format("--hidden is {}; --{} needs a multiple of {}, such as {}", hidden,
                                   half ? "score " + score : "model " + model, divisor,
                                   hidden / divisor * divisor + divisor));
  }
  HardOptions hard() const {
    return {.baseline = baseline, .draws = draws, .discount = discount, .weight = score_weight, .entropy = entropy};
  }
};

// `name` in place of --model. Errors: ValueError for what does not go together.
inline std::unique_ptr<SequenceModel> make_model(const Options& o, const std::string& name, int64_t vocabulary,
                                                 Generator& generator) {
  const int64_t max_length =
      std::max({int64_t{256}, o.length, *std::max_element(o.test_lengths.begin(), o.test_lengths.end())});
  const AttentionChoice attention{
      .score = o.score, .align = o.align, .width = o.hidden, .max_length = max_length, .half_width = o.window};
  const bool one_size = needs_one_size(o.score);
  SequenceModelOptions model;
  model.sizes(vocabulary, 0, o.embedding, o.hidden);
  model.rnnsearch.cell = model.luong.cell = model.encoder_decoder.cell = o.cell;
  model.rnnsearch.attention = model.luong.attention = attention;
  model.rnnsearch.encoder_size = one_size ? o.hidden / 2 : o.encoder;
  model.rnnsearch.read_embeddings = o.embeddings;
  model.luong.input_feeding = o.feeding;
  model.luong.layers = model.encoder_decoder.layers = model.transformer.transformer.layers = o.layers;
  model.transformer.transformer.heads = Options::heads;
  model.transformer.transformer.dropout = 0;
  return make_sequence_model(name, model, generator);
}

}  // namespace fovea::examples
