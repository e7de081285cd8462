// pairs: a self-attention GAN learns to draw two shapes in far corners that must be of one colour. Beside it, on the
// same images and noise, learns one whose networks have no attention.
//   pairs --channels 24 --learning-rate 2e-3 --discriminator-rate 4e-3 ...
#include <fmt/format.h>
#include <fovea/autograd/parts.h>
#include <fovea/fovea.h>

#include "examples/common/program.h"
#include "examples/pairs/options.h"
#include "examples/pairs/recorded.h"

namespace fovea::examples {
namespace {

// Adam with the paper's β = (0, 0.9), unless another update rule is asked for.
std::unique_ptr<Optimizer> optimizer_for(const Options& o, const Module& networks, double rate) {
  if (o.optimizer != "adam") return make_optimizer(o.optimizer, parameters(networks), rate);
  return std::make_unique<Adam>(parameters(networks), AdamOptions{.lr = rate, .beta1 = 0, .beta2 = 0.9});
}

// The discriminators have a rate of their own.
struct Discriminators {
  Discriminators(const Options& o, Generator& initial)
      : networks(o.channels, o.noise, initial),
        optimizer(optimizer_for(o, networks, o.discriminator_rate)),
        schedule(*optimizer, {.total = o.anneal}),
        update(*optimizer, o.clip) {
    update.schedule(schedule);
  }
  WithAndWithout<PairDiscriminator> networks;
  std::unique_ptr<Optimizer> optimizer;
  Cosine schedule;
  Update update;
};

class Pairs final : public Program {
 public:
  explicit Pairs(const Options& o)
      : Program(o, {.figure = "discriminator loss",
                    .further = {"generator gamma", "discriminator gamma"},
                    .unit = "images",
                    .loss = "hinge loss",
                    .log_loss = false}),
        o_(o),
        generators_(o.channels, o.noise, initial),
        averaged_(clone(generators_)),
        discriminators_(o, initial) {
    train_with(generators_, optimizer_for(o, generators_, o.learning_rate));
    each_step<Cosine>(CosineOptions{.total = o.anneal});
    average_into(averaged_, o.average);
    auto& [networks, optimizer, schedule, update] = discriminators_;
    trainer().state()("judges", networks)("judges_optimizer", *optimizer)("judges_schedule", schedule);
  }

 private:
  Tensor noise(int64_t count, Generator& generator) const {
    return bernoulli({count, o_.noise, kNoiseSide, kNoiseSide}, 0.5, generator) * 2 - 1;
  }

  // The discriminators learn here, then the generators by the trainer.
  StepOutput step() override {
    const PairImages real = draw_pairs(o_.batch, data);
    const Tensor z = noise(o_.batch, data), asked = randint({o_.batch}, 0, kKinds, data);
    const Tensor with = generators_.with(z, asked), without = generators_.without(z, asked);
    const auto& judges = discriminators_.networks;
    const auto told_apart = [&](const PairDiscriminator& judge, const Tensor& generated) {
      const Tensor images = cat({real.image, generated.detach()}, 0), kinds = cat({real.kind, asked}, 0);
      const auto [of_real, of_generated] = chunk<2>(judge(images, kinds), 0);
      return hinge_discriminator_loss(of_real, of_generated);
    };
    discriminators_.update.zero();
    const Tensor loss = told_apart(judges.with, with) + told_apart(judges.without, without);
    discriminators_.update.apply(loss);
    const Tensor fooled =
        hinge_generator_loss(judges.with(with, asked)) + hinge_generator_loss(judges.without(without, asked));
    return {fooled, {loss.item(), generators_.with.block.gamma(), judges.with.block.gamma()}};
  }

  PairShares shares(const PairGenerator& network, int64_t count, Generator generator) const {
    std::vector<Tensor> images, kinds;
    in_pieces(count, 250, [&](int64_t some) {
      kinds.push_back(randint({some}, 0, kKinds, generator));
      images.push_back(network(noise(some, generator), kinds.back()));
    });
    return shares_of(cat(images, 0), cat(kinds, 0));
  }

  double validate() override {
    settle(averaged_);
    const Generator fresh = root.fork(3);
    const PairShares with = shares(averaged_.with, 500, fresh), without = shares(averaged_.without, 500, fresh);
    trainer().sample(fmt::format("step {}: with attention {:.1f} % obey of {:.1f} % drawn, without {:.1f} of {:.1f}",
                                 trainer().step(), with.obeyed, with.drawn, without.obeyed, without.drawn));
    return 200 - with.obeyed - without.obeyed;
  }

  Metrics test() override {
    settle(averaged_);
    const PairShares with = shares(averaged_.with, o_.test_size, root.fork(4)),
                     without = shares(averaged_.without, o_.test_size, root.fork(4));
    say("{} images: with attention {:.1f} % obey the rule, of {:.1f} % that show two shapes; without {:.1f} of {:.1f}",
        o_.test_size, with.obeyed, with.drawn, without.obeyed, without.drawn);
    const auto judges = singular_values(discriminators_.networks), drawers = singular_values(averaged_);
    return {{"obeyed_percent", Figures{{"with", with.obeyed}, {"without", without.obeyed}}},
            {"drawn_percent", Figures{{"with", with.drawn}, {"without", without.drawn}}},
            {"commonest_colour_percent", Figures{{"with", with.commonest()}, {"without", without.commonest()}}},
            {"gamma", std::abs(averaged_.with.block.gamma())},  // its sign is W_v's too
            {"discriminator_gamma", std::abs(discriminators_.networks.with.block.gamma())},
            {"sigma", Figures{{"least", std::min(judges.first, drawers.first)},
                              {"greatest", std::max(judges.second, drawers.second)}}}};
  }

  std::vector<Series> losses(const MetricsTable& metrics) const override {
    return {{"generators", metrics.column("step"), metrics.column("loss")},
            {"discriminators", metrics.column("step"), metrics.column("discriminator loss")}};
  }

  void draw() override {
    Generator generator = root.fork(5);
    const PairImages real = draw_pairs(6, generator);
    const Tensor z = noise(6, generator);
    picture("samples.png", samples_of(real, averaged_.with(z, real.kind), averaged_.without(z, real.kind)));
    picture("attention.png", looks_of(averaged_.with, noise(kKinds, generator)));
    picture("gamma.png", gamma_of(read_metrics(file("metrics.csv"))));
  }

  void look(Recorder& recorder, const std::string& text) override {
    const TypedPair typed = typed_pair(text);
    Generator generator = root.fork(5).fork(typed.noise);
    record_generated(recorder, averaged_.with, noise(1, generator), typed.kind, text);
  }
  void record(Recorder& recorder) override {
    Generator generator = root.fork(5);
    for (int64_t kind = 0; kind < kKinds; ++kind)
      record_generated(recorder, averaged_.with, noise(1, generator), kind,
                       "a " + kKindNames[static_cast<size_t>(kind)]);
  }

  const Options& o_;
  WithAndWithout<PairGenerator> generators_, averaged_;
  Discriminators discriminators_;
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Pairs>(argc, argv);
}
