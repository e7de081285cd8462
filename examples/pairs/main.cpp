// pairs: a self-attention GAN learns to draw two shapes in far corners that must be of one colour; beside it, on the
// same images and noise, learns one without attention.
//
//   pairs --channels 32 --noise 8 --discriminator-rate 4e-3 ...
#include <fmt/format.h>
#include <fovea/autograd/parts.h>
#include <fovea/fovea.h>

#include "examples/common/program.h"
#include "examples/pairs/pictures.h"

namespace fovea::examples {
namespace {

struct Options : CommandLine {
  Options()
      : CommandLine({.name = "pairs", .description = "A GAN learns to draw two far shapes of one colour."},
                    {.steps = 3000, .batch = 32, .learning_rate = 1e-3, .clip = 1000, .validate_every = 250}) {}
  double& discriminator_rate = real("discriminator-rate", "step size of the discriminators", 4e-3, 1e-9, 10);
  int64_t& channels = whole("channels", "of the convolutions", 32, 1, 1024);
  int64_t& noise = whole("noise", "channels of the noise", 4, 1, 1024);
  double& average = real("average", "decay of the moving average of the generators", 0.99, 0, 0.999999);
  int64_t& anneal = in_steps(whole("anneal", "steps in which both rates fall to 0, as a cosine", 4000, 1));
  int64_t& test_size = may_change(whole("test-size", "generated images of the test", 2000, 1));
};

std::unique_ptr<Optimizer> optimizer_for(const Options& o, const Module& networks, double rate) {
  if (o.optimizer != "adam") return make_optimizer(o.optimizer, parameters(networks), rate);
  return std::make_unique<Adam>(parameters(networks), AdamOptions{.lr = rate, .beta1 = 0, .beta2 = 0.9});
}

class Pairs final : public Program {
 public:
  explicit Pairs(const Options& o)
      : Program(o, {.figure = "discriminator loss",
                    .further = {"gamma generator", "gamma discriminator"},
                    .unit = "images",
                    .loss = "hinge loss",
                    .log_loss = false}),
        o_(o),
        generators_({o.channels, o.noise}, initial),
        averaged_(clone(generators_)),
        discriminators_({o.channels, o.noise}, initial),
        optimizer_(optimizer_for(o, discriminators_, o.discriminator_rate)),
        schedule_(*optimizer_, {.total = o.anneal}),
        update_(*optimizer_, o.clip) {
    update_.schedule(schedule_);
    train_with(generators_, optimizer_for(o, generators_, o.learning_rate));
    each_step<Cosine>(CosineOptions{.total = o.anneal});
    average_into(averaged_, o.average);
    trainer().state()("discriminators", discriminators_)("discriminators_optimizer", *optimizer_)(
        "discriminators_schedule", schedule_);
  }

 private:
  Tensor noise(int64_t count, Generator& generator) const {
    return bernoulli({count, o_.noise, kNoiseSide, kNoiseSide}, 0.5, generator) * 2 - 1;
  }

  StepOutput step() override {
    const auto [image, kind, colour] = draw_pairs(o_.batch, data);
    const Tensor z = noise(o_.batch, data), asked = randint({o_.batch}, 0, kKinds, data);
    const Tensor with = generators_.with(z, asked), without = generators_.without(z, asked);
    const auto &judge = discriminators_.with, &other = discriminators_.without;
    const Tensor kinds = cat({kind, asked}, 0);
    const auto told_apart = [&](const PairDiscriminator& network, const Tensor& generated) {
      const auto [real, made] = chunk<2>(network(cat({image, generated.detach()}, 0), kinds), 0);
      return hinge_discriminator_loss(real, made);
    };
    update_.zero();
    const Tensor loss = told_apart(judge, with) + told_apart(other, without);
    update_.apply(loss);
    const Tensor fooled = hinge_generator_loss(judge(with, asked)) + hinge_generator_loss(other(without, asked));
    return {fooled, {loss.item(), generators_.with.block.gamma(), judge.block.gamma()}};
  }

