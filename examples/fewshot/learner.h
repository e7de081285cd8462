// What learns from a few examples: drawings become vectors, and a network reads them with their labels, one step each.
//
//   φ(drawing) = 4 times: relu(max_pool2(batch_norm(conv3x3(.))))      28 x 28 -> 14 -> 7 -> 3 -> 1               (1)
//   x_t = [φ(drawing_t) ; one-hot(label_t)],  the last label 0                                                    (2)
//   y   = network(x_1 .. x_T),  p(label_T) = softmax(y_T)                                                         (3)
//
//   symbol    shape             meaning
//   φ         [n, E]            E channels of the convolutions
//   x         [B, T, E + N]     T = N K + 1
//   y_T       [B, N]
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
  int64_t ways, shots;  // N, the most K
  int64_t channels, filters;
};

class FewShotLearner : public Module {
 public:
  explicit FewShotLearner(const FewShotOptions& o, Generator& generator)
      : ways_(o.ways), embedding(o.channels, generator) {}
  void members(Members& m) override { m("embedding", embedding); }

  // features [n, E], drawing and label i64 [B, T] -> y_T [B, N].
  Tensor operator()(const Tensor& features, const Tensor& drawing, const Tensor& label) const {
    const int64_t T = drawing.size(1);
    const Tensor seen = reshape(index_select(features, 0, flatten(drawing)), {drawing.size(0), T, features.size(1)});
    const Tensor told = cat({slice(label, 1, 0, T - 1), full({label.size(0), 1}, -1, i64)}, 1);
    return last(cat({seen, to(eq(unsqueeze(told, 2), arange(ways_)), f32)}, 2));  // (2), (3)
  }

 protected:
  virtual Tensor last(const Tensor& x) const = 0;  // y_T
  int64_t ways_;

 public:
  DrawingEmbedding embedding;
};

class SnailLearner final : public FewShotLearner {
 public:
  SnailLearner(const FewShotOptions& o, Generator& generator)
      : FewShotLearner(o, generator),
        snail_({.input_size = o.channels + o.ways,
                .output_size = o.ways,
                .steps = o.ways * o.shots + 1,
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
  Tensor last(const Tensor& x) const override { return select(snail_(x), 1, -1); }
  Snail snail_;
};

class LstmLearner final : public FewShotLearner {
 public:
  LstmLearner(const FewShotOptions& o, Generator& generator)
      : FewShotLearner(o, generator),
        lstm_("lstm", {.input_size = o.channels + o.ways, .hidden_size = o.filters}, generator),
        output_(o.filters, o.ways, true, generator) {}
  void members(Members& m) override {
    FewShotLearner::members(m);
    m("lstm", lstm_)("output", output_);
  }

 private:
  Tensor last(const Tensor& x) const override { return output_(select(lstm_(x).output, 1, -1)); }
  Recurrent lstm_;
  Linear output_;
};

}  // namespace fovea::examples
