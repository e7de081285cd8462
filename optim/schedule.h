// Schedules change the learning rate of an optimiser while it trains. With t the number of step() calls so far, so that
// the (t+1)-th update runs at the rate for t, and lr the rate that each group began with:
//
//   StepDecay         lr γ^⌊t/s⌋                                                          (1)
//   ExponentialDecay  lr γ^t                                                              (2)
//   Cosine            lr_min + ½ (lr - lr_min)(1 + cos(π t/T)),  lr_min from t = T on     (3)  Loshchilov & Hutter 2017
//   LinearWarmup      lr min(1, (t+1)/w)                                                  (4)
//   Noam              scale D^-½ min((t+1)^-½, (t+1) w^-1½), whatever lr was              (5)  Vaswani et al. 2017
//   Plateau           times `factor` after more than `patience` checks without improvement
//
// (3) may be preceded by (4): with `warmup` = w > 0, t and T in (3) count from there. Whether t counts updates or
// epochs is the caller's choice. Making a schedule sets the rates for t = 0; step() those for the next t. A schedule
// saves its place, its options and the first rates; the current rate is saved by the optimiser. The optimiser must
// outlive its schedule. Errors: ValueError for options out of range; FileError from load_state.
#pragma once

#include <fovea/optim/optimizer.h>

#include <limits>

namespace fovea {

// The schedules that depend on t alone.
class Schedule : public Saveable {
 public:
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;
  // One more update (or epoch) is done.
  void step();
  int64_t steps() const { return t_; }

  SavedState saved_state() const override;
  std::function<void()> prepare_load(const SavedState& saved) override;

 protected:
  Schedule(std::string_view kind, Optimizer& optimizer);
  // The rate for t of a group that began with `lr`.
  virtual double rate(double lr, int64_t t) const = 0;
  virtual void write_options(Metadata& into) const = 0;
  // Checks the saved options and returns what puts them in place.
  virtual std::function<void()> prepare_options(const Metadata& from) = 0;
  void apply();

 private:
  std::string_view kind_;
  Optimizer& optimizer_;
  int64_t t_ = 0;
  std::vector<double> first_;  // per group
};

// A schedule with options of one type: its numbers, fields(Fields&), check() and rate(lr, t).
template <class Options>
class ScheduleWith final : public Schedule {
 public:
  ScheduleWith(Optimizer& optimizer, const Options& options) : Schedule(Options::kind, optimizer), options_(options) {
    options_.check();
    apply();
  }
  const Options& options() const { return options_; }

 private:
  double rate(double lr, int64_t t) const override { return options_.rate(lr, t); }
  void write_options(Metadata& into) const override { write_fields(into, "options", options_); }
  std::function<void()> prepare_options(const Metadata& from) override {
    const Options loaded = read_fields<Options>(from, "options");
    loaded.check();
    return [this, loaded] { options_ = loaded; };
  }
  Options options_;
};

struct StepDecayOptions {
  static constexpr std::string_view kind = "step-decay";
  int64_t every = 1;   // s
  double gamma = 0.1;  // γ
  void fields(Fields& f) { f("every", every)("gamma", gamma); }
  void check() const;
  double rate(double lr, int64_t t) const;
};
using StepDecay = ScheduleWith<StepDecayOptions>;

struct ExponentialDecayOptions {
  static constexpr std::string_view kind = "exponential-decay";
  double gamma = 0.9;
  void fields(Fields& f) { f("gamma", gamma); }
  void check() const;
  double rate(double lr, int64_t t) const;
};
using ExponentialDecay = ScheduleWith<ExponentialDecayOptions>;

struct CosineOptions {
  static constexpr std::string_view kind = "cosine";
  int64_t total = 1000;  // T, warm-up included
  double lr_min = 0;
  int64_t warmup = 0;
  void fields(Fields& f) { f("total", total)("lr_min", lr_min)("warmup", warmup); }
  void check() const;
  double rate(double lr, int64_t t) const;
};
using Cosine = ScheduleWith<CosineOptions>;

struct LinearWarmupOptions {
  static constexpr std::string_view kind = "linear-warmup";
  int64_t warmup = 1000;  // w
  void fields(Fields& f) { f("warmup", warmup); }
  void check() const;
  double rate(double lr, int64_t t) const;
};
using LinearWarmup = ScheduleWith<LinearWarmupOptions>;

struct NoamOptions {
  static constexpr std::string_view kind = "noam";
  int64_t model_size = 512;  // D
  int64_t warmup = 4000;     // w
  double scale = 1;
  void fields(Fields& f) { f("model_size", model_size)("warmup", warmup)("scale", scale); }
  void check() const;
  double rate(double lr, int64_t t) const;
};
using Noam = ScheduleWith<NoamOptions>;

struct PlateauOptions {
  double factor = 0.1;
  int64_t patience = 10;
  double threshold = 1e-4;  // relative improvement that counts
  int64_t cooldown = 0;     // checks after a reduction during which bad ones do not count
  double lr_min = 0;
  bool maximize = false;
  void fields(Fields& f) {
    f("factor", factor)("patience", patience)("threshold", threshold)("cooldown", cooldown);
    f("lr_min", lr_min)("maximize", maximize);
  }
  void check() const;
};

// Reduces every group's rate when the watched number stops improving. NaN is no improvement.
class Plateau final : public Saveable {
 public:
  explicit Plateau(Optimizer& optimizer, const PlateauOptions& options = {});
  // One check; returns whether it reduced the rates.
  bool step(double watched);

  SavedState saved_state() const override;
  std::function<void()> prepare_load(const SavedState& saved) override;

 private:
  struct Place {
    double best = std::numeric_limits<double>::infinity();  // the sign turned for maximize
    int64_t bad = 0;
    int64_t cooling = 0;
    void fields(Fields& f) { f("best", best)("bad", bad)("cooling", cooling); }
  };
  Optimizer& optimizer_;
  PlateauOptions options_;
  Place place_;
};

}  // namespace fovea
