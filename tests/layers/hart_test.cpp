// HART is the golden one, keeps the contract, and what must hold whatever its weights are: a window that follows sees
// the same, gains of 0 keep the box, a closed mask hides everything, rows of a batch have filters of their own, odd
// boxes stay finite.
#include <fovea/autograd/backward.h>
#include <fovea/layers/vision/hart.h>
#include <tests/layers/contract.h>
#include <tests/layers/golden_layers.h>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

const HartOptions kSmall{.crop = 4, .features = 3, .dynamic_filters = 2, .hidden_size = 5};

Tensor some_frames(const Shape& shape, uint64_t seed = 3) {
  Generator generator(seed);
  return uniform(shape, 0, 1, generator, f64);
}

Hart small_hart(const HartOptions& options = kSmall) {
  Generator generator(1);
  Hart hart(options, generator);
  to(hart, f64);
  return hart;
}

// Of frames [B, T, C, H, W]: the state after each.
std::vector<Hart::State> states(const Hart& hart, const Tensor& frames, const Tensor& box) {
  std::vector<Hart::State> found;
  Hart::State state = hart.initial_state(select(frames, 1, 0), box);
  for (int64_t t = 0; t < frames.size(1); ++t) {
    state = hart.step(select(frames, 1, t), state).state;
    found.push_back(state);
  }
  return found;
}

const Tensor kBoxes = tensor({4.0, 5.0, 3.0, 4.0, 6.0, 3.0, 5.0, 2.5}, {2, 4});

}  // namespace

TEST_CASE("HART and the losses of its boxes are the golden ones, row by row", "[layers][hart][golden]") {
  const GoldenFile golden("hart");
  Hart hart({.channels = 2, .crop = 6, .features = 3, .dynamic_filters = 2, .hidden_size = 5, .context = 1.5});
  for (const DType dtype : {f64, f32})
    check_case(golden, "hart", hart, dtype, [&](const Named& in) {
      const Tensor &frames = in.at("frames"), &truth = in.at("truth");
      Hart::State state = hart.initial_state(select(frames, 1, 0), in.at("box"));
      List boxes, windows, masks;
      for (int64_t t = 0; t < frames.size(1); ++t) {
        windows.push_back(state.window);
        state = hart.step(select(frames, 1, t), state).state;
        boxes.push_back(state.box), masks.push_back(squeeze(state.mask, 1));
      }
      const Tensor b = stack(boxes, 1), a = stack(windows, 1);
      return Named{{"boxes", b},
                   {"windows", a},
                   {"masks", stack(masks, 1)},
                   {"iou_loss", iou_loss(b, truth)},
                   {"window_loss", window_loss(a, truth, frames.size(3), frames.size(4))},
                   {"mask", box_mask(a, truth, 3, 3)}};
    });
}

TEST_CASE("HART keeps the contract over three frames", "[layers][contract][hart]") {
  require_contract(
      Contract<Hart>{[](Generator& g) { return Hart({.channels = 2, .crop = 4, .features = 3, .hidden_size = 5}, g); },
                     [](const Hart& hart, const List& in) {
                       const auto all = states(hart, in[0], in[1]);
                       return List{all[0].box, all[1].box, all[2].box, all[2].window, all[1].mask};
                     },
                     {some_frames({2, 3, 2, 9, 10}), kBoxes},
                     {}});
}

TEST_CASE("a window that follows a thing sees the same, in the middle", "[layers][hart]") {
  const Hart hart = small_hart({.crop = 8, .features = 3, .hidden_size = 5});
  Tensor first;
  for (const auto& [y, x] : std::vector<std::pair<int64_t, int64_t>>{{10, 10}, {13, 8}, {9, 14}}) {
    Tensor frame = zeros({1, 1, 24, 24}, f64);
    slice(slice(frame, 2, y - 2, y + 2), 3, x - 1, x + 1).fill_(1);  // 4 x 2, its middle at (y, x)
    const Tensor window = to(reshape(tensor({y, x, int64_t{8}, int64_t{8}}), {1, 4}), f64);
    const Tensor g = hart.look(frame, window), place = arange(0, 8, 1, f64) + 0.5;
    REQUIRE(sum(g * reshape(place, {8, 1})).item() / sum(g).item() == Approx(4));
    REQUIRE(sum(g * place).item() / sum(g).item() == Approx(4));
    if (!first.defined()) first = g;
    REQUIRE(allclose(g, first, 1e-12, 1e-12));
    const Tensor beside = hart.look(frame, window + tensor({0.0, 2.0, 0.0, 0.0}));
    REQUIRE(sum(beside * place).item() / sum(beside).item() == Approx(2).epsilon(1e-3));
  }
}

TEST_CASE("with gains of 0 the box stays where it was, and so does the window", "[layers][hart]") {
  const Hart hart = small_hart();
  const Tensor frames = some_frames({2, 4, 1, 12, 12});
  const Tensor moving = states(hart, frames, kBoxes).back().box;
  REQUIRE(max(abs(moving - kBoxes)).item() > 1e-3);
  Tensor(hart.gain).detach().fill_(0);
  for (const Hart::State& state : states(hart, frames, kBoxes)) {
    REQUIRE(equal(state.box, kBoxes));
    REQUIRE(equal(state.window, kBoxes * tensor({1.0, 1.0, 2.0, 2.0})));
  }
}

