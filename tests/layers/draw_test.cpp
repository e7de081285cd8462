// Gaussian attention and DRAW keep the contract and what their formulas promise; bugs that popular code has are not
// here.
#include <fovea/autograd/backward.h>
#include <fovea/layers/vision/draw.h>
#include <fovea/layers/vision/gaussian_attention.h>
#include <tests/layers/contract.h>
#include <tests/layers/golden_layers.h>

#include <cmath>
#include <limits>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

Tensor random(const Shape& shape, uint64_t seed, double low = -1, double high = 1) {
  Generator generator(seed);
  return uniform(shape, low, high, generator, f64);
}
Tensor one(double value) { return full({1, 1}, value, f64); }
Gaussians row(double first, double distance, double deviation) { return {one(first), one(distance), one(deviation)}; }

DrawOptions small(bool attention) {
  return {.height = 5,
          .width = 7,
          .glimpses = 3,
          .attention = attention,
          .read_size = 2,
          .write_size = 3,
          .hidden_size = 4,
          .latent_size = 2};
}

Draw made(const DrawOptions& options) {
  Generator generator(4);
  Draw draw(options, generator);
  to(draw, f64);
  return draw;
}

// The five numbers (9) of a window, [1, 5].
Tensor numbers(double x, double y, double log_variance, double log_stride, double log_intensity) {
  return tensor({x, y, log_variance, log_stride, log_intensity}, {1, 5});
}

DrawWindow window_of(int64_t size, int64_t height, int64_t width) {
  Generator generator(1);
  return DrawWindow({.height = height, .width = width, .hidden_size = 2}, size, generator);
}

// Sets all weights of `module` whose name begins with `begin`.
void fill(const Module& module, const std::string& begin, double value) {
  for (const auto& [name, parameter] : named_parameters(module))
    if (name.rfind(begin, 0) == 0) parameter.detach().fill_(value);
}

}  // namespace

TEST_CASE("Gaussian attention keeps the contract, on images and sequences, reading and writing", "[layers][gaussian]") {
  const List places = {random({2, 3}, 2, 0.6, 1.4), random({2, 3}, 3, 0.6, 1.4), random({2, 3}, 4, 0.5, 1)};
  const auto y = [](const List& in) { return Gaussians{in[1], in[2], in[3]}; };
  const auto x = [](const List& in) { return Gaussians{in[2], in[1], in[3]}; };
  Contract<GaussianAttention> image{[](Generator&) { return GaussianAttention(3, 2); },
                                    [&](const GaussianAttention& m, const List& in) {
                                      const Tensor g = m(y(in), x(in), in[0]);
                                      return List{g, m.write(y(in), x(in), g, 5, 4)};
                                    },
                                    {random({2, 2, 6, 5}, 1), places[0], places[1], places[2]},
                                    {}};
  require_contract(image);
  Contract<GaussianAttention1d> sequence{[](Generator&) { return GaussianAttention1d(4); },
                                         [&](const GaussianAttention1d& m, const List& in) {
                                           const Tensor g = m(y(in), in[0]);
                                           return List{g, m.write(y(in), g, 6)};
                                         },
                                         {random({2, 7, 3}, 1), places[0], places[1], places[2]},
                                         {}};
  require_contract(sequence);
}

TEST_CASE("rows of a Gaussian mask sum to 1 inside, and tend to 0 far outside", "[layers][gaussian]") {
  const Tensor inside = gaussian_mask(row(0, 3, 0.7), 4, 10);
  REQUIRE(allclose(sum(inside, -1), ones({1, 1, 4}, f64), 0, 1e-6));
  double last = 1;
  for (const double away : {2.0, 6.0, 10.0, 20.0}) {
    const double weight = sum(gaussian_mask(row(9 + away, 1, 1), 1, 10)).item();
    REQUIRE(weight <= last);
    last = weight;
  }
  REQUIRE(last < 1e-30);
  REQUIRE(sum(GaussianAttention1d(1)(row(40, 1, 1), ones({1, 10, 2}, f64))).item() < 1e-30);
}

