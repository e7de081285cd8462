// Where the ticks of an axis go and what is written beside them.
//
// Linear: multiples of 1, 2 or 5 times a power of ten. Logarithmic: powers of ten, with others between them when the
// axis spans few. Empty or reversed ranges give a single tick. No state: thread-safe.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace fovea::examples {

struct Tick {
  double value = 0;
  std::string text;
};

// As many decimals as the step has; 20000 becomes 20k, where every tick is a whole number of thousands.
inline std::string tick_text(double value, double step, double largest) {
  if (largest >= 1e15 || (largest > 0 && largest < 1e-3)) return fmt::format("{:.4g}", value);
  if (largest >= 10000 && std::fmod(step, 100) == 0) return value == 0 ? "0" : fmt::format("{:g}k", value / 1000);
  const int decimals = std::clamp(static_cast<int>(-std::floor(std::log10(step) + 1e-9)), 0, 12);
  return fmt::format("{:.{}f}", value, decimals);
}

// The least of 1, 2, 5, 10, 20, 50 ... that is at least `least`.
inline double nice_step(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

// At most `most` ticks inside [low, high], at least three where `most` is 7.
inline std::vector<Tick> linear_ticks(double low, double high, int most = 7) {
  if (!(high > low)) return {{low, fmt::format("{:.4g}", low)}};
  const auto first = [&](double step) { return std::ceil(low / step - 1e-6); };
  const auto last = [&](double step) { return std::floor(high / step + 1e-6); };
  double step = nice_step((high - low) / std::max(1, most));
  if (last(step) - first(step) >= std::max(1, most)) step = nice_step(1.5 * step);
  const double largest = std::max(std::abs(low), std::abs(high));
  std::vector<Tick> ticks;
  for (double i = first(step); i <= last(step); ++i) {
    const double value = i == 0 ? 0 : i * step;  // never -0
    ticks.push_back({value, tick_text(value, step, largest)});
  }
  return ticks;
}

// Of every so many powers of ten inside [low, high] the multiples `factors`.
inline std::vector<Tick> power_ticks(double low, double high, int every, const std::vector<double>& factors) {
  std::vector<Tick> ticks;
  for (double power = std::floor(std::log10(low)); power <= std::log10(high) + 1; ++power) {
    if (std::fmod(power, every) != 0) continue;
    for (const double factor : factors) {
      const double value = factor * std::pow(10, power);
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) ticks.push_back({value, fmt::format("{:g}", value)});
    }
  }
  return ticks;
}

// Three to seven for a logarithmic axis; low must be positive.
inline std::vector<Tick> log_ticks(double low, double high) {
  if (!(high > low)) return {{low, fmt::format("{:.4g}", low)}};
  const auto fit = [](const std::vector<Tick>& ticks) { return ticks.size() >= 3 && ticks.size() <= 7; };
  for (const std::vector<double>& factors : {std::vector<double>{1}, {1, 2, 5}, {1, 3}})
    if (auto ticks = power_ticks(low, high, 1, factors); fit(ticks)) return ticks;
  for (int every = 2; high / low > 1e5; ++every)
    if (auto ticks = power_ticks(low, high, every, {1}); ticks.size() <= 7) return ticks;
  return linear_ticks(low, high);
}

}  // namespace fovea::examples
