// Small convolutional networks of digits: one that tells them apart, one that finds where to look.
//
//   classifier(x) = Linear(10)(relu(Linear(hidden)(flatten(twice: relu(max_pool2(conv5x5(.)))))))                (1)
//   locator(U)    = relu(Linear(features)(flatten(relu(conv3x3(relu(max_pool2(conv5x5(avg_pool2(U)))))))))       (2)
//
//   symbol   shape             meaning
//   x        [B, 1, n, n]      a digit, or a crop: n at least 16
//   U        [B, 1, n, n]      what is searched: n at least 12; halved first, for a place needs no finer image
#pragma once

#include <fovea/autograd/pool.h>
#include <fovea/layers/conv2d.h>
#include <fovea/layers/linear.h>

namespace fovea::examples {

struct DigitClassifierOptions {
  int64_t size;  // of the images
  int64_t filters, hidden;
};

class DigitClassifier final : public Module {
 public:
  DigitClassifier(const DigitClassifierOptions& o, Generator& generator)
      : first_({.in_channels = 1, .out_channels = o.filters, .kernel = 5}, generator),
        second_({.in_channels = o.filters, .out_channels = o.filters, .kernel = 5}, generator),
        hidden_(features_of(o), o.hidden, true, generator),
        output_(o.hidden, 10, true, generator) {}
  void members(Members& m) override { m("first", first_)("second", second_)("hidden", hidden_)("output", output_); }

  Tensor operator()(const Tensor& images) const {
    const Tensor x = relu(max_pool2d(second_(relu(max_pool2d(first_(images), 2))), 2));
    return output_(relu(hidden_(flatten(x, 1))));  // (1) [B, 10]
  }

  static int64_t features_of(const DigitClassifierOptions& o) {
    const int64_t side = ((o.size - 4) / 2 - 4) / 2;
    return o.filters * side * side;
  }

 private:
  Conv2d first_, second_;
  Linear hidden_, output_;
};

// The localisation network's features: [B, 1, n, n] -> [B, features].
class Locator final : public Module {
 public:
  Locator(int64_t size, int64_t filters, int64_t features, Generator& generator)
      : first_({.in_channels = 1, .out_channels = filters, .kernel = 5, .padding = 2}, generator),
        second_({.in_channels = filters, .out_channels = 2 * filters, .kernel = 3}, generator),
        output_(2 * filters * side_of(size) * side_of(size), features, true, generator) {}
  void members(Members& m) override { m("first", first_)("second", second_)("output", output_); }

  Tensor operator()(const Tensor& images) const {
    const Tensor x = relu(max_pool2d(first_(avg_pool2d(images, 2)), 2));
    return relu(output_(flatten(relu(second_(x)), 1)));  // (2) [B, features]
  }

 private:
  static int64_t side_of(int64_t size) { return size / 4 - 2; }
  Conv2d first_, second_;
  Linear output_;
};

}  // namespace fovea::examples
