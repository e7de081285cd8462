// RAM: looks at an image through a few glimpses, chooses itself where, and then says what it is. Mnih, Heess, Graves,
// Kavukcuoglu 2014, "Recurrent Models of Visual Attention", arXiv 1406.6247, sections 3 and 4.
//
//   h_t = core(G(x, l_t), h_{t-1}),  h_0 = 0,  l_1 ~ U(-1, 1)²                               (1)
//   μ_t = tanh(W_l h_t + b_l),  s_t ~ N(μ_t, σ² I),  l_{t+1} = min(max(s_t, -1), 1)          (2)
//   y = W_a h_T + b_a,  p(class) = softmax(y)                                                (3)
//   b_t = w_b sg(h_t) + c                                                                    (4)
//   L = CE(y, class) + mean (b_t - R)² - λ mean Σ_{t<T} sg(R - b_t) log N(s_t; μ_t, σ² I)    (5)
//   R = 1 if argmax y is the class, else 0
//
//   symbol   shape          meaning
//   x, l     glimpse.h      image, place of a glimpse
//   h        [B, H]         state of the core: h_t = relu(W G + W' h_{t-1} + b), or an LSTM's
//   μ, s     [B, T-1, 2]    where the network would look, and what was drawn there
//   b, R     [B, T-1], [B]  the reward expected before it is known, and the reward
//
// A place passes no gradient of the cross-entropy on: W_l learns from (5)'s last term alone, by the score function. In
// the paper that term trains the core too; choice_trains_core false stops it at h. The paper's μ is linear; tanh keeps
// it on the image, and the density is that of s, before it is cut to the image. random_locations: all l_t ~ U(-1, 1)²,
// without (2) and (4): what the choice is worth. Errors: ShapeError; ValueError for options, for a batch of none in
// ram_loss, and for a place that is not finite (weights that are not). Cost: T times a glimpse's and the core's.
#pragma once

#include <fovea/autograd/distributions.h>
#include <fovea/autograd/score_function.h>
#include <fovea/layers/recurrent/cell.h>
#include <fovea/layers/vision/glimpse.h>

#include <optional>

namespace fovea {

struct RamOptions {
  GlimpseOptions glimpse = {};
  std::string core = "rnn";  // or another cell's name; the RNN's is relu
  int64_t hidden_size = 256, classes = 10;
  int64_t glimpses = 6;     // T
  double deviation = 0.15;  // σ
  bool random_locations = false, choice_trains_core = true;
};

struct RamState {
  State core = {};
  Tensor location = {};  // of the next glimpse, [B, 2]
  template <class Visit>
  void tensors(Visit&& visit) {
    visit("core", core), visit("location", location, 0);
  }
};

struct RamOutput {
  Tensor logits = {};                          // y [B, classes]
  Tensor locations = {};                       // l [B, T, 2]
  Tensor log_probability = {}, baseline = {};  // of s_t, and b_t, [B, T-1]; undefined where nothing is chosen
};

class RecurrentAttentionModel final : public Module {
 public:
  explicit RecurrentAttentionModel(const RamOptions& o, Generator& generator = default_generator())
      : options_(o),
        glimpse_(o.glimpse, generator),
        core_(make_cell(o.core,
                        {.input_size = o.glimpse.output_size, .hidden_size = o.hidden_size, .relu = o.core == "rnn"},
                        generator)),
        action_(o.hidden_size, o.classes, true, generator) {
    check_sizes("RecurrentAttentionModel", {{"glimpses", o.glimpses}});
    checked_positive("RecurrentAttentionModel", "deviation", o.deviation);
    if (o.random_locations || o.glimpses == 1) return;
    location_.emplace(o.hidden_size, 2, true, generator);
    baseline_.emplace(o.hidden_size, 1, true, generator);
  }
  void members(Members& m) override {
    m("glimpse", glimpse_)("core", core_)("action", action_)("location", location_)("baseline", baseline_);
  }

