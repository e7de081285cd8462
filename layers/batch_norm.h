// Batch normalisation. Ioffe, Szegedy 2015, arXiv 1502.03167, algorithm 1.
//
//   y = (x - mean) / sqrt(var + eps) * weight + bias                                              (1)
//   running = (1 - momentum) running + momentum batch's                                           (2)
//
//   symbol                       shape                     meaning
//   x, y                         BatchNorm1d [N, C] or [N, C, L]; BatchNorm2d [N, C, H, W]
//   weight, bias                 [C]                       start as 1 and 0; undefined where affine is false
//   running_mean, running_var    [C]                       start as 0 and 1; undefined without track_running_stats
//   num_batches_tracked          i64 []                    training calls so far
//
// In training mean and var are those of the batch, channel by channel over all else, and (2) follows, with the unbiased
// variance; without a momentum (2) is the mean over all batches. In eval mode, and everything else is as in PyTorch,
// they are the running ones, unless none are tracked. A call in training mode writes the running statistics: not from
// two threads. Errors: ShapeError for x of another rank or with other channels, or with one value a channel in
// training; DTypeError; ValueError for a size below 1, an eps that is not positive, a momentum outside [0, 1].
#pragma once

#include <fovea/autograd/batch_norm.h>
#include <fovea/layers/check.h>

#include <optional>

namespace fovea {

struct BatchNormLayerOptions {
  int64_t channels;
  double eps = 1e-5;
  std::optional<double> momentum = 0.1;  // none: a mean over all batches
  bool affine = true;
  bool track_running_stats = true;
};

class BatchNorm : public Module {
 public:
  void members(Members& m) override {
    m("weight", weight)("bias", bias)("running_mean", running_mean)("running_var", running_var);
    m("num_batches_tracked", num_batches_tracked);
  }

  Parameter weight, bias;
  Buffer running_mean, running_var, num_batches_tracked;

 protected:
  BatchNorm(std::string_view type, const BatchNormLayerOptions& o)
      : options_{.momentum = o.momentum.value_or(0), .eps = checked_positive(type, "eps", o.eps)},
        averages_(!o.momentum.has_value()) {
    check_sizes(type, {{"channels", o.channels}});
    if (!(options_.momentum >= 0 && options_.momentum <= 1))
      throw ValueError(std::string(type) + ": momentum " + std::to_string(options_.momentum) + " is outside [0, 1]");
    if (o.affine) weight = Parameter(ones({o.channels})), bias = Parameter(zeros({o.channels}));
    if (!o.track_running_stats) return;
    running_mean = Buffer(zeros({o.channels}));
    running_var = Buffer(ones({o.channels}));
    num_batches_tracked = Buffer(zeros({}, i64));
  }
  Tensor normalize(const Tensor& x) const {
    BatchNormOptions options = options_;
    const bool tracks = running_mean.defined();
    options.training = training() || !tracks;
    const int64_t seen = tracks ? num_batches_tracked->item<int64_t>() + 1 : 0;
    if (averages_ && tracks) options.momentum = 1 / static_cast<double>(seen);
    Tensor y = batch_norm(x, running_mean, running_var, weight, bias, options);  // (1), (2)
    if (training() && tracks) num_batches_tracked->fill_(static_cast<double>(seen));
    return y;
  }
  [[noreturn]] void refuse(std::string_view type, const Tensor& x, std::string_view shapes) const {
    throw ShapeError(place(*this, type) + ": x is " + describe(x) + "; need " + std::string(shapes));
  }

 private:
  BatchNormOptions options_;
  bool averages_;
};

class BatchNorm1d final : public BatchNorm {
 public:
  explicit BatchNorm1d(const BatchNormLayerOptions& o) : BatchNorm("BatchNorm1d", o) {}
  Tensor operator()(const Tensor& x) const {
    if (x.dim() != 2 && x.dim() != 3) refuse("BatchNorm1d", x, "[N, C] or [N, C, L]");
    return normalize(x);
  }
};

class BatchNorm2d final : public BatchNorm {
 public:
  explicit BatchNorm2d(const BatchNormLayerOptions& o) : BatchNorm("BatchNorm2d", o) {}
  Tensor operator()(const Tensor& x) const {
    if (x.dim() != 4) refuse("BatchNorm2d", x, "[N, C, H, W]");
    return normalize(x);
  }
};

}  // namespace fovea
