// locate: a digit lies somewhere on a large canvas; a network chooses a window, reads it and says which digit it is.
// The window is read by Gaussian filters or by bilinear sampling; all else is the same.
//
//   locate --reader gaussian|bilinear ...
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/common/distort.h"
#include "examples/common/mnist.h"
#include "examples/common/program.h"
#include "examples/common/typed.h"
#include "examples/locate/distance.h"
#include "examples/locate/milliseconds.h"
#include "examples/locate/options.h"
#include "examples/locate/pictures.h"

namespace fovea::examples {
namespace {

constexpr uint64_t kTestSeed = 1502;  // of the places in validation and test, in every run
constexpr double kSolved = 95;        // % right

double percent_right(const Tensor& logits, const Tensor& labels) {
  return 100 * mean(to(eq(argmax(logits.detach(), 1), labels), f64)).item();
}

class Locate final : public Program {
 public:
  explicit Locate(const Options& o)
      : Program(o, {.figure = "right %", .unit = "digits", .loss = "cross-entropy, nats"}),
        o_(o),
        digits_(read_mnist(o, "train", 2)),
        test_digits_(read_mnist(o, "t10k")),
        reader_({.reader = o.reader,
                 .canvas = o.canvas,
                 .window = o.window,
                 .filters = o.filters,
                 .hidden = o.hidden,
                 .locator_filters = o.locator_filters,
                 .locator_features = o.locator_features},
                initial),
        learned_(digits_.labels.size(0) - std::min(o.validation_size, digits_.labels.size(0) / 2)) {
    train_with(reader_,
               std::make_unique<Adam>(Adam::Groups{{reader_.of_classifier(), {.lr = o.learning_rate}},
                                                   {reader_.of_locator(), {.lr = o.learning_rate * o.locator_rate}}}));
    each_step<Cosine>(CosineOptions{.total = o.anneal});
    trainer().state()("solved", solved_);
  }

 private:
  StepOutput step() override {
    const Tensor rows = randint({o_.batch}, 0, learned_, data), labels = labels_at(digits_, rows);
    const Tensor logits = reader_(translated(images_at(digits_, rows), o_.canvas, data)).logits;
    return {cross_entropy(logits, labels), {percent_right(logits, labels)}};
  }

  double right(const Digits& digits, int64_t from) const {
    Generator generator(kTestSeed);
    const int64_t all = digits.labels.size(0);
    double sum = 0;
    for (int64_t first = from; first < all; first += 500) {
      const Tensor rows = arange(first, std::min(first + 500, all));
      const Tensor image = translated(images_at(digits, rows), o_.canvas, generator);
      sum += percent_right(reader_(image).logits, labels_at(digits, rows)) * static_cast<double>(rows.size(0));
    }
    return sum / static_cast<double>(all - from);
  }

  double validate() override {
    const double found = right(digits_, learned_);
    if (found >= kSolved && solved_ == 0) solved_ = trainer().step();
    return 100 - found;
  }

  // A step of the training, and of it what the reader alone takes, forward and backward.
  Figures times() {
    const EnableGrad recorded;
    const Tensor rows = remainder(arange(o_.batch), full({}, static_cast<double>(learned_), i64));
    const Tensor labels = labels_at(digits_, rows);
    Generator generator(kTestSeed);
    const Tensor image = translated(images_at(digits_, rows), o_.canvas, generator);
    const Tensor theta = reader_(image).theta.detach().requires_grad_();
    const auto step = [&] {
      optimizer().zero_grad();
      cross_entropy(reader_(image).logits, labels).backward();
    };
    const auto read = [&] { sum(reader_.look(image, theta)).backward(); };
    Figures found{{"step", median_ms(15, step)}, {"read", median_ms(41, read)}};
    optimizer().zero_grad();
    return found;
  }

  Metrics test() override {
    const double found = right(test_digits_, 0);
    say("{} test digits on canvases of {}: {:.2f} % right, read by {}", test_digits_.labels.size(0), o_.canvas, found,
        o_.reader == "gaussian" ? "Gaussian filters" : "bilinear sampling");
    Metrics all{{"right_percent", found}};
    if (solved_ > 0) all.emplace_back("steps_to_95", static_cast<double>(solved_));
    all.emplace_back("milliseconds", times());
    for (const double sigma : {0.0, 1.0, 4.0}) {
      Figures felt;
      for (const int64_t distance : {1, 2, 4, 8, 16})
        felt.emplace_back(std::to_string(distance), felt_at(distance, sigma, o_.canvas, 14));
      all.emplace_back(sigma > 0 ? fmt::format("felt_gaussian_{:.0f}", sigma) : "felt_bilinear", felt);
    }
    return all;
  }

  void draw() override {
    Generator generator(kTestSeed);
    const Tensor rows = arange(0, std::min<int64_t>(7, test_digits_.labels.size(0)));
    const Tensor image = translated(images_at(test_digits_, rows), o_.canvas, generator);
    picture("windows.png", windows_of(image, labels_at(test_digits_, rows), reader_(image)));
  }

  void look(Recorder& recorder, const std::string& text) override {
    record_digit(recorder, text, typed_digit(text, o_.canvas), -1);
  }
  void record(Recorder& recorder) override {
    Generator generator(kTestSeed);
    const Tensor rows = arange(0, std::min<int64_t>(2, test_digits_.labels.size(0)));
    const Tensor images = translated(images_at(test_digits_, rows), o_.canvas, generator);
    for (int64_t i = 0; i < rows.size(0); ++i) {
      const int64_t label = test_digits_.labels.at<int64_t>({i});
      record_digit(recorder, fmt::format("a {}", label), slice(images, 0, i, i + 1), label);
    }
  }
  void record_digit(Recorder& recorder, const std::string& title, const Tensor& image, int64_t label) {
    record_window(recorder, title, image, label, [this](const Tensor& x) { return read_by(reader_, x); });
  }

  const Options& o_;
  Digits digits_, test_digits_;
  WindowReader reader_;
  int64_t learned_, solved_ = 0;  // the step after which 95 % were right
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Locate>(argc, argv);
}
