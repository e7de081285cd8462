// Losses. Reduction::mean divides by what counts; if nothing does, the loss is 0.
//   cross_entropy   -sum_c q_c log_softmax(x)_c, q = (1 - smoothing) target + smoothing / C
//   nll_loss        the same from log-probabilities
//   binary_cross_entropy_with_logits   max(x, 0) - x t + ln(1 + e^-|x|)
//   binary_cross_entropy               -t ln p - (1 - t) ln(1 - p), no logarithm below -100
//   kl_div          t (ln t - x) for log-probabilities x; 0 where t is 0
//   mse_loss        (x - t)^2            l1_loss      |x - t|
//   huber_loss      d^2 / 2 for d = |x - t| <= delta, else delta (d - delta / 2)
// Shapes: logits [..., C] with class ids i64 [...] or probabilities [..., C]; else x and target alike.
// Errors: ShapeError, DTypeError, IndexError for an id outside [0, C) that is not ignore_index, ValueError for options.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/plain.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/loss.h>

namespace fovea {
namespace {

using Pair = std::array<Tensor, 2>;

Tensor reduced(const Tensor& each, Reduction reduction) {
  if (reduction == Reduction::none) return each;
  if (reduction == Reduction::sum || each.numel() == 0) return sum(each);
  return mean(each);
}

void check_pair(const char* op, const Tensor& x, const Tensor& target) {
  check::floating(op, x);
  check::same_dtype(op, x, target);
  check::same_shape(op, x, target);
}

Shape rows_of(const Tensor& logits) {
  Shape shape = logits.shape();
  shape.erase(logits.dim() - 1);
  return shape;
}

Tensor ids_that_count(const Tensor& ids, const CrossEntropyOptions& options) {
  return ne(ids, full({}, static_cast<double>(options.ignore_index), i64));
}

// With ignored ids replaced by class 0.
Tensor safe_ids(const Tensor& ids, const Tensor& counted) { return where(counted, ids, zeros({}, i64)); }

void check_classes(const char* op, const Tensor& x, const Tensor& target, const CrossEntropyOptions& options) {
  check::floating(op, x);
  check::rank_at_least(op, x, 1);
  check::defined(op, target);
  if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1))
    throw ValueError(fmt::format("{}: label smoothing {}; need a number in [0, 1]", op, options.label_smoothing));
  const bool ids = target.dtype() == i64;
  if (!ids) check::same_dtype(op, x, target);
  if (!(target.shape() == (ids ? rows_of(x) : x.shape())))
    throw ShapeError(fmt::format("{}: x is {}, target {}; need ids i64 of shape {} or probabilities of x's shape", op,
                                 describe(x), describe(target), rows_of(x).str()));
  if (ids) check::ids_below(op, safe_ids(target, ids_that_count(target, options)), x.size(-1));
}

// What each row's loss is multiplied with before they are added.
double share(const Tensor& x, const Tensor& target, const CrossEntropyOptions& options) {
  if (options.reduction != Reduction::mean) return 1;
  const bool ids = target.dtype() == i64;
  const int64_t count = ids ? sum(ids_that_count(target, options)).item<int64_t>() : rows_of(x).numel();
  return count == 0 ? 0 : 1 / static_cast<double>(count);
}

Tensor plain_nll(const Tensor& log_p, const Tensor& target, const CrossEntropyOptions& options) {
  const double smoothing = options.label_smoothing, spread = smoothing / static_cast<double>(log_p.size(-1));
  const double scale = share(log_p, target, options);
  Tensor each;
  if (target.dtype() == i64) {
    const Tensor counted = ids_that_count(target, options);
    each = squeeze(gather(log_p, -1, unsqueeze(safe_ids(target, counted), -1)), -1) * (smoothing - 1);
    if (smoothing > 0) each = each - sum(log_p, -1) * spread;
    each = where(counted, each, scalar(0, log_p.dtype()));
  } else {
    each = neg(sum((target * (1 - smoothing) + spread) * log_p, -1));
  }
  return options.reduction == Reduction::none ? each : sum(each) * scale;
}

Tensor plain_cross_entropy(const Tensor& logits, const Tensor& target, const CrossEntropyOptions& options) {
  return plain_nll(log_softmax(logits, -1), target, options);
}

kernels::CrossEntropyTarget kernel_target(const Tensor& target, const CrossEntropyOptions& options) {
  kernels::CrossEntropyTarget out{nullptr, nullptr, options.ignore_index, options.label_smoothing};
  if (target.dtype() == i64)
    out.ids = target.data<int64_t>();
  else
    out.probabilities = target.raw();
  return out;
}

// d loss / d probabilities, for each row's gradient g [..., 1] or one for all.
Tensor gradient_of_probabilities(const Tensor& g, const Tensor& logits, const CrossEntropyOptions& options,
                                 double scale) {
  const Tensor rows = options.reduction == Reduction::none ? unsqueeze(g, -1) : g;
  return log_softmax(logits, -1) * rows * (-scale * (1 - options.label_smoothing));
}

}  // namespace