TEST_CASE("gains begin small, as they are asked for", "[layers][hart]") {
  REQUIRE(allclose(tanh(small_hart().gain), full({8}, 0.1, f64), 1e-6, 1e-6));
  const Hart still = small_hart({.crop = 4, .features = 3, .hidden_size = 5, .first_gain = 0});
  REQUIRE(equal(states(still, some_frames({2, 2, 1, 9, 9}), kBoxes).back().box, kBoxes));
}

TEST_CASE("behind a closed mask nothing is seen", "[layers][hart]") {
  const Hart hart = small_hart();
  const Tensor frames = some_frames({2, 3, 1, 12, 12}), others = some_frames({2, 3, 1, 12, 12}, 4);
  REQUIRE(!equal(states(hart, frames, kBoxes).back().box, states(hart, others, kBoxes).back().box));
  Tensor(hart.readout.weight).detach().fill_(0), Tensor(hart.readout.bias).detach().fill_(-1e4);
  REQUIRE(equal(states(hart, frames, kBoxes).back().box, states(hart, others, kBoxes).back().box));
}

TEST_CASE("each row of a batch has filters of its own, from its own state", "[layers][hart]") {
  const Hart hart = small_hart();
  const Tensor frames = some_frames({2, 3, 1, 12, 12});
  const Hart::State both = states(hart, frames, kBoxes).back();
  for (int64_t row = 0; row < 2; ++row) {
    const Tensor rows = tensor({row});
    const Hart::State alone = states(hart, index_select(frames, 0, rows), index_select(kBoxes, 0, rows)).back();
    const Hart::State chosen = select_rows(both, rows);
    REQUIRE(allclose(alone.mask, chosen.mask, 1e-12, 1e-12));
    REQUIRE(allclose(alone.box, chosen.box, 1e-12, 1e-12));
    REQUIRE(allclose(alone.window, chosen.window, 1e-12, 1e-12));
  }
  Hart::State other = both;
  other.core.hidden = cat({slice(both.core.hidden, 0, 0, 1), slice(both.core.hidden, 0, 1) + 0.5}, 0);
  const Tensor frame = select(frames, 1, 0), mask = hart.step(frame, both).state.mask,
               changed = hart.step(frame, other).state.mask;
  REQUIRE(equal(clone(select(mask, 0, 0)), clone(select(changed, 0, 0))));
  REQUIRE(!equal(clone(select(mask, 0, 1)), clone(select(changed, 0, 1))));
}

TEST_CASE("from any finite box HART goes on with finite numbers, its window in the image", "[layers][hart]") {
  const Hart hart = small_hart();
  Tensor(hart.gain).detach().fill_(9);  // moves as far as it can
  const Tensor frames = some_frames({6, 6, 1, 9, 12});
  const Tensor odd = tensor({4.0, 4.0, 0.0, 0.0, 4.0,  4.0,  -3.0, 2.0, -50.0, 4.0, 3.0, 3.0,
                             4.0, 1e9, 3.0, 3.0, -1e9, 1e12, 1.0,  1.0, 4.0,   4.0, 1e9, 1e-9},
                            {6, 4});
  for (const Hart::State& state : states(hart, frames, odd)) {
    REQUIRE(all(isfinite(state.box)));
    const auto [y, x, h, w] = chunk<4>(state.window, 1);
    for (const auto& [part, low, high] :
         std::vector<std::tuple<Tensor, double, double>>{{y, 0, 9}, {x, 0, 12}, {h, 1, 18}, {w, 1, 24}})
      REQUIRE(all(logical_and(ge(part, low), le(part, high))));
  }
  const List gradients = grad({sum(states(hart, frames, odd).back().box)}, parameters(hart), {.allow_unused = true});
  for (const Tensor& gradient : gradients)
    if (gradient.defined()) REQUIRE(all(isfinite(gradient)));
}

TEST_CASE("HART refuses what does not fit", "[layers][hart][errors]") {
  REQUIRE_THROWS_WITH(Hart({.crop = 5}), contains("crop 5 is odd"));
  REQUIRE_THROWS_AS(Hart({.features = 0}), ValueError);
  REQUIRE_THROWS_AS(Hart({.context = 0}), ValueError);
  REQUIRE_THROWS_AS(Hart({.first_gain = 1}), ValueError);
  const Hart hart = small_hart();
  const Tensor frame = some_frames({2, 1, 9, 9});
  const Hart::State state = hart.initial_state(frame, kBoxes);
  REQUIRE_THROWS_WITH(hart.initial_state(frame, ones({3, 4}, f64)), contains("need [B, 1, H, W] and [B, 4]"));
  REQUIRE_THROWS_AS(hart.initial_state(frame, kBoxes / 0.0), ValueError);
  REQUIRE_THROWS_AS(hart.step(some_frames({2, 3, 9, 9}), state), ShapeError);
  REQUIRE_THROWS_AS(hart.step(some_frames({3, 1, 9, 9}), state), ShapeError);
  REQUIRE_THROWS_AS(hart.step(frame, {}), ShapeError);
}
