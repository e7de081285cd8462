// What is looked at: MNIST's digits as they are; or each at any place of a larger image; or there among pieces of other
// digits. The last two as in Mnih et al. 2014, section 4.1.
//
// For training digits, places and pieces are drawn anew each time. The last twelfth of the training digits (5,000)
// chooses the weights. Errors: FileError where there are too few of them: one each, two where pieces are of others.
#pragma once

#include "examples/common/distort.h"
#include "examples/common/mnist.h"

namespace fovea::examples {

class DigitTask {
 public:
  DigitTask(const std::string& name, const Digits& training, const Digits& test) : name_(name), test_(test) {
    const int64_t count = training.labels.size(0), kept = count / 12, least = name == "cluttered" ? 2 : 1;
    if (kept < least)
      throw FileError(fmt::format("mnist: {} digits of training; need at least {}, a twelfth of them to validate",
                                  count, 12 * least));
    if (test.labels.size(0) < least)
      throw FileError(fmt::format("mnist: {} digits of the test; need at least {}", test.labels.size(0), least));
    const auto part = [&](int64_t begin, int64_t end) {
      return Digits{contiguous(slice(training.images, 0, begin, end)),
                    contiguous(slice(training.labels, 0, begin, end))};
    };
    training_ = part(0, count - kept), validation_ = part(count - kept, count);
  }

  LabelledImages batch(int64_t count, Generator& generator) const {
    return images_of(training_, randint({count}, 0, training_.labels.size(0), generator), generator);
  }
  // Those of `rows`, i64 [n].
  LabelledImages images_of(const Digits& digits, const Tensor& rows, Generator& generator) const {
    const Tensor plain = images_at(digits, rows);
    return {name_ == "translated"  ? translated(plain, 60, generator)
            : name_ == "cluttered" ? cluttered(plain, {.size = 60}, generator)
                                   : plain,
            labels_at(digits, rows)};
  }
  const Digits& validation() const { return validation_; }
  const Digits& test() const { return test_; }

 private:
  std::string name_;
  Digits training_{}, validation_{}, test_;
};

}  // namespace fovea::examples
