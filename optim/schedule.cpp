#include <fmt/format.h>
#include <fovea/optim/schedule.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace fovea {
namespace {

using detail::kInfinity;

void require_at_least(std::string_view what, std::string_view name, int64_t value, int64_t least) {
  if (value < least) throw ValueError(fmt::format("{}: {} is {}; need at least {}", what, name, value, least));
}

void require_positive(std::string_view what, std::string_view name, double value) {
  require_range(what, name, value, std::numeric_limits<double>::min(), kInfinity);
}

}  // namespace

Schedule::Schedule(std::string_view kind, Optimizer& optimizer) : kind_(kind), optimizer_(optimizer) {
  for (size_t i = 0; i < optimizer.group_count(); ++i) first_.push_back(optimizer.lr(i));
}

void Schedule::apply() {
  for (size_t i = 0; i < first_.size(); ++i) optimizer_.set_lr(rate(first_[i], t_), i);
}

void Schedule::step() {
  ++t_;
  apply();
}

SavedState Schedule::saved_state() const {
  SavedState saved;
  saved.metadata["kind"] = kind_;
  saved.metadata["groups"] = std::to_string(first_.size());
  FieldWriter writer(saved.metadata, "place");
  int64_t t = t_;
  writer("t", t);
  for (size_t i = 0; i < first_.size(); ++i) {
    double lr = first_[i];
    writer(fmt::format("lr.{}", i), lr);
  }
  write_options(saved.metadata);
  return saved;
}

std::function<void()> Schedule::prepare_load(const SavedState& saved) {
  require_text(saved.metadata, "kind", kind_);
  require_text(saved.metadata, "groups", std::to_string(first_.size()));
  matched(kind_, {}, saved.tensors);
  FieldReader reader(saved.metadata, "place");
  int64_t t = 0;
  reader("t", t);
  if (t < 0) throw FileError(fmt::format("{}: step {} is negative", kind_, t));
  std::vector<double> first(first_.size());
  for (size_t i = 0; i < first.size(); ++i) {
    reader(fmt::format("lr.{}", i), first[i]);
    require_range(kind_, "first lr", first[i], 0, kInfinity);
  }
  return [this, t, first, options = prepare_options(saved.metadata)]() mutable {
    t_ = t;
    first_.swap(first);
    options();
  };
}

void StepDecayOptions::check() const {
  require_at_least(kind, "every", every, 1);
  require_positive(kind, "gamma", gamma);
}
double StepDecayOptions::rate(double lr, int64_t t) const {
  const int64_t steps = t / every;
  return lr * std::pow(gamma, static_cast<double>(steps));  // (1)
}

void ExponentialDecayOptions::check() const { require_positive(kind, "gamma", gamma); }
double ExponentialDecayOptions::rate(double lr, int64_t t) const {
  return lr * std::pow(gamma, static_cast<double>(t));  // (2)
}

void CosineOptions::check() const {
  require_at_least(kind, "warmup", warmup, 0);
  require_at_least(kind, "total", total, warmup + 1);
  require_range(kind, "lr_min", lr_min, 0, kInfinity);
}
double CosineOptions::rate(double lr, int64_t t) const {
  if (t < warmup) return LinearWarmupOptions{warmup}.rate(lr, t);
  const double part = static_cast<double>(std::min(t, total) - warmup) / static_cast<double>(total - warmup);
  return lr_min + 0.5 * (lr - lr_min) * (1 + std::cos(std::numbers::pi * part));  // (3)
}

void LinearWarmupOptions::check() const { require_at_least(kind, "warmup", warmup, 1); }
double LinearWarmupOptions::rate(double lr, int64_t t) const {
  return lr * std::min(1.0, static_cast<double>(t + 1) / static_cast<double>(warmup));  // (4)
}

void NoamOptions::check() const {
  require_at_least(kind, "model_size", model_size, 1);
  require_at_least(kind, "warmup", warmup, 1);
  require_positive(kind, "scale", scale);
}
double NoamOptions::rate(double, int64_t t) const {
  const double n = static_cast<double>(t + 1);
  return scale * std::pow(model_size, -0.5) * std::min(std::pow(n, -0.5), n * std::pow(warmup, -1.5));  // (5)
}

void PlateauOptions::check() const {
  require_range("plateau", "factor", factor, 0, 1);
  require_at_least("plateau", "patience", patience, 0);
  require_range("plateau", "threshold", threshold, 0, 1);
  require_at_least("plateau", "cooldown", cooldown, 0);
  require_range("plateau", "lr_min", lr_min, 0, kInfinity);
}

Plateau::Plateau(Optimizer& optimizer, const PlateauOptions& options) : optimizer_(optimizer), options_(options) {
  options_.check();
}

bool Plateau::step(double watched) {
  const double value = options_.maximize ? -watched : watched;
  // An improvement is `threshold` of the best, so that a falling number must fall whatever its sign.
  const double margin = std::isfinite(place_.best) ? options_.threshold * std::abs(place_.best) : 0;
  if (value < place_.best - margin) {
    place_.best = value;
    place_.bad = 0;
  } else {
    ++place_.bad;
  }
  if (place_.cooling > 0) {
    --place_.cooling;
    place_.bad = 0;
  }
  if (place_.bad <= options_.patience) return false;
  for (size_t i = 0; i < optimizer_.group_count(); ++i)
    optimizer_.set_lr(std::min(optimizer_.lr(i), std::max(optimizer_.lr(i) * options_.factor, options_.lr_min)), i);
  place_.cooling = options_.cooldown;
  place_.bad = 0;
  return true;
}

SavedState Plateau::saved_state() const {
  SavedState saved;
  saved.metadata["kind"] = "plateau";
  write_fields(saved.metadata, "options", options_);
  write_fields(saved.metadata, "place", place_);
  return saved;
}

std::function<void()> Plateau::prepare_load(const SavedState& saved) {
  require_text(saved.metadata, "kind", "plateau");
  matched("plateau", {}, saved.tensors);
  const auto options = read_fields<PlateauOptions>(saved.metadata, "options");
  options.check();
  const auto place = read_fields<Place>(saved.metadata, "place");
  return [this, options, place] {
    options_ = options;
    place_ = place;
  };
}

}  // namespace fovea