Tensor cross_entropy(const Tensor& logits, const Tensor& target, const CrossEntropyOptions& options) {
  check_classes("cross_entropy", logits, target, options);
  if (reference_mode()) return plain_cross_entropy(logits, target, options);
  const Tensor x = array::contiguous(logits), wanted = array::contiguous(target);
  const Shape shape = rows_of(x);
  const int64_t rows = shape.numel(), n = x.size(-1);
  Tensor y = empty(shape, x.dtype()), statistics = empty({rows, 2}, x.dtype());
  kernels::cross_entropy(x.dtype(), rows, n, x.raw(), kernel_target(wanted, options), y.raw(), statistics.raw());
  const double scale = share(x, target, options);
  if (options.reduction != Reduction::none) {
    const NoGrad reduce_only;
    y = sum(y) * scale;
  }
  return record("cross_entropy", {logits, target}, y,
                [logits = saved(logits), target = saved(target), statistics, options, scale](const Tensor& g) {
                  const Tensor x0 = logits.get(), t0 = target.get();
                  if (grad_enabled()) {
                    const auto formula = [options](std::span<const Tensor> in) {
                      return std::vector<Tensor>{plain_cross_entropy(in[0], in[1], options)};
                    };
                    const auto found = plain_vjp(formula, Pair{x0, t0}, {&g, 1});
                    return Pair{found[0], found[1]};
                  }
                  Pair d;
                  if (needs_grad(1)) d[1] = gradient_of_probabilities(g, x0, options, scale);
                  if (!needs_grad(0)) return d;
                  const Tensor from = array::contiguous(x0), classes = array::contiguous(t0),
                               from_g = array::contiguous(g);
                  d[0] = empty_like(from);
                  kernels::cross_entropy_backward(g.dtype(), statistics.size(0), from.size(-1), from.raw(),
                                                  kernel_target(classes, options), statistics.raw(), from_g.raw(),
                                                  options.reduction == Reduction::none ? 1 : 0, scale, d[0].raw());
                  return d;
                });
}

Tensor nll_loss(const Tensor& log_probabilities, const Tensor& target, const CrossEntropyOptions& options) {
  check_classes("nll_loss", log_probabilities, target, options);
  return plain_nll(log_probabilities, target, options);
}

Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& target, Reduction reduction) {
  const char* op = "binary_cross_entropy_with_logits";
  check_pair(op, logits, target);
  const Tensor x = array::contiguous(logits), t = array::contiguous(target);
  Tensor y = empty_like(x);
  kernels::binary_cross_entropy(x.dtype(), x.numel(), x.raw(), t.raw(), y.raw());
  const Tensor each = record(op, {logits, target}, y, [x = saved(logits), t = saved(target)](const Tensor& g) {
    return Pair{needs_grad(0) ? g * (sigmoid(x.get()) - t.get()) : Tensor(),
                needs_grad(1) ? neg(g * x.get()) : Tensor()};
  });
  return reduced(each, reduction);
}

// The gradient as PyTorch has it: (p - t) / max(p (1 - p), 1e-12f), which the clamped logarithms would make 0 at 0
// and 1.
Tensor binary_cross_entropy(const Tensor& probabilities, const Tensor& target, Reduction reduction) {
  const char* op = "binary_cross_entropy";
  check_pair(op, probabilities, target);
  const auto logarithms = [](const Tensor& p) { return Pair{clamp(log(p), -100, 0), clamp(log1p(neg(p)), -100, 0)}; };
  Tensor y;
  {
    const NoGrad values_only;
    if (!all(logical_and(ge(probabilities, 0), le(probabilities, 1))))
      throw ValueError(fmt::format("{}: {} holds numbers outside [0, 1]; for logits there is {}_with_logits", op,
                                   describe(probabilities), op));
    const auto [of_one, of_zero] = logarithms(probabilities);
    y = neg(target * of_one + (1.0 - target) * of_zero);
  }
  const Tensor each =
      record(op, {probabilities, target}, y, [=, p = saved(probabilities), t = saved(target)](const Tensor& g) {
        Pair d;
        if (needs_grad(0)) d[0] = g * (p.get() - t.get()) / clamp(p.get() * (1.0 - p.get()), 1e-12f, 1);
        if (!needs_grad(1)) return d;
        const auto [of_one, of_zero] = logarithms(p.get());
        d[1] = g * (of_zero - of_one);
        return d;
      });
  return reduced(each, reduction);
}

Tensor kl_div(const Tensor& log_probabilities, const Tensor& target, Reduction reduction, bool log_target) {
  check_pair("kl_div", log_probabilities, target);
  if (log_target) return reduced(exp(target) * (target - log_probabilities), reduction);
  const Tensor nothing = eq(target.detach(), 0);
  const Tensor entropy = target * log(masked_fill(target, nothing, 1));
  return reduced(entropy - target * log_probabilities, reduction);
}

Tensor l1_loss(const Tensor& x, const Tensor& target, Reduction reduction) {
  check_pair("l1_loss", x, target);
  return reduced(abs(x - target), reduction);
}

Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction) {
  check_pair("mse_loss", x, target);
  return reduced(square(x - target), reduction);
}

// With c = min(d, delta) both branches are c (d - c / 2).
Tensor huber_loss(const Tensor& x, const Tensor& target, double delta, Reduction reduction) {
  check_pair("huber_loss", x, target);
  if (!(delta > 0)) throw ValueError(fmt::format("huber_loss: delta {}; need a positive number", delta));
  const Tensor distance = abs(x - target), near = clamp(distance, 0, delta);
  return reduced(near * (distance - near * 0.5), reduction);
}

}  // namespace fovea
