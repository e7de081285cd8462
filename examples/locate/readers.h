// Two ways to read a window of an image that a network has chosen: by Gaussian filters, as DRAW does, and by bilinear
// sampling, as a spatial transformer does. Both read N x N places, d apart, around the same centre.
//
//   θ = (s, t_x, t_y), and of the Gaussian λ: size of the window and its centre, an image from -1 to 1
//   g_x = ((t_x + 1) n - 1) / 2,  d = s n / N,  p_j = g_x + (j - (N - 1) / 2) d       pixels, rows alike    (1)
//   gaussian   filters of (2) in layers/attention/read/crops.h, σ = d / 2 e^λ + 0.1                         (2)
//   bilinear   the four pixels around each place                                                           (3)
//
//   symbol   shape              meaning
//   θ        [B, 3] or [B, 4]   starts as (1, 0, 0) and λ = 0: the whole image
//   U        [B, 1, n, n]       image; what is read of it, [B, 1, N, N]
#pragma once

#include <fovea/autograd/parts.h>
#include <fovea/layers/attention/read/crops.h>
#include <fovea/layers/vision/spatial_transformer.h>

#include <string>

#include "examples/common/digit_networks.h"

namespace fovea::examples {

inline Tensor read_gaussian(const Tensor& image, const Tensor& theta, int64_t places) {
  const auto n = static_cast<double>(image.size(2)), N = static_cast<double>(places);
  const auto [s, x, y, wide] = unbind<4>(unsqueeze(theta, 2), 1);                      // [B, 1] each
  const Tensor d = s * (n / N), sigma = abs(d) / 2.0 * exp(clamp(wide, -5, 5)) + 0.1;  // whatever θ is, above 0
  const auto filters = [&](const Tensor& t) {
    const Tensor centre = ((t + 1.0) * n - 1.0) / 2.0, first = centre - d * ((N - 1) / 2);  // (1)
    return gaussian_filters(first, d, sigma, places, image.size(2));                        // (2) [B, 1, N, n]
  };
  return squeeze(Crops()({filters(y), filters(x)}, image), 1);
}

inline Tensor read_bilinear(const Tensor& image, const Tensor& theta, int64_t places) {
  return grid_sample(image, AttentionWindow({.size = places}).grid(theta));  // (3)
}

struct WindowReaderOptions {
  std::string reader;  // gaussian, bilinear
  int64_t canvas, window;
  int64_t filters, hidden;
  int64_t locator_filters, locator_features;
};

// Finds where to look, reads there, and says which digit it is.
class WindowReader final : public Module {
 public:
  WindowReader(const WindowReaderOptions& o, Generator& generator)
      : locator_(o.canvas, o.locator_filters, o.locator_features, generator),
        theta_(o.locator_features, o.reader == "gaussian" ? 4 : 3, true, generator),
        classifier_({o.window, o.filters, o.hidden}, generator),
        window_(o.window),
        gaussian_(o.reader == "gaussian") {
    theta_.weight->detach().fill_(0), theta_.bias->detach().fill_(0), theta_.bias->detach().set({0}, 1);
  }
  void members(Members& m) override { m("locator", locator_)("theta", theta_)("classifier", classifier_); }

  struct Output {
    Tensor logits, theta, read;
  };
  Output operator()(const Tensor& image) const {
    const Tensor theta = theta_(locator_(image)), read = look(image, theta);
    return {classifier_(read), theta, read};
  }
  Tensor look(const Tensor& image, const Tensor& theta) const {
    if (!all(isfinite(theta)))
      throw ValueError("locate: a window is nowhere: its θ is not finite; a lower --learning-rate or --locator-rate");
    return gaussian_ ? read_gaussian(image, theta, window_) : read_bilinear(image, theta, window_);
  }
  // What has a rate of its own.
  std::vector<Tensor> of_locator() const {
    std::vector<Tensor> all = parameters(locator_);
    for (const Tensor& one : parameters(theta_)) all.push_back(one);
    return all;
  }
  std::vector<Tensor> of_classifier() const { return parameters(classifier_); }

 private:
  Locator locator_;
  Linear theta_;
  DigitClassifier classifier_;
  int64_t window_;
  bool gaussian_;
};

}  // namespace fovea::examples
