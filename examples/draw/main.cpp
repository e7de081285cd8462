// draw: a network learns to draw digits in steps, looking at what is still wrong, and then draws some from nothing.
//
//   draw --glimpses 10 --read 2 --write 5 ...
//   draw --no-attention ...
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/common/program.h"
#include "examples/common/typed.h"
#include "examples/draw/digits.h"
#include "examples/draw/pictures.h"

namespace fovea::examples {
namespace {

struct Options : CommandLine {
  Options()
      : CommandLine({.name = "draw",
                     .description = "A network learns to draw digits step by step, and draws some from nothing.",
                     .uses_data = true},
                    {.steps = 12000, .batch = 100, .learning_rate = 3e-3, .clip = 5, .validate_every = 1000}) {}
  bool& attention = flag("attention", "read and write through windows that move", true);
  int64_t& glimpses = whole("glimpses", "steps of a drawing", 10, 1, 1000);
  int64_t& read =
      goes_with(whole("read", "Gaussians a side of the window that reads", 5, 1, 28), {{&attention, {"true"}}});
  int64_t& write =
      goes_with(whole("write", "Gaussians a side of the window that writes", 5, 1, 28), {{&attention, {"true"}}});
  int64_t& hidden = whole("hidden", "size of the state of encoder and decoder", 256, 1, 8192);
  int64_t& latent = whole("latent", "latent numbers a step", 10, 1, 8192);
  std::string& cell = choice("cell", "recurrent cell of both", cell_names(), "lstm");
  int64_t& anneal = in_steps(whole("anneal", "steps in which the rate falls to 0, as a cosine", 12000, 1));
  int64_t& test_size = may_change(whole("test-size", "digits of the test, at most", 10000, 1));
};

DrawOptions sizes_of(const Options& o) {
  return {.glimpses = o.glimpses,
          .attention = o.attention,
          .read_size = o.read,
          .write_size = o.write,
          .hidden_size = o.hidden,
          .latent_size = o.latent,
          .cell = o.cell};
}

// The first `count` digits, binarised once and for all.
Tensor test_digits(const Digits& digits, int64_t count) {
  Generator same(28);
  return digits_at(digits, arange(std::min(count, digits.labels.size(0))), same);
}

class DrawDigits final : public Program {
 public:
  explicit DrawDigits(const Options& o)
      : Program(o, {.figure = "L_z", .unit = "digits", .loss = "L_x + L_z of a digit, nats", .log_loss = false}),
        o_(o),
        digits_(read_mnist(o, "train")),
        test_(test_digits(read_mnist(o, "t10k"), o.test_size)),
        draw_(sizes_of(o), initial) {
    const int64_t all = digits_.labels.size(0);
    trained_ = all - std::max<int64_t>(all / 12, 1);  // the others choose the weights
    if (trained_ < 1) throw UsageError(fmt::format("mnist: {} digit to learn from; need 2: other --data", all));
    Generator same = root.fork(3);
    validation_ = digits_at(digits_, arange(trained_, all), same);
    draw_.canvas->detach().copy_(logits_of_mean(digits_, trained_));
    train_with(draw_);
    each_step<Cosine>(CosineOptions{.total = o.anneal});
  }

 private:
  StepOutput step() override {
    const Tensor x = digits_at(digits_, randint({o_.batch}, 0, trained_, data), data);
    const auto [reconstruction, latent] = draw_.loss(x, data);
    return {mean(reconstruction) + mean(latent), {mean(latent.detach()).item()}};
  }

  struct Nats {
    double reconstruction = 0, latent = 0;
    double bound() const { return reconstruction + latent; }
  };
  // Means over x [n, 28, 28].
  Nats nats(const Tensor& x, Generator generator) const {
    Nats total;
    const int64_t n = x.size(0);
    for (int64_t first = 0; first < n; first += 250) {
      const auto [reconstruction, latent] = draw_.loss(slice(x, 0, first, std::min(first + 250, n)), generator);
      total.reconstruction += sum(reconstruction).item(), total.latent += sum(latent).item();
    }
    return {total.reconstruction / static_cast<double>(n), total.latent / static_cast<double>(n)};
  }

  double validate() override {
    const Nats found = nats(validation_, root.fork(4));
    trainer().sample(fmt::format("step {}: validation {:.2f} nats, {:.2f} of them the latents'", trainer().step(),
                                 found.bound(), found.latent));
    return found.bound();
  }

  Metrics test() override {
    const Nats found = nats(test_, root.fork(5));
    say("{} digits of the test: {:.2f} nats at most, {:.2f} of the image and {:.2f} of the latents", test_.size(0),
        found.bound(), found.reconstruction, found.latent);
    return {{"bound_nats", found.bound()}, {"image_nats", found.reconstruction}, {"latent_nats", found.latent}};
  }

  void draw() override {
    Generator generator = root.fork(6);
    const DrawOptions& sizes = draw_.options();
    const Tensor x = contiguous(slice(test_, 0, 0, 6));
    std::vector<Draw::State> trace;
    draw_(x, generator, &trace);
    picture("drawing.png", steps_picture(sizes, x, trace));
    draw_.generate(72, generator, &trace);
    picture("samples.png", canvases_picture(sizes, trace.back(), 12, false));
    std::vector<ImagePicture> frames;
    for (Draw::State& state : trace) {
      reorder(state, arange(12));
      frames.push_back(canvases_picture(sizes, state, 6, true));
    }
    frames.insert(frames.end(), 5, canvases_picture(sizes, trace.back(), 6, false));
    write_animation(file("generation.gif"), frames, 0.3);
  }

  void look(Recorder& recorder, const std::string& text) override {
    const Tensor x = to(gt(squeeze(typed_digit(text, 28), 1), scalar(0.5)), f32);
    record_drawing(recorder, draw_, x, root.fork(6), text);
  }
  void record(Recorder& recorder) override {
    record_drawing(recorder, draw_, contiguous(slice(test_, 0, 0, 1)), root.fork(6), "a digit of the test, drawn");
  }

  const Options& o_;
  Digits digits_;
  Tensor test_, validation_{};
  int64_t trained_ = 0;
  Draw draw_;
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, DrawDigits>(argc, argv);
}
