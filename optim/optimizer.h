// Optimizer: the base of every update rule. It holds the parameters, and per parameter what the rule remembers.
//
//   Adam adam(parameters(model), {.lr = 1e-3});
//   Adam adam({{weights, {.weight_decay = 0.01}}, {biases, {}}});      // groups with options of their own
//   ...
//   adam.zero_grad();
//   loss.backward();
//   adam.step();
//
// One step changes each parameter that has a gradient, in place and in one pass over its elements; a parameter without
// one is skipped and its step count stands still. In ReferenceMode the rule runs as the plain formula in ops.
// What is remembered has the parameter's shape and type, starts at zero and is saved as "<parameter number>.<symbol>",
// parameters numbered over all groups in order; options are saved with it, and loading brings the saved options back.
// Errors: ValueError for options out of range, no parameters, or a parameter given twice; AutogradError for a parameter
// that is not a leaf requiring gradients; ShapeError for one that is not contiguous; FileError from load_state.
// Neither copied nor moved: schedules refer to it.
#pragma once

#include <fovea/optim/saved_state.h>

#include <array>
#include <limits>
#include <span>

namespace fovea {

template <class Options>
struct ParameterGroup {
  std::vector<Tensor> parameters;
  Options options = {};
};

class Optimizer : public Saveable {
 public:
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  void step();
  // Drops every gradient.
  void zero_grad();

  std::vector<Tensor> parameters() const;
  virtual size_t group_count() const = 0;
  virtual double lr(size_t group = 0) const = 0;
  virtual void set_lr(double lr, size_t group = 0) = 0;

  SavedState saved_state() const override;

 protected:
  // Names of what a rule remembers per parameter; empty: unused.
  using Symbols = std::array<std::string_view, 3>;
  struct Entry {
    Tensor parameter;
    size_t group = 0;
    int64_t step = 0;  // updates so far; while update runs, counting this one
    std::array<Tensor, 3> memory;
    // Address of memory i, null if unused.
    void* at(size_t i) const { return memory[i].defined() ? memory[i].raw() : nullptr; }
  };

  explicit Optimizer(std::string_view kind) : kind_(kind) {}
  void add_group(const std::vector<Tensor>& parameters, const Symbols& symbols);
  // `symbols` per group, after the saved options.
  std::function<void()> prepare_entries(const SavedState& saved, const std::vector<Symbols>& symbols);
  std::string_view kind() const { return kind_; }
  [[noreturn]] void throw_group(size_t group) const;

  // Updates entry.parameter by its contiguous gradient.
  virtual void update(Entry& entry, const Tensor& gradient) = 0;
  virtual void write_options(Metadata& into) const = 0;

 private:
  Entry entry_for(const Tensor& parameter, const Symbols& symbols) const;
  std::string_view kind_;
  std::vector<Entry> entries_;
  std::vector<Symbols> symbols_;  // per group
};

namespace detail {
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
}
// ValueError "what: name is value; need ..." unless low <= value < high.
void require_range(std::string_view what, std::string_view name, double value, double low, double high);

// An optimiser whose groups have options of one type. Options has the numbers (lr among them), and
//   void fields(Fields&);             lists them
//   void check() const;               ValueError if one is out of range
//   std::array<std::string_view, 3> symbols() const;   what is remembered under these options
template <class Options>
class OptimizerWith : public Optimizer {
 public:
  using Groups = std::vector<ParameterGroup<Options>>;

  size_t group_count() const override { return options_.size(); }
  const Options& options(size_t group = 0) const {
    if (group >= options_.size()) throw_group(group);
    return options_[group];
  }
  double lr(size_t group = 0) const override { return options(group).lr; }
  void set_lr(double lr, size_t group = 0) override {
    Options changed = options(group);
    changed.lr = lr;
    changed.check();
    options_[group] = changed;
  }

  std::function<void()> prepare_load(const SavedState& saved) override {
    require_text(saved.metadata, "kind", kind());
    require_text(saved.metadata, "groups", std::to_string(group_count()));
    std::vector<Options> loaded;
    std::vector<Symbols> symbols;
    for (size_t i = 0; i < group_count(); ++i) {
      loaded.push_back(read_fields<Options>(saved.metadata, std::to_string(i)));
      loaded.back().check();
      symbols.push_back(loaded.back().symbols());
    }
    return [this, loaded = std::move(loaded), entries = prepare_entries(saved, symbols)]() mutable {
      options_.swap(loaded);
      entries();
    };
  }

 protected:
  OptimizerWith(std::string_view kind, const Groups& groups) : Optimizer(kind) {
    if (groups.empty()) throw ValueError(std::string(kind) + ": no groups of parameters; give it parameters(module)");
    for (const auto& group : groups) {
      group.options.check();
      add_group(group.parameters, group.options.symbols());
      options_.push_back(group.options);
    }
  }
  void write_options(Metadata& into) const override {
    for (size_t i = 0; i < options_.size(); ++i) write_fields(into, std::to_string(i), options_[i]);
  }

 private:
  std::vector<Options> options_;
};

}  // namespace fovea