TEST_CASE("sharp Gaussians at whole pixels crop exactly, on both sides of the zero of a pixel", "[layers][gaussian]") {
  const Tensor image = random({1, 2, 6, 5}, 1), sequence = random({1, 7, 3}, 2);
  for (const double deviation : {0.1, 1e-3, 1e-6}) {
    INFO("σ = " << deviation);
    const Tensor crop = GaussianAttention(3, 2)(row(1, 1, deviation), row(3, 1, deviation), image);
    REQUIRE(allclose(crop, reshape(slice(slice(image, 2, 1, 4), 3, 3, 5), {1, 1, 2, 3, 2}), 1e-7, 1e-7));
    const Tensor part = GaussianAttention1d(4)(row(0, 2, deviation), sequence);
    REQUIRE(allclose(part, reshape(slice(sequence, 1, 0, 7, 2), {1, 1, 4, 3}), 1e-7, 1e-7));
  }
}

TEST_CASE("a glimpse of a constant is constant, and a box lies on its pixels", "[layers][gaussian]") {
  const Gaussians y = gaussians_over(one(2), one(6), 3), x = gaussians_over(one(0), one(4), 2);
  REQUIRE(allclose(y.first, one(2.5), 1e-12));  // the middle of pixels 2 and 3
  REQUIRE(allclose(y.distance, one(2), 1e-12));
  REQUIRE(allclose(y.deviation, one(1), 1e-12));
  const Tensor flat = GaussianAttention(3, 2)(y, x, full({1, 2, 12, 9}, 3, f64));
  REQUIRE(allclose(flat, full({1, 1, 2, 3, 2}, 3, f64), 0, 1e-6));
  // A box as long as its Gaussians are many: one a pixel.
  const Tensor same = gaussian_mask(gaussians_over(one(0), one(5), 5), 5, 5);
  for (int64_t r = 0; r < 5; ++r) REQUIRE(argmax(select(same, 2, r), 2).item<int64_t>() == r);
}

TEST_CASE("what is written is the transpose of what is read", "[layers][gaussian]") {
  const GaussianAttention attention(3, 2);
  const Gaussians y = row(0.7, 1.3, 0.8), x = row(1.1, 0.6, 0.5);
  const Tensor image = random({1, 2, 6, 5}, 1), glimpse = random({1, 1, 2, 3, 2}, 2);
  const double read = sum(attention(y, x, image) * glimpse).item();
  const double written = sum(attention.write(y, x, glimpse, 6, 5) * unsqueeze(image, 1)).item();
  REQUIRE(read == Approx(written).epsilon(1e-12));
  const GaussianAttention1d line(3);
  const Tensor sequence = random({1, 7, 2}, 3), part = random({1, 1, 3, 2}, 4);
  REQUIRE(sum(line(y, sequence) * part).item() ==
          Approx(sum(line.write(y, part, 7) * unsqueeze(sequence, 1)).item()).epsilon(1e-12));
}

