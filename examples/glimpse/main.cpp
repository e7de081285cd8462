// glimpse: a network learns where to look in an image, and then says which digit it saw.
//
//   glimpse --task digits|translated|cluttered --locations learned|random ...
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/common/program.h"
#include "examples/common/record_window.h"
#include "examples/common/typed.h"
#include "examples/glimpse/digits.h"
#include "examples/glimpse/options.h"
#include "examples/glimpse/pictures.h"

namespace fovea::examples {
namespace {

// The network, and the one beside it; their gradients are clipped together.
struct Networks final : Module {
  Networks(const Options& o, Generator& generator) : own(network_of(o, o.locations == "random"), generator) {
    if (o.beside) random.emplace(network_of(o, true), generator);
  }
  void members(Members& m) override { m("own", own)("random", random); }
  RecurrentAttentionModel own;
  std::optional<RecurrentAttentionModel> random{};
};

DigitTask read_digits(const Options& o) {
  const Digits training = read_mnist(o, "train");
  return {o.task, training, read_mnist(o, "t10k")};
}

class Glimpse final : public Program {
 public:
  explicit Glimpse(const Options& o)
      : Program(o, {.figure = "wrong %", .unit = "digits", .loss = "cross-entropy of the digit, nats"}),
        o_(o),
        digits_(read_digits(o)),
        networks_(o, initial),
        anywhere_(root.fork(5)) {
    train_with(networks_);
    trainer().state()("anywhere", anywhere_);
    each_step<Cosine>(CosineOptions{.total = o.anneal});
  }

 private:
  StepOutput step() override {
    const LabelledImages seen = digits_.batch(o_.batch, data);
    const RamOutput y = networks_.own(seen.images, data);
    Tensor loss = ram_loss(y, seen.labels, o_.weight);
    if (networks_.random) loss = loss + ram_loss((*networks_.random)(seen.images, anywhere_), seen.labels);
    StepOutput output{loss, {percent_wrong(y.logits.detach(), seen.labels)}};
    output.shown = cross_entropy(y.logits.detach(), seen.labels).item();
    return output;
  }

  static double percent_wrong(const Tensor& scores, const Tensor& labels) {
    return 100 * mean(to(ne(argmax(scores, 1), labels), f64)).item();
  }

  // % of all of `digits`, where the probabilities of `runs` runs over an image are averaged.
  double wrong(const RecurrentAttentionModel& network, const Digits& digits, int64_t runs, Generator generator) const {
    const int64_t all = digits.labels.size(0);
    double sum = 0;
    const int64_t pieces = (all + 499) / 500;
    for (int64_t i = 0; i < pieces; ++i) {  // of one size, but for one digit: the clutter of a digit is of others
      const Tensor rows = arange(i * all / pieces, (i + 1) * all / pieces);
      const auto [images, labels] = digits_.images_of(digits, rows, generator);
      Tensor p = zeros({rows.size(0), 10});
      for (int64_t run = 0; run < runs; ++run) p = p + softmax(network(images, generator).logits, 1);
      sum += percent_wrong(p, labels) * static_cast<double>(rows.size(0));
    }
    return sum / static_cast<double>(all);
  }

  double validate() override {
    const double error = wrong(networks_.own, digits_.validation(), 1, root.fork(3));
    trainer().sample(fmt::format("step {}: validation {:.2f} % wrong", trainer().step(), error));
    return error;
  }

  Metrics test() override {
    Metrics metrics;
    const auto tested = [&](const RecurrentAttentionModel& network, const std::string& name, const char* what) {
      const double one = wrong(network, digits_.test(), 1, root.fork(4)),
                   error = wrong(network, digits_.test(), o_.average, root.fork(4));
      say("{} digits, {} {}: {:.2f} % wrong, {:.2f} % by the mean of {} runs", digits_.test().labels.size(0),
          o_.glimpses == 1 ? "one glimpse" : fmt::format("{} glimpses", o_.glimpses), what, one, error, o_.average);
      metrics.emplace_back(name + "error_percent", error), metrics.emplace_back(name + "one_run_error_percent", one);
    };
    const char* chosen = o_.glimpses == 1 ? "each at a random place" : "each, all but the first at chosen places";
    const char* anywhere = o_.glimpses == 1 ? "each at a random place" : "each at random places";
    tested(networks_.own, "", o_.locations == "random" ? anywhere : chosen);
    if (networks_.random) tested(*networks_.random, "random_", anywhere);
    return metrics;
  }

  // The first digits of the test, a row each.
  void draw() override {
    Generator generator = root.fork(6);
    const int64_t count = std::min<int64_t>(4, digits_.test().labels.size(0));
    const auto [images, labels] = digits_.images_of(digits_.test(), arange(count), generator);
    const RamOutput y = networks_.own(images, generator);
    std::vector<std::string> titles;
    for (int64_t i = 0; i < count; ++i)
      titles.push_back(
          fmt::format("a {}, says {}", labels.at<int64_t>({i}), argmax(select(y.logits, 0, i)).item<int64_t>()));
    picture("glimpses.png", glimpses_of(images, y.locations, o_.size, o_.scales, titles));
  }

  void look(Recorder& recorder, const std::string& text) override {
    record_digit(recorder, text, typed_digit(text, o_.task == "digits" ? 28 : 60), -1, root.fork(6));
  }
  void record(Recorder& recorder) override {
    Generator generator = root.fork(6);
    const int64_t count = std::min<int64_t>(2, digits_.test().labels.size(0));
    const auto [images, labels] = digits_.images_of(digits_.test(), arange(count), generator);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t label = labels.at<int64_t>({i});
      record_digit(recorder, fmt::format("a {}", label), slice(images, 0, i, i + 1), label, generator);
    }
  }
  void record_digit(Recorder& recorder, const std::string& title, const Tensor& image, int64_t label,
                    Generator generator) {
    record_window(recorder, title, image, label, [&](const Tensor& x) {
      const RamOutput y = networks_.own(x, generator);
      return ReadWindow{y.logits, {}, glimpse_marks(x, y.locations, o_.size)};
    });
  }

  const Options& o_;
  DigitTask digits_;
  Networks networks_;
  Generator anywhere_;  // what the network beside draws from, so that the other one draws as without it
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Glimpse>(argc, argv);
}
