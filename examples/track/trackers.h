// What tracks: HART, the same with a window that stays where it began, and a network that sees whole frames.
//
//   u_t = vec(relu(conv(relu(conv(relu(conv(x_t)))))))    convolutions of stride 2                       (1)
//   h_t = LSTM([relu(W u_t) ; b_{t-1} / S], h_{t-1})                                                      (2)
//   b_t = b_{t-1} ⊕ tanh(MLP(h_t))                        ⊕: layers/vision/boxes.h; the box stays bounded  (3)
//
//   symbol    shape              meaning
//   x_t       [B, 1, S, S]       frame
//   b_t       [B, 4]             box; b_0 is the one that is given
//
// The first frame counts as a step: it is what a tracker has to know the object by.
#pragma once

#include <fovea/autograd/shared_weights.h>
#include <fovea/layers/vision/hart.h>

#include <string>

namespace fovea::examples {

// Of each frame, the first one too: the box, the window that was seen and the logits of its mask; the last two of HART
// alone.
struct Track {
  Tensor boxes, windows, masks;  // [B, T, 4], [B, T, 4], [B, T, m, m]
};

class Tracker : public Module {
 public:
  // frames [B, T, 1, S, S], the first box [B, 4]
  virtual Track operator()(const Tensor& frames, const Tensor& box) const = 0;
  // What is seen in a window [B, 4] of a frame [B, 1, S, S], [B, 1, n, n]; undefined where nothing has windows.
  virtual Tensor look(const Tensor&, const Tensor&) const { return {}; }
  // Of the true boxes [B, T, 4].
  virtual Tensor loss(const Track& track, const Tensor& boxes) const { return iou_loss(track.boxes, boxes); }
};

class HartTracker final : public Tracker {
 public:
  // A window that does not follow stays the one that it begins with.
  HartTracker(const HartOptions& o, int64_t side, bool follows, Generator& generator)
      : hart_(o, generator), side_(side), follows_(follows) {}
  void members(Members& m) override { m("hart", hart_); }

  Track operator()(const Tensor& frames, const Tensor& box) const override {
    const SharedWeights shared;
    std::vector<Tensor> boxes, windows, masks;
    Hart::State state = hart_.initial_state(select(frames, 1, 0), box);
    for (int64_t t = 0; t < frames.size(1); ++t) {
      const Tensor window = state.window;
      auto next = hart_.step(select(frames, 1, t), state);
      state = std::move(next.state);
      if (!follows_) state.window = window;
      boxes.push_back(next.output), windows.push_back(window), masks.push_back(squeeze(state.mask, 1));
    }
    return {stack(boxes, 1), stack(windows, 1), stack(masks, 1)};
  }
  Tensor look(const Tensor& frame, const Tensor& window) const override { return hart_.look(frame, window); }
  Tensor loss(const Track& track, const Tensor& boxes) const override {
    const Tensor target = box_mask(track.windows.detach(), boxes, track.masks.size(2), track.masks.size(3));
    const Tensor sum = Tracker::loss(track, boxes) + binary_cross_entropy_with_logits(track.masks, target);
    return follows_ ? sum + window_loss(track.windows, boxes, side_, side_) : sum;
  }

 private:
  Hart hart_;
  int64_t side_;
  bool follows_;
};

class FrameTracker final : public Tracker {
 public:
  FrameTracker(int64_t side, int64_t features, int64_t hidden, Generator& generator)
      : side_(side),
        input_(features * square((side + 7) / 8), hidden, true, generator),
        core_({.input_size = hidden + 4, .hidden_size = hidden}, generator),
        inner_(hidden, hidden, true, generator),
        outer_(hidden, 4, true, generator) {
    for (int64_t l = 0; l < 3; ++l)
      convolutions_.emplace_back(
          Conv2dOptions{
              .in_channels = l == 0 ? 1 : features, .out_channels = features, .kernel = 3, .stride = 2, .padding = 1},
          generator);
  }
  void members(Members& m) override {
    m("convolutions", convolutions_)("input", input_)("core", core_)("inner", inner_)("outer", outer_);
  }

  Track operator()(const Tensor& frames, const Tensor& box) const override {
    const SharedWeights shared;
    const int64_t B = frames.size(0), T = frames.size(1);
    Tensor u = flatten(frames, 0, 1);
    for (const Conv2d& convolution : convolutions_) u = relu(convolution(u));  // (1)
    const Tensor seen = reshape(relu(input_(flatten(u, 1))), {B, T, core_.hidden_size()});
    std::vector<Tensor> boxes;
    RecurrentOutput y{.state = core_.initial_state(B)};
    for (int64_t t = 0; t < T; ++t) {
      const Tensor before = t == 0 ? box : boxes.back();
      y = core_(cat({select(seen, 1, t), before / static_cast<double>(side_)}, 1), y.state);  // (2) [B, hidden]
      const Tensor box_t = moved(before, tanh(outer_(relu(inner_(y.output)))));
      boxes.push_back(bounded(box_t, side_, side_));  // (3) [B, 4]
    }
    return {stack(boxes, 1), {}, {}};
  }

 private:
  static int64_t square(int64_t n) { return n * n; }

  int64_t side_;
  std::vector<Conv2d> convolutions_;
  Linear input_;
  LSTMCell core_;
  Linear inner_, outer_;
};

}  // namespace fovea::examples