TEST_CASE("Gaussian attention refuses widths that are none and shapes that do not fit", "[layers][gaussian][errors]") {
  for (const double deviation : {0.0, -1.0, 1e-8, std::numeric_limits<double>::quiet_NaN()})
    REQUIRE_THROWS_AS(gaussian_mask(row(0, 1, deviation), 3, 5), ValueError);
  REQUIRE_THROWS_WITH(gaussian_mask(row(0, 1, 0), 3, 5), contains("softplus"));
  REQUIRE_THROWS_AS(gaussian_mask({one(0), one(1), ones({1, 2}, f64)}, 3, 5), ShapeError);
  REQUIRE_THROWS_AS(gaussian_mask({one(0), ones({1, 2}, f64), one(1)}, 3, 5), ShapeError);
  REQUIRE_THROWS_AS(GaussianAttention(0, 2), ValueError);
  REQUIRE_THROWS_AS(GaussianAttention1d(0), ValueError);
  REQUIRE_THROWS_AS(gaussians_over(one(0), one(1), 0), ValueError);
  const GaussianAttention attention(3, 2);
  const Gaussians g = row(0, 1, 1);
  REQUIRE_THROWS_WITH(attention(g, g, ones({1, 5, 5}, f64)), contains("GaussianAttention"));
  REQUIRE_THROWS_AS(attention.write(g, g, ones({1, 1, 2, 2, 3}, f64), 5, 5), ShapeError);
  REQUIRE_THROWS_AS(GaussianAttention1d(2)(g, ones({2, 5, 3}, f64)), ShapeError);
  REQUIRE_THROWS_WITH(GaussianAttention1d(2).write(g, ones({1, 1, 3, 3}, f64), 5), contains("[B, K, 2, D]"));
}

TEST_CASE("DRAW keeps the contract, with attention and without, drawing and generating", "[layers][contract][draw]") {
  for (const bool attention : {true, false}) {
    INFO("attention " << attention);
    const auto make = [&](Generator& g) { return Draw(small(attention), g); };
    const auto call = [](const Draw& m, const List& in) {
      Generator noise(9);
      const auto [reconstruction, latent] = m.loss(in[0], noise);
      Draw::State state = m.initial_state(2);
      return List{reconstruction, latent, m.generate(2, noise), m.step(in[0], state, noise).output};
    };
    require_contract(Contract<Draw>{make, call, {random({2, 5, 7}, 1, 0.1, 0.9)}, {}});
  }
}

TEST_CASE("the grid of DRAW spans the image from edge to edge, and lies in its middle", "[layers][draw]") {
  for (const int64_t N : {2, 3, 5}) {
    INFO("N = " << N);
    const DrawWindow window = window_of(N, 9, 9);
    const Tensor place = window.placed(numbers(0, 0, std::log(0.01), 0, 0));
    REQUIRE(allclose(place, tensor({4.0, 4.0, 8.0 / static_cast<double>(N - 1), 0.1, 1.0}, {1, 5}), 1e-12));
    const Filters f = window.filters(place);
    REQUIRE(equal(f.rows, f.columns));
    REQUIRE(f.rows.at({0, 0, 0, 0}) == Approx(1).epsilon(1e-6));      // the first Gaussian on the first pixel,
    REQUIRE(f.rows.at({0, 0, N - 1, 8}) == Approx(1).epsilon(1e-6));  // the last one on the last: no half cell off
    REQUIRE(allclose(flip(flip(f.rows, 2), 3), f.rows, 1e-12));
    REQUIRE(
        allclose(sum(window.filters(window.placed(numbers(0, 0, 0, 0, 0))).rows, 3), ones({1, 1, N}, f64), 0, 1e-6));
  }
  // The longer side counts for δ; each side has its own middle, and g̃ moves it by half of the side and a half.
  const DrawWindow wide = window_of(3, 5, 9);
  REQUIRE(allclose(wide.placed(numbers(0.2, -0.4, 0, 0, 0)), tensor({3 * 0.6 - 1, 5 * 1.2 - 1, 4.0, 1.0, 1.0}, {1, 5}),
                   1e-12));
  REQUIRE(
      allclose(window_of(1, 5, 5).placed(numbers(0, 0, 0, 0, 0)), tensor({2.0, 2.0, 4.0, 1.0, 1.0}, {1, 5}), 1e-12));
}

TEST_CASE("the exponent of DRAW's filters has σ², not its square", "[layers][draw]") {
  const DrawWindow window = window_of(1, 41, 41);
  const Tensor F = flatten(window.filters(window.placed(numbers(0, 0, std::log(9.0), 0, 0))).rows);
  const Tensor away = arange(0, 41, 1, f64) - 20.0;
  REQUIRE(sum(F * square(away)).item() == Approx(9).epsilon(1e-3));  // its variance
  REQUIRE(F.at({23}) / F.at({20}) == Approx(std::exp(-0.5)).epsilon(1e-9));
}

