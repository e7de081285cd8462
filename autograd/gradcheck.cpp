#include <fmt/format.h>
#include <fovea/autograd/backward.h>
#include <fovea/autograd/gradcheck.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>

#include <cmath>

namespace fovea {
namespace {

bool checked(const Tensor& x) { return x.defined() && x.dtype() == f64 && x.requires_grad(); }

// The inputs with fresh leaves in place of the checked ones, each a contiguous copy.
std::vector<Tensor> fresh(const std::vector<Tensor>& inputs) {
  std::vector<Tensor> out = inputs;
  for (Tensor& x : out)
    if (checked(x)) x = array::clone(x).requires_grad_();
  return out;
}

void require_function(const char* op, const TensorFunction& f) {
  if (!f) throw ValueError(fmt::format("{}: the function is empty", op));
}

class Check {
 public:
  Check(const TensorFunction& f, const std::vector<Tensor>& inputs, const GradcheckOptions& options)
      : f_(f), inputs_(fresh(inputs)), options_(options), generator_(options.seed) {
    for (const Tensor& x : inputs_)
      if (checked(x)) leaves_.push_back(x);
  }

  GradcheckResult run() {
    if (leaves_.empty()) return {false, "gradcheck: no f64 input requires gradients"};
    std::vector<Tensor> outputs = f_(inputs_);
    GradOptions grad_options{.allow_unused = true};
    std::vector<Tensor> on_tape;
    for (const Tensor& y : outputs) {
      cotangents_.push_back(is_floating(y.dtype()) ? uniform(y.shape(), 0.5, 1.5, generator_, y.dtype()) : Tensor());
      if (!y.requires_grad()) continue;
      on_tape.push_back(y);
      // Signs are random too: a backward that only gets sums right must not pass.
      cotangents_.back() = cotangents_.back() * (bernoulli(y.shape(), 0.5, generator_, y.dtype()) * 2.0 - 1.0);
      grad_options.grad_outputs.push_back(cotangents_.back());
    }
    if (on_tape.empty()) return {false, "gradcheck: no output is on the tape"};
    const std::vector<Tensor> analytic = grad(on_tape, leaves_, grad_options);
    int64_t total = 0;
    for (const Tensor& x : leaves_) total += x.numel();
    return total <= options_.full_limit ? compare_all(analytic) : compare_directions(analytic);
  }

 private:
  // L = sum_k <c_k, f_k(x)>
  double loss() {
    const NoGrad guard;
    const std::vector<Tensor> outputs = f_(inputs_);
    double total = 0;
    for (size_t k = 0; k < outputs.size(); ++k) {
      if (!cotangents_[k].defined()) continue;
      const Tensor y = array::contiguous(array::to(outputs[k], f64)),
                   c = array::contiguous(array::to(cotangents_[k], f64));
      for (int64_t i = 0; i < y.numel(); ++i) total += y.data<double>()[i] * c.data<double>()[i];
    }
    return total;
  }

  GradcheckResult compare(double analytic, double numeric, double scale, const std::string& where) const {
    if (std::abs(analytic - numeric) <= options_.atol * scale + options_.rtol * std::abs(numeric)) return {};
    return {false, fmt::format("gradient of {}: analytic {:.10g}, numeric {:.10g}, difference {:.3g}", where, analytic,
                               numeric, std::abs(analytic - numeric))};
  }

  GradcheckResult compare_all(const std::vector<Tensor>& analytic) {
    std::vector<double> exact, numeric;
    std::vector<std::string> where;
    for (size_t k = 0; k < leaves_.size(); ++k) {
      double* x = leaves_[k].data<double>();
      const Tensor gradient = analytic[k].defined() ? array::contiguous(analytic[k]) : zeros_like(leaves_[k]);
      for (int64_t i = 0; i < leaves_[k].numel(); ++i) {
        const double at = x[i], h = options_.step * std::max(1.0, std::abs(at));
        x[i] = at + h;
        const double above = loss();
        x[i] = at - h;
        const double below = loss();
        x[i] = at;
        exact.push_back(gradient.data<double>()[i]);
        numeric.push_back((above - below) / (2 * h));
        where.push_back(fmt::format("input {} at element {}", k, i));
      }
    }
    double scale = 1;
    for (double value : numeric) scale = std::max(scale, std::abs(value));
    for (size_t i = 0; i < exact.size(); ++i)
      if (GradcheckResult result = compare(exact[i], numeric[i], scale, where[i]); !result.ok) return result;
    return {};
  }

  GradcheckResult compare_directions(const std::vector<Tensor>& analytic) {
    for (int direction = 0; direction < options_.directions; ++direction) {
      std::vector<Tensor> start, steps;
      double exact = 0;
      for (size_t k = 0; k < leaves_.size(); ++k) {
        start.push_back(array::clone(leaves_[k]));
        steps.push_back(normal(leaves_[k].shape(), 0, 1, generator_, f64));
        const Tensor gradient = analytic[k].defined() ? array::contiguous(analytic[k]) : zeros_like(leaves_[k]);
        for (int64_t i = 0; i < gradient.numel(); ++i) exact += gradient.data<double>()[i] * steps[k].data<double>()[i];
      }
      const auto at = [&](double distance) {
        for (size_t k = 0; k < leaves_.size(); ++k)
          for (int64_t i = 0; i < leaves_[k].numel(); ++i)
            leaves_[k].data<double>()[i] = start[k].data<double>()[i] + distance * steps[k].data<double>()[i];
        return loss();
      };
      const double numeric = (at(options_.step) - at(-options_.step)) / (2 * options_.step);
      at(0);
      GradcheckResult result =
          compare(exact, numeric, std::max(1.0, std::abs(numeric)), fmt::format("random direction {}", direction));
      if (!result.ok) return result;
    }
    return {};
  }

  const TensorFunction& f_;
  std::vector<Tensor> inputs_, leaves_, cotangents_;
  GradcheckOptions options_;
  Generator generator_;
};

}  // namespace

GradcheckResult gradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs, const GradcheckOptions& options) {
  require_function("gradcheck", f);
  return Check(f, inputs, options).run();
}

GradcheckResult gradgradcheck(const TensorFunction& f, const std::vector<Tensor>& inputs, GradcheckOptions options) {
  require_function("gradgradcheck", f);
  // The gradient of <c, f> as a function of the inputs and of c: its own gradient is the second derivative.
  Generator generator(options.seed + 1);
  std::vector<Tensor> all = fresh(inputs);
  const size_t n = all.size();
  for (const Tensor& y : f(all))
    if (y.requires_grad()) all.push_back(uniform(y.shape(), -1, 1, generator, y.dtype()).requires_grad_());
  const TensorFunction gradient = [&f, n](const std::vector<Tensor>& x) {
    const EnableGrad guard;
    const std::vector<Tensor> own(x.begin(), x.begin() + static_cast<int64_t>(n));
    GradOptions wanted{.create_graph = true, .allow_unused = true};
    std::vector<Tensor> outputs, leaves, found;
    for (const Tensor& y : f(own))
      if (y.requires_grad()) {
        outputs.push_back(y);
        wanted.grad_outputs.push_back(x[n + outputs.size() - 1]);
      }
    for (const Tensor& leaf : own)
      if (checked(leaf)) leaves.push_back(leaf);
    for (const Tensor& g : grad(outputs, leaves, wanted))
      if (g.defined()) found.push_back(g);
    return found;
  };
  return gradcheck(gradient, all, options);
}

}  // namespace fovea
