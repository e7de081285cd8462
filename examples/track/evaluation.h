// How well a track agrees with the truth, frame by frame and where the object is hidden.
//
//   symbol   shape      meaning
//   iou      [B, T]     of the frames after the first
//   seen     [B, T]     the share of the object that is not hidden; a frame is a hidden one from half of it on
//   around   [2 R + 1]  mean of the frames R before to R after the one in which most is hidden, of scenes with hidden
//   ones
#pragma once

#include <fmt/format.h>
#include <fovea/autograd/ops.h>

#include <cmath>
#include <string>
#include <vector>

namespace fovea::examples {

// A mean of each of several groups.
class Means {
 public:
  explicit Means(int64_t groups) : sums_(static_cast<size_t>(groups)), counts_(sums_.size()) {}
  void add(int64_t group, double value) {
    sums_[static_cast<size_t>(group)] += value;
    ++counts_[static_cast<size_t>(group)];
  }
  // NaN of nothing: no scene hid anything, or none has a frame so far from the darkest one.
  std::vector<double> means() const {
    std::vector<double> found(sums_.size());
    for (size_t i = 0; i < found.size(); ++i) found[i] = sums_[i] / counts_[i];
    return found;
  }

 private:
  std::vector<double> sums_, counts_;
};

// For people; summary.json has null, curves a gap.
inline std::string or_none(double mean) { return std::isnan(mean) ? "none" : fmt::format("{:.3f}", mean); }

class Agreement {
 public:
  static constexpr int64_t reach = 10;  // R
  explicit Agreement(int64_t frames) : by_frame_(frames) {}

  void add(const Tensor& iou, const Tensor& seen) {
    const int64_t T = iou.size(1);
    const Tensor darkest = argmin(seen, 1);
    for (int64_t b = 0; b < iou.size(0); ++b) {
      const int64_t middle = darkest.at<int64_t>({b});
      const bool hides = seen.at({b, middle}) <= 0.5;
      for (int64_t t = 0; t < T; ++t) {
        const double value = iou.at({b, t});
        all_.add(0, value), by_frame_.add(t, value);
        if (seen.at({b, t}) <= 0.5) hidden_.add(0, value);
        if (hides && std::abs(t - middle) <= reach) around_.add(t - middle + reach, value);
      }
    }
  }

  double mean() const { return all_.means()[0]; }
  double hidden() const { return hidden_.means()[0]; }  // NaN where nothing was hidden
  std::vector<double> by_frame() const { return by_frame_.means(); }
  std::vector<double> around() const { return around_.means(); }

 private:
  Means all_{1}, hidden_{1}, by_frame_, around_{2 * reach + 1};
};

}  // namespace fovea::examples