TEST_CASE("numbers of a window without bounds leave nothing that is not finite", "[layers][draw]") {
  const DrawWindow window = window_of(3, 5, 7);
  for (const double log : {-1e4, -200.0, 200.0, 1e4}) {
    const Tensor n = numbers(0.1, 0.3, log, log, log).requires_grad_();
    const Tensor place = window.placed(n);
    const Filters f = window.filters(place);
    const Tensor y = sum(f.rows) + sum(f.columns) + sum(DrawWindow::intensity(place));
    y.backward();
    REQUIRE(all(isfinite(y)));
    REQUIRE(all(isfinite(n.grad())));
  }
}

TEST_CASE("what the latents cost is 0 for N(0, I) alone, at any number of steps", "[layers][draw]") {
  for (const int64_t T : {1, 4}) {
    DrawOptions options = small(true);
    options.glimpses = T;
    const Draw draw = made(options);
    const Tensor x = random({3, 5, 7}, 2, 0, 1);
    Generator noise(3);
    REQUIRE(all(gt(draw.loss(x, noise).latent, 0)));
    fill(draw, "latent", 0);
    REQUIRE(equal(draw.loss(x, noise).latent, zeros({3}, f64)));
    for (const auto& [name, parameter] : named_parameters(draw))
      if (name == "latent.bias") parameter.detach().copy_(tensor({0.5, -1.0, std::log(2.0), 0.0}));
    const double a_step = 0.5 * ((0.25 + 4 - 2 * std::log(2.0) - 1) + 1);  // of μ = (1/2, -1), σ = (2, 1)
    REQUIRE(allclose(draw.loss(x, noise).latent, full({3}, a_step * static_cast<double>(T), f64), 1e-12));
  }
}

TEST_CASE("L_x is what the canvas says of the pixels, summed", "[layers][draw]") {
  const Draw draw = made(small(false));
  const Tensor x = to(gt(random({2, 5, 7}, 2), 0), f64);
  Generator noise(3), same(3);
  const Tensor p = sigmoid(draw(x, noise).canvas), chosen = where(gt(x, 0.5), p, 1.0 - p);
  REQUIRE(allclose(draw.loss(x, same).reconstruction, -sum(log(chosen), {1, 2}), 1e-10));
}

TEST_CASE("a step of DRAW reads the error through its window and writes through the other", "[layers][draw]") {
  const Draw draw = made(small(true));
  const Tensor x = random({2, 5, 7}, 1, 0, 1);
  Generator noise(5), same(5);
  std::vector<Draw::State> trace;
  const Draw::State last = draw(x, noise, &trace);
  REQUIRE(trace.size() == 3);
  REQUIRE(equal(last.canvas.detach(), trace.back().canvas));
  Draw::State state = draw.initial_state(2);
  REQUIRE(equal(clone(state.canvas.detach()), zeros({2, 5, 7}, f64)));
  for (const Draw::State& seen : trace) {
    state = draw.step(x, state, same).state;
    REQUIRE(equal(state.canvas.detach(), seen.canvas));
    REQUIRE(seen.read_window.shape() == Shape{2, 5});
    REQUIRE(seen.write_window.shape() == Shape{2, 5});
    REQUIRE(!seen.canvas.requires_grad());
  }
  // γ: the read is scaled by it and the write by its inverse, so that what was read would be written back as it was.
  for (const auto& [name, parameter] : named_parameters(draw))
    if (name == "writer.numbers.bias") {
      const Tensor before = draw.decode(zeros({1, 2}, f64), draw.initial_state(1)).output;
      select(parameter.detach(), 0, 4).add_(scalar(std::log(2.0), f64));
      const Tensor after = draw.decode(zeros({1, 2}, f64), draw.initial_state(1)).output;
      REQUIRE(allclose(after * 2.0, before, 1e-12));
    }
}

