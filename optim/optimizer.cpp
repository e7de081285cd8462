#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <fovea/optim/optimizer.h>

#include <algorithm>
#include <functional>
#include <unordered_set>

namespace fovea {
namespace {

void require_trainable(std::string_view kind, size_t number, const Tensor& parameter) {
  const auto fault = [&](std::string_view rule) {
    return fmt::format("{}: parameter {} is {}; {}", kind, number, describe(parameter), rule);
  };
  if (!parameter.defined()) throw AutogradError(fault("leave out absent parameters, as parameters(module) does"));
  if (!parameter.requires_grad() || !parameter.is_leaf())
    throw AutogradError(fault("need a leaf that requires gradients: call requires_grad_() on it"));
  if (!parameter.is_contiguous()) throw ShapeError(fault("need contiguous elements: make it from clone(x)"));
}

// What a parameter is in memory, and which it is.
struct Range {
  const std::byte *begin, *end;
  size_t number;
};

// Elements of two parameters would be updated twice in a step.
void require_apart(std::string_view kind, const std::vector<Tensor>& parameters) {
  std::vector<Range> ranges;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const auto* begin = static_cast<const std::byte*>(parameters[i].raw());
    const int64_t bytes = parameters[i].numel() * item_size(parameters[i].dtype());
    if (bytes > 0) ranges.push_back({begin, begin + bytes, i});
  }
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return std::less()(a.begin, b.begin); });
  for (size_t i = 1; i < ranges.size(); ++i) {
    const Range &before = ranges[i - 1], &after = ranges[i];
    if (after.begin >= before.end) continue;
    const auto [first, second] = std::minmax(before.number, after.number);
    throw ValueError(fmt::format(
        "{}: parameters {}, {}, and {}, {}, share elements, which would be updated twice in a step; give it the whole "
        "they are parts of, or clone() one",
        kind, first, describe(parameters[first]), second, describe(parameters[second])));
  }
}

}  // namespace

void require_range(std::string_view what, std::string_view name, double value, double low, double high) {
  if (value >= low && value < high) return;
  throw ValueError(fmt::format("{}: {} is {}; need {} <= {} < {}", what, name, value, low, name, high));
}

Optimizer::Entry Optimizer::entry_for(const Tensor& parameter, const Symbols& symbols) const {
  Entry entry;
  entry.parameter = parameter;
  entry.group = symbols_.size();
  for (size_t i = 0; i < symbols.size(); ++i)
    if (!symbols[i].empty()) entry.memory[i] = zeros(parameter.shape(), parameter.dtype());
  return entry;
}

void Optimizer::add_group(const std::vector<Tensor>& parameters, const Symbols& symbols) {
  if (parameters.empty())
    throw ValueError(fmt::format("{}: group {} has no parameters; give it parameters(module)", kind_, symbols_.size()));
  std::unordered_set<const detail::TensorImpl*> known;
  for (const Entry& entry : entries_) known.insert(entry.parameter.impl());
  std::vector<Tensor> all = this->parameters();
  for (const Tensor& parameter : parameters) {
    require_trainable(kind_, all.size(), parameter);
    if (!known.insert(parameter.impl()).second)
      throw ValueError(fmt::format("{}: parameter {}, {}, was given before; it would be updated twice in a step", kind_,
                                   all.size(), describe(parameter)));
    all.push_back(parameter);
  }
  require_apart(kind_, all);
  for (const Tensor& parameter : parameters) entries_.push_back(entry_for(parameter, symbols));
  symbols_.push_back(symbols);
}

void Optimizer::throw_group(size_t group) const {
  throw IndexError(fmt::format("{}: group {} is outside [0, {})", kind_, group, group_count()));
}

void Optimizer::step() {
  // First what may fail: from here on nothing allocates, so that a step is taken whole or not at all.
  for (Entry& entry : entries_) {
    const Tensor gradient = entry.parameter.grad();
    if (gradient.defined() && !gradient.is_contiguous()) entry.parameter.set_grad(array::clone(gradient));
  }
  const NoGrad guard;
  for (Entry& entry : entries_) {
    const Tensor gradient = entry.parameter.grad();
    if (!gradient.defined()) continue;
    ++entry.step;
    update(entry, gradient);
    entry.parameter.bump_version("optimizer step");
  }
}

void Optimizer::zero_grad() {
  for (Entry& entry : entries_)
    if (entry.parameter.requires_grad()) entry.parameter.set_grad(Tensor());
}

std::vector<Tensor> Optimizer::parameters() const {
  std::vector<Tensor> all;
  all.reserve(entries_.size());
  for (const Entry& entry : entries_) all.push_back(entry.parameter);
  return all;
}

SavedState Optimizer::saved_state() const {
  SavedState saved;
  saved.metadata["kind"] = kind_;
  saved.metadata["groups"] = std::to_string(group_count());
  write_options(saved.metadata);
  std::vector<int64_t> steps;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    saved.metadata[fmt::format("group of {}", i)] = std::to_string(entry.group);
    steps.push_back(entry.step);
    for (size_t k = 0; k < entry.memory.size(); ++k)
      if (entry.memory[k].defined())
        saved.tensors.emplace_back(fmt::format("{}.{}", i, symbols_[entry.group][k]), array::clone(entry.memory[k]));
  }
  saved.tensors.emplace_back("steps", from(steps, {static_cast<int64_t>(steps.size())}));
  return saved;
}

std::function<void()> Optimizer::prepare_entries(const SavedState& saved, const std::vector<Symbols>& symbols) {
  NamedTensors wanted;
  for (size_t i = 0; i < entries_.size(); ++i) {
    require_text(saved.metadata, fmt::format("group of {}", i), std::to_string(entries_[i].group));
    for (const std::string_view symbol : symbols[entries_[i].group])
      if (!symbol.empty()) wanted.emplace_back(fmt::format("{}.{}", i, symbol), entries_[i].parameter.detach());
  }
  wanted.emplace_back("steps", empty({static_cast<int64_t>(entries_.size())}, i64));
  const std::vector<Tensor> found = matched(kind_, wanted, saved.tensors);

  std::vector<Entry> loaded = entries_;
  size_t next = 0;
  for (size_t i = 0; i < loaded.size(); ++i) {
    loaded[i].step = found.back().at<int64_t>({static_cast<int64_t>(i)});
    if (loaded[i].step < 0)
      throw FileError(fmt::format("{}: step {} of parameter {} is negative", kind_, loaded[i].step, i));
    for (size_t k = 0; k < loaded[i].memory.size(); ++k)
      loaded[i].memory[k] = symbols[loaded[i].group][k].empty() ? Tensor() : array::clone(found[next++]);
  }
  return [this, loaded = std::move(loaded), names = symbols]() mutable {
    entries_.swap(loaded);
    symbols_.swap(names);
  };
}

}  // namespace fovea
