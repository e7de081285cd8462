// The classes of inputs that every op is tested on. A sample is of a class by its shapes and values, and by what the
// generic test (op_specs.cpp) makes of it: the same elements transposed, sliced with an offset, with stride 0, one
// tensor for two inputs of one shape, values that are 32 times as large. A class that an op cannot take is an invalid
// call of that name, so that the refusal is tested too.
#pragma once

#include <fovea/autograd/op_spec.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace fovea::test {

// As the generic test makes them of a sample of up to this many elements, which gradcheck covers wholly.
inline constexpr double kFarther = 32;
inline constexpr int64_t kFewElements = 200;

inline std::vector<Tensor> differentiable_inputs(const OpSample& sample) {
  std::vector<Tensor> found;
  for (const Tensor& x : sample.inputs)
    if (x.dtype() == f64) found.push_back(x);
  return found;
}

inline int64_t elements(const OpSample& sample) {
  int64_t total = 0;
  for (const Tensor& x : differentiable_inputs(sample)) total += x.numel();
  return total;
}

// Pairs of inputs that could be two operands: numbers and masks, but no ids.
using PairRule = bool (*)(const Tensor& a, const Tensor& b);
inline bool any_pair(const OpSample& sample, PairRule rule) {
  const auto operand = [](const Tensor& x) { return x.dtype() != i64; };
  for (const Tensor& a : sample.inputs)
    for (const Tensor& b : sample.inputs)
      if (&a != &b && operand(a) && operand(b) && rule(a, b)) return true;
  return false;
}

inline bool any_input(const OpSample& sample, const std::function<bool(const Tensor&)>& rule) {
  const std::vector<Tensor> inputs = differentiable_inputs(sample);
  return std::any_of(inputs.begin(), inputs.end(), rule);
}

inline int64_t sizes_above_1(const Tensor& x) {
  return std::count_if(x.shape().begin(), x.shape().end(), [](int64_t size) { return size > 1; });
}

// b's row repeats over a's, or its column.
inline bool row_broadcast(const Tensor& a, const Tensor& b) {
  return a.dim() > 1 && b.dim() > 0 && b.numel() > 1 && b.numel() < a.numel() && b.shape().back() == a.shape().back();
}
inline bool column_broadcast(const Tensor& a, const Tensor& b) {
  return a.dim() > 1 && b.dim() == a.dim() && b.numel() > 1 && b.shape().back() == 1 && a.shape().back() > 1;
}
inline bool alike(const Tensor& a, const Tensor& b) {
  return a.dtype() == f64 && b.dtype() == f64 && a.shape() == b.shape() && a.numel() > 0;
}

struct InputClass {
  std::string name;
  std::function<bool(const OpSample&)> has;
};

inline std::vector<InputClass> input_classes() {
  const auto of_rank = [](int low, int high) {
    return [=](const OpSample& sample) {
      return any_input(sample, [=](const Tensor& x) { return x.dim() >= low && x.dim() <= high; });
    };
  };
  const auto where = [](bool (*rule)(const Tensor&)) {
    return [rule](const OpSample& sample) { return any_input(sample, rule); };
  };
  const auto pair = [](PairRule rule) { return [rule](const OpSample& sample) { return any_pair(sample, rule); }; };
  return {
      {"scalar", of_rank(0, 0)},
      {"1-D", of_rank(1, 1)},
      {"4-D", of_rank(4, kMaxRank)},
      {"size-1 dimension", where([](const Tensor& x) { return x.dim() > sizes_above_1(x) && x.numel() > 0; })},
      {"row broadcast", pair(row_broadcast)},
      {"column broadcast", pair(column_broadcast)},
      {"no elements",
       [](const OpSample& sample) {
         return std::any_of(sample.inputs.begin(), sample.inputs.end(), [](const Tensor& x) { return x.numel() == 0; });
       }},
      {"transposed", where([](const Tensor& x) { return sizes_above_1(x) > 1; })},
      {"sliced with an offset", where([](const Tensor& x) { return x.dim() > 0 && x.numel() > 0; })},
      {"stride 0", where([](const Tensor& x) { return sizes_above_1(x) > 0; })},
      {"same tensor twice", pair(alike)},
      {"extreme values",
       [](const OpSample& sample) { return elements(sample) > 0 && elements(sample) <= kFewElements; }},
  };
}

// The classes that the samples leave out though the op could take them, separated by commas.
inline std::string missing_classes(const OpSpec& spec, const std::vector<OpSample>& samples) {
  const auto some = [&](const auto& rule) { return std::any_of(samples.begin(), samples.end(), rule); };
  const bool operands = some([](const OpSample& s) { return any_pair(s, [](auto&, auto&) { return true; }); });
  const bool differentiable = some([](const OpSample& s) { return differentiable_inputs(s).size() > 1; });
  std::string missing;
  for (const InputClass& kind : input_classes()) {
    const bool refused = std::any_of(spec.invalid.begin(), spec.invalid.end(),
                                     [&](const InvalidCall& call) { return call.label == kind.name; });
    const bool of_one =
        (!operands && kind.name.ends_with("broadcast")) || (!differentiable && kind.name == "same tensor twice");
    if (!refused && !of_one && !some(kind.has)) missing += (missing.empty() ? "" : ", ") + kind.name;
  }
  return missing;
}

}  // namespace fovea::test
