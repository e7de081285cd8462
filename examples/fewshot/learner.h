// What learns from a few examples: drawings become vectors, and a network reads them with their labels, one step each.
//
//   φ(drawing) = 4 times: relu(max_pool2(batch_norm(conv3x3(.))))      28 x 28 -> 14 -> 7 -> 3 -> 1               (1)
//   x_t = [φ(drawing_t) ; one-hot(label_t)],  0 in place of a label that is asked                                 (2)
//   y_q = network(x_1 .. x_n, x_q),  p(label_q) = softmax(y_q),  for each question q after the n labelled drawings  (3)
//
//   symbol    shape             meaning
//   φ         [n, E]            E channels of the convolutions
//   x         [B, n + Q, E + N]
//   y         [B, Q, N]
//
// As in Mishra et al. 2017, appendix, but for the number of filters. SNAIL: attention of 64 keys and 32 values, a
// TCBlock of F filters, attention of (2 F, F), a TCBlock, attention of (4 F, 2 F). An LSTM beside it has one layer.
#pragma once

#include <fovea/autograd/pool.h>
#include <fovea/layers/batch_norm.h>
#include <fovea/layers/conv2d.h>
#include <fovea/layers/recurrent/recurrent.h>
#include <fovea/layers/snail/network.h>

namespace fovea::examples {

class DrawingEmbedding final : public Module {
 public:
  DrawingEmbedding(int64_t channels, Generator& generator) {
    for (int64_t l = 0, in = 1; l < 4; ++l, in = channels) {
      convolutions_.emplace_back(
          Conv2dOptions{.in_channels = in, .out_channels = channels, .kernel = 3, .padding = 1, .bias = false},
          generator);
      norms_.emplace_back(BatchNormLayerOptions{.channels = channels});
    }
  }
  void members(Members& m) override { m("convolutions", convolutions_)("norms", norms_); }
  // [n, 1, 28, 28] -> [n, E]
  Tensor operator()(const Tensor& images) const {
    Tensor y = images;
    for (size_t l = 0; l < convolutions_.size(); ++l) y = relu(max_pool2d(norms_[l](convolutions_[l](y)), 2));  // (1)
    return flatten(y, 1);
  }

 private:
  std::vector<Conv2d> convolutions_;
  std::vector<BatchNorm2d> norms_;
};

struct FewShotOptions {
  int64_t labels, examples;  // N, the most of an episode
  int64_t channels, filters;
};

class FewShotLearner : public Module {
 public:
  explicit FewShotLearner(const FewShotOptions& o, Generator& generator)
      : labels_(o.labels), embedding(o.channels, generator) {}
  void members(Members& m) override { m("embedding", embedding); }

  // features [n, E], drawing and label i64 [B, n + Q] -> y [B, Q, N].
  Tensor operator()(const Tensor& features, const Tensor& drawing, const Tensor& label, int64_t questions) const {
    const int64_t B = drawing.size(0), T = drawing.size(1);
    const Tensor seen = reshape(index_select(features, 0, flatten(drawing)), {B, T, features.size(1)});
    const Tensor told = cat({slice(label, 1, 0, T - questions), full({B, questions}, -1, i64)}, 1);
    return answers(cat({seen, to(eq(unsqueeze(told, 2), arange(labels_)), f32)}, 2), questions);  // (2), (3)
  }

 protected:
  virtual Tensor answers(const Tensor& x, int64_t questions) const = 0;
  int64_t labels_;

 public:
  DrawingEmbedding embedding;
};

class SnailLearner final : public FewShotLearner {
 public:
  SnailLearner(const FewShotOptions& o, Generator& generator)
      : FewShotLearner(o, generator),
        snail_({.input_size = o.channels + o.labels,
                .output_size = o.labels,
                .steps = o.examples + 1,
                .blocks = {{.key_size = 64, .value_size = 32},
                           {.filters = o.filters},
                           {.key_size = 2 * o.filters, .value_size = o.filters},
                           {.filters = o.filters},
                           {.key_size = 4 * o.filters, .value_size = 2 * o.filters}}},
               generator) {}
  void members(Members& m) override {
    FewShotLearner::members(m);
    m("snail", snail_);
  }

 private:
  Tensor answers(const Tensor& x, int64_t questions) const override {
    return slice(snail_(x, questions), 1, x.size(1) - questions);
  }
  Snail snail_;
};

class LstmLearner final : public FewShotLearner {
 public:
  LstmLearner(const FewShotOptions& o, Generator& generator)
      : FewShotLearner(o, generator),
        lstm_("lstm", {.input_size = o.channels + o.labels, .hidden_size = o.filters}, generator),
        output_(o.filters, o.labels, true, generator) {}
  void members(Members& m) override {
    FewShotLearner::members(m);
    m("lstm", lstm_)("output", output_);
  }

 private:
  Tensor answers(const Tensor& x, int64_t questions) const override {
    const int64_t B = x.size(0), n = x.size(1) - questions;
    const auto for_each = [&](const Tensor& state) { return repeat_interleave(state, questions, 1); };
    const RecurrentOutput known = lstm_(slice(x, 1, 0, n));
    const Tensor asked = reshape(slice(x, 1, n), {B * questions, 1, x.size(2)});
    const Tensor h = lstm_(asked, {for_each(known.state.hidden), for_each(known.state.cell)}).output;
    return output_(reshape(h, {B, questions, h.size(2)}));
  }
  Recurrent lstm_;
  Linear output_;
};

}  // namespace fovea::examples