  // Before the first glimpse, which is anywhere.
  RamState initial_state(int64_t batch, Generator& generator) const {
    return {core_->initial_state(batch), draw(batch, {}, generator)};
  }
  // One glimpse; the output is h_t.
  Stepped<RamState> step(const Tensor& x, const RamState& state, Generator& generator) const {
    const RecurrentOutput core = look(x, state);
    return {core.output, {core.state, clamp(draw(x.size(0), mean_of(core.output), generator), -1, 1)}};
  }

  RamOutput operator()(const Tensor& x, Generator& generator) const {
    return run(x, initial_state(x.size(0), generator),
               [&](int64_t, const Tensor& mean) { return draw(x.size(0), mean, generator); });
  }
  // The same, going where it is told: l_1 and all s_t, [B, T, 2].
  RamOutput along(const Tensor& x, const Tensor& drawn) const {
    if (!drawn.defined() || !(drawn.shape() == Shape{x.size(0), options_.glimpses, 2}))
      throw ShapeError(place(*this, "RecurrentAttentionModel") + ": the image is " + describe(x) + ", the places " +
                       describe(drawn) + "; need [B, " + std::to_string(options_.glimpses) + ", 2]");
    const auto at = [&](int64_t t) { return select(drawn, 1, t).detach(); };
    return run(x, {core_->initial_state(x.size(0)), clamp(at(0), -1, 1)},
               [&](int64_t t, const Tensor&) { return at(t + 1); });
  }

 private:
  RecurrentOutput look(const Tensor& x, const RamState& state) const {
    return (*core_)(glimpse_(x, state.location), state.core);  // (1) [B, H]
  }
  Tensor mean_of(const Tensor& h) const {
    return location_ ? tanh((*location_)(options_.choice_trains_core ? h : h.detach())) : Tensor();  // (2) [B, 2]
  }
  Normal around(const Tensor& mean) const { return {mean, full({}, options_.deviation, mean.dtype())}; }
  Tensor draw(int64_t batch, const Tensor& mean, Generator& generator) const {
    if (mean.defined()) return around(mean).sample(generator);              // (2) [B, 2]
    return uniform({batch, 2}, -1, 1, generator, action_.weight->dtype());  // (1) [B, 2]
  }

  template <class Draw>
  RamOutput run(const Tensor& x, RamState state, const Draw& draw_at) const {
    std::vector<Tensor> hidden, places, means, drawn;
    for (int64_t t = 0; t < options_.glimpses; ++t) {
      places.push_back(state.location);
      const RecurrentOutput core = look(x, state);
      hidden.push_back(core.output);
      if (t + 1 == options_.glimpses) break;
      means.push_back(mean_of(core.output)), drawn.push_back(draw_at(t, means.back()));
      state = {core.state, clamp(drawn.back(), -1, 1)};  // (2) [B, 2]
    }
    RamOutput y{.logits = action_(hidden.back()), .locations = stack(places, 1)};  // (3) [B, classes]
    if (!location_) return y;
    hidden.pop_back();
    y.log_probability = sum(around(stack(means, 1)).log_prob(stack(drawn, 1)), 2);  // (5) [B, T-1]
    y.baseline = squeeze((*baseline_)(stack(hidden, 1).detach()), 2);               // (4) [B, T-1]
    return y;
  }

  RamOptions options_;
  GlimpseNetwork glimpse_;
  Box<Cell> core_;
  Linear action_;
  std::optional<Linear> location_, baseline_;
};

// (5), of classes i64 [B]; the cross-entropy alone where nothing is chosen.
inline Tensor ram_loss(const RamOutput& y, const Tensor& classes, double lambda = 1) {
  const Tensor& b = y.baseline;
  if (y.logits.size(0) == 0) throw ValueError("ram_loss: a batch of 0; need at least one image");
  Tensor error = cross_entropy(y.logits, classes);
  if (!b.defined()) return error;
  const Tensor R = expand(unsqueeze(to(eq(argmax(y.logits, 1), classes), b.dtype()), 1), b.shape());  // [B, T-1]
  const Tensor choice = surrogate_loss(y.log_probability, R, {.baseline = b}) * static_cast<double>(b.size(1));
  return error + baseline_loss(b, R) + lambda * choice;  // (5) []
}

}  // namespace fovea
