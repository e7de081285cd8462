// distorted: digits that are turned, scaled, moved, seen askew or bent are told apart, by a convolutional network
// behind a spatial transformer and by one alone, of equally many weights, on the same batches.
//
//   distorted --distortion R|RTS|P|E --transformer affine|attention|tps|none ...
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/common/mnist.h"
#include "examples/common/program.h"
#include "examples/common/typed.h"
#include "examples/distorted/digits.h"
#include "examples/distorted/networks.h"
#include "examples/distorted/options.h"
#include "examples/distorted/pictures.h"

namespace fovea::examples {
namespace {

constexpr int64_t kValidation = 5000;  // the last digits of the training part
constexpr uint64_t kTestSeed = 1506;   // of the distortions of validation and test, in every run

double percent_wrong(const Tensor& logits, const Tensor& labels) {
  return 100 * mean(to(ne(argmax(logits.detach(), 1), labels), f64)).item();
}

std::unique_ptr<Optimizer> optimizer_for(const Options& o, const DistortedPair& pair) {
  Adam::Groups groups{{parameters(*pair.cnn), {.lr = o.learning_rate}}};
  if (pair.stn) {
    groups.push_back({parameters(pair.stn->classifier), {.lr = o.learning_rate}});
    groups.push_back({parameters(pair.stn->transformer), {.lr = o.learning_rate * o.locator_rate}});
  }
  return std::make_unique<Adam>(groups);
}

class Distorted final : public Program {
 public:
  explicit Distorted(const Options& o)
      : Program(o, {.figure = "wrong %",
                    .further = {"wrong % (CNN)", "loss (STN)", "loss (CNN)", "outside %"},
                    .unit = "digits",
                    .loss = "cross-entropy, nats"}),
        o_(o),
        training_(read_mnist(o, "train", 2)),
        pair_({.size = size_of(o.distortion),
               .transformer = o.transformer,
               .filters = o.filters,
               .hidden = o.hidden,
               .locator_filters = o.locator_filters,
               .locator_features = o.locator_features},
              initial) {
    const Digits test = read_mnist(o, "t10k");
    const int64_t all = training_.labels.size(0), kept = std::min(kValidation, all / 2);
    learned_ = all - kept;
    Generator generator(kTestSeed);
    validation_ = distorted_at(training_, arange(learned_, all), o.distortion, generator);
    test_ = distorted_at(test, arange(test.labels.size(0)), o.distortion, generator);
    train_with(pair_, optimizer_for(o, pair_));
    each_step<Cosine>(CosineOptions{.total = o.anneal});
  }

 private:
  StepOutput step() override {
    const auto [images, labels] = distorted_at(training_, randint({o_.batch}, 0, learned_, data), o_.distortion, data);
    const Tensor alone = (*pair_.cnn)(images), of_cnn = cross_entropy(alone, labels);
    const double cnn_wrong = percent_wrong(alone, labels), cnn_loss = of_cnn.item();
    if (!pair_.stn) return {of_cnn, {cnn_wrong, cnn_wrong, cnn_loss, cnn_loss, 0}};
    const auto found = (*pair_.stn)(images);
    const Tensor of_stn = cross_entropy(found.logits, labels);
    return {of_cnn + of_stn,
            {percent_wrong(found.logits, labels), cnn_wrong, of_stn.item(), cnn_loss, 100 * outside(found.grid)}};
  }

  // % wrong of each network, and of the places that it reads how many lie beside the image.
  struct Measured {
    double stn = 0, cnn = 0, outside = 0;
  };
  Measured measured(const LabelledImages& on) const {
    Measured sum;
    const int64_t all = on.labels.size(0), most = 500;
    for (int64_t first = 0; first < all; first += most) {
      const Tensor images = slice(on.images, 0, first, first + most), labels = slice(on.labels, 0, first, first + most);
      const double share = static_cast<double>(labels.size(0)) / static_cast<double>(all);
      sum.cnn += share * percent_wrong((*pair_.cnn)(images), labels);
      if (!pair_.stn) continue;
      const auto found = (*pair_.stn)(images);
      sum.stn += share * percent_wrong(found.logits, labels), sum.outside += share * 100 * outside(found.grid);
    }
    return sum;
  }

  double validate() override {
    const Measured m = measured(validation_);
    if (pair_.stn)
      trainer().sample(
          fmt::format("step {}: validation {:.2f} % wrong behind the transformer, {:.2f} % alone, {:.1f} % of "
                      "the places beside the image",
                      trainer().step(), m.stn, m.cnn, m.outside));
    else
      trainer().sample(fmt::format("step {}: validation {:.2f} % wrong", trainer().step(), m.cnn));
    return pair_.stn ? (m.stn + m.cnn) / 2 : m.cnn;
  }

  Metrics test() override {
    const Measured m = measured(test_);
    Figures wrong, weights;
    if (pair_.stn) {
      say("{} test digits, {}: {:.2f} % wrong behind the transformer", test_.labels.size(0), o_.distortion, m.stn);
      wrong.emplace_back("stn", m.stn);
      weights.emplace_back("stn", static_cast<double>(parameter_count(*pair_.stn)));
    }
    say("{} test digits, {}: {:.2f} % wrong by the network alone", test_.labels.size(0), o_.distortion, m.cnn);
    wrong.emplace_back("cnn", m.cnn);
    weights.emplace_back("cnn", static_cast<double>(parameter_count(*pair_.cnn)));
    return {{"error_percent", wrong}, {"parameters", weights}, {"outside_percent", m.outside}};
  }

  void draw() override {
    if (!pair_.stn) return;
    const Tensor some = slice(test_.images, 0, 0, 5), labels = slice(test_.labels, 0, 0, 5);
    picture("digits.png", picture_of(some, labels, (*pair_.stn)(some)));
  }

  void look(Recorder& recorder, const std::string& text) override {
    record_digit(recorder, text, typed_digit(text, size_of(o_.distortion)), -1);
  }
  void record(Recorder& recorder) override {
    for (int64_t i = 0; i < std::min<int64_t>(2, test_.labels.size(0)); ++i) {
      const int64_t label = test_.labels.at<int64_t>({i});
      record_digit(recorder, fmt::format("a {}", label), slice(test_.images, 0, i, i + 1), label);
    }
  }
  void record_digit(Recorder& recorder, const std::string& title, const Tensor& image, int64_t label) {
    record_window(recorder, title, image, label, [this](const Tensor& x) { return read_by(pair_, x); });
  }

  const Options& o_;
  Digits training_;
  int64_t learned_ = 0;
  LabelledImages validation_{}, test_{};
  DistortedPair pair_;
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Distorted>(argc, argv);
}