  // Of `count` generated images.
  PairCounts counts(const PairGenerator& network, int64_t count, Generator generator) const {
    std::vector<Tensor> images, kinds;
    in_pieces(count, 250, [&](int64_t some) {
      kinds.push_back(randint({some}, 0, kKinds, generator));
      images.push_back(network(noise(some, generator), kinds.back()));
    });
    return count_pairs(cat(images, 0), cat(kinds, 0));
  }

  double validate() override {
    const PairCounts with = counts(averaged_.with, 500, root.fork(3)),
                     without = counts(averaged_.without, 500, root.fork(3));
    const auto text = [](const PairCounts& c) {
      return fmt::format("{:.1f} % obey, {:.1f} % found, colours {:.0f} {:.0f} {:.0f} {:.0f}", c.obeyed, c.found,
                         c.colours[0], c.colours[1], c.colours[2], c.colours[3]);
    };
    trainer().sample(fmt::format("step {}: with attention {}; without {}; γ {:.3f} {:.3f}", trainer().step(),
                                 text(with), text(without), generators_.with.block.gamma(),
                                 discriminators_.with.block.gamma()));
    return 200 - with.obeyed - without.obeyed;
  }

  Metrics test() override {
    const PairCounts with = counts(averaged_.with, o_.test_size, root.fork(4)),
                     without = counts(averaged_.without, o_.test_size, root.fork(4));
    return {{"obeyed_percent", Figures{{"with", with.obeyed}, {"without", without.obeyed}}},
            {"found_percent", Figures{{"with", with.found}, {"without", without.found}}},
            {"gamma", averaged_.with.block.gamma()}};
  }

  void draw() override { draw_samples(), draw_looks(), draw_gamma(); }

  void draw_samples() {
    constexpr int64_t shown = 8;
    Generator generator = root.fork(5);
    const PairImages drawn = draw_pairs(shown, generator);
    const Tensor z = noise(shown, generator);
    ImagePicture samples{.columns = shown, .title = "images, and whether they obey the rule"};
    add_samples(samples, "the data", drawn.image, drawn.kind);
    add_samples(samples, "with attention", averaged_.with(z, drawn.kind), drawn.kind);
    add_samples(samples, "without", averaged_.without(z, drawn.kind), drawn.kind);
    picture("samples.png", samples);
  }

  // Of generated images: where the middle of each shape looks, and a pixel of the ground.
  void draw_looks() {
    Generator generator = root.fork(6);
    ImagePicture looks{.columns = 3, .image_size = 128, .title = "where the boxed pixels look"};
    const Tensor kind = arange(kKinds);
    const WeightCollector collected;
    const Tensor image = averaged_.with(noise(kKinds, generator), kind), beta = collected.weights().front().second[0];
    for (int64_t i = 0; i < kKinds; ++i)
      for (const int64_t at : {int64_t{0}, kMapSide / 2, kMapSide - 1})
        looks.panels.push_back(look_of(image[i], beta[i], at, at));
    picture("attention.png", looks);
  }

  void draw_gamma() {
    const MetricsTable metrics = read_metrics(file("metrics.csv"));
    const std::vector<double>& steps = metrics.column("step");
    picture("gamma.png", LineChart{.title = "the attention's γ",
                                   .x_title = "step",
                                   .y_title = "γ",
                                   .series = {{"generator", steps, metrics.column("gamma generator")},
                                              {"discriminator", steps, metrics.column("gamma discriminator")}}});
  }

  const Options& o_;
  WithAndWithout<PairGenerator> generators_, averaged_;
  WithAndWithout<PairDiscriminator> discriminators_;
  std::unique_ptr<Optimizer> optimizer_;
  Cosine schedule_;
  Update update_;
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Pairs>(argc, argv);
}