TEST_CASE("DRAW is the paper's formulas, letter by letter", "[layers][draw][golden]") {
  const GoldenFile golden("draw");
  for (const bool attention : {true, false})
    for (const DType dtype : {f64, f32}) {
      DrawOptions options = small(attention);
      options.height = 4, options.width = 6, options.hidden_size = 3;
      Generator generator(1);
      Draw draw(options, generator);
      check_case(golden, attention ? "attention" : "plain", draw, dtype, [&](const Named& in) -> Named {
        Generator noise(2), same(2);
        const auto [reconstruction, latent] = draw.loss(in.at("x"), noise);
        return {{"canvas", draw(in.at("x"), same).canvas}, {"reconstruction", reconstruction}, {"latent", latent}};
      });
    }
}

TEST_CASE("a latent is μ + σ ε, of noise from the generator given", "[layers][draw]") {
  DrawOptions options = small(false);
  options.glimpses = 1;
  const Draw draw = made(options);
  fill(draw, "latent", 0);
  for (const auto& [name, parameter] : named_parameters(draw))
    if (name == "latent.bias") parameter.detach().copy_(tensor({0.5, -1.0, std::log(2.0), 0.0}));
  Generator noise(6), same(6);
  const Tensor canvas = draw(random({3, 5, 7}, 1, 0, 1), noise).canvas, e = normal({3, 2}, 0, 1, same, f64);
  const Tensor z = tensor({0.5, -1.0}) + tensor({2.0, 1.0}) * e;
  REQUIRE(allclose(canvas, draw.decode(z, draw.initial_state(3)).output, 1e-12));
}

TEST_CASE("generation is the decoder's alone, and the same for the same seed", "[layers][draw]") {
  for (const bool attention : {true, false}) {
    const Draw draw = made(small(attention));
    Generator a(7), b(7);
    std::vector<Draw::State> trace;
    const Tensor images = draw.generate(4, a, &trace);
    REQUIRE(images.shape() == Shape{4, 5, 7});
    REQUIRE(trace.size() == 3);
    REQUIRE(trace.back().write_window.defined() == attention);
    REQUIRE(!trace.back().read_window.defined());
    REQUIRE(allclose(sigmoid(trace.back().canvas), images, 1e-12));
    for (const std::string part : {"encoder", "latent", "reader"}) fill(draw, part, 3);
    REQUIRE(equal(draw.generate(4, b), images));
  }
}

TEST_CASE("DRAW has any cell, and refuses what does not fit", "[layers][draw][errors]") {
  DrawOptions options = small(true);
  Generator noise(1);
  for (const std::string& cell : cell_names()) {
    INFO(cell);
    options.cell = cell;
    REQUIRE(made(options)(random({2, 5, 7}, 1, 0, 1), noise).canvas.shape() == Shape{2, 5, 7});
  }
  options.read_size = 0;
  REQUIRE_THROWS_AS(Draw(options), ValueError);
  options = small(true), options.glimpses = 0;
  REQUIRE_THROWS_AS(Draw(options), ValueError);
  const Draw draw = made(small(true));
  REQUIRE_THROWS_WITH(draw(ones({2, 7, 5}, f64), noise), contains("Draw: x is f64[2, 7, 5]") && contains("[B, 5, 7]"));
  REQUIRE_THROWS_AS(draw(Tensor(), noise), ShapeError);
  REQUIRE_THROWS_AS(draw.step(ones({2, 5, 7}, f64), draw.initial_state(3), noise), ShapeError);
  REQUIRE_THROWS_AS(draw.step(ones({2, 5, 7}, f64), {}, noise), ShapeError);
  REQUIRE_THROWS_AS(draw.generate(0, noise), ValueError);
}
