// Optimisers, schedules, clipping, averages, what training saves.
#include <fovea/optim/adam.h>
#include <fovea/optim/by_name.h>
#include <fovea/optim/clip.h>
#include <fovea/optim/rmsprop.h>
#include <fovea/optim/schedule.h>
#include <fovea/optim/sgd.h>
#include <fovea/optim/training_state.h>
#include <fovea/optim/weight_average.h>
#include <nanobind/stl/map.h>

#include <algorithm>

#include "module.h"

namespace fovea::python {
namespace {

// Parameters as Python gives them: a module, or tensors.
std::vector<Tensor> trained(const nb::object& of) {
  if (nb::isinstance<Module>(of)) return parameters(nb::cast<const Module&>(of));
  std::vector<Tensor> list;
  for (const nb::handle item : of) list.push_back(expected<Tensor>(item, "a parameter", "fovea.Tensor"));
  return list;
}

// The numbers of an options struct from keyword arguments, by the names that its `fields` lists.
class FromKeywords final : public Fields {
 public:
  explicit FromKeywords(const nb::dict& given) : given_(given) {}
  Fields& operator()(std::string_view name, double& value) override { return take(name, value); }
  Fields& operator()(std::string_view name, int64_t& value) override { return take(name, value); }
  Fields& operator()(std::string_view name, bool& value) override { return take(name, value); }
  void require_all_taken() const {
    for (const auto& [key, value] : given_) {
      const auto name = nb::cast<std::string>(key);
      if (name == "parameters" || std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
      std::string text = "no option is called " + name + "; there are";
      for (const std::string& each : known_) text.append(" ").append(each);
      throw nb::type_error(text.c_str());
    }
  }

 private:
  template <class Number>
  Fields& take(std::string_view name, Number& value) {
    known_.emplace_back(name);
    const nb::str key(name.data(), name.size());
    if (given_.contains(key)) value = nb::cast<Number>(nb::handle(given_[key]));
    return *this;
  }
  const nb::dict& given_;
  std::vector<std::string> known_;
};

template <class Options>
Options options_from(const nb::dict& given, Options options = {}) {
  FromKeywords fields(given);
  options.fields(fields);
  fields.require_all_taken();
  return options;
}

SavedState saved_from(const nb::tuple& pair) {
  SavedState saved;
  saved.tensors = named_of("load_state", nb::cast<nb::dict>(pair[0]));
  saved.metadata = nb::cast<Metadata>(pair[1]);
  return saved;
}

void bind_saveable(nb::module_& m) {
  nb::class_<Saveable>(m, "Saveable", "What a training state is made of: optimisers, schedules, averages.")
      .def(
          "state",
          [](const Saveable& self) {
            const SavedState saved = self.saved_state();
            nb::dict tensors;
            for (const auto& [name, x] : saved.tensors) tensors[name.c_str()] = x;
            return nb::make_tuple(tensors, saved.metadata);
          },
          "(tensors by name, texts by name): copies.")
      .def(
          "load_state", [](Saveable& self, const nb::tuple& pair) { self.load_state(saved_from(pair)); }, "state"_a);
}

// An optimiser of parameters, or of groups: dicts with "parameters" and options of their own.
template <class O, class Options>
void bind_rule(nb::module_& m, const char* name, const char* header) {
  nb::class_<O, Optimizer>(m, name, about(header))
      .def(
          "__init__",
          [](O* self, const nb::object& of, const nb::kwargs& given) {
            const auto shared = options_from<Options>(given);
            typename OptimizerWith<Options>::Groups groups;
            if (PyList_Check(of.ptr()) && nb::len(of) > 0 && PyDict_Check(nb::object(of[0]).ptr())) {
              for (const nb::handle item : of) {
                const auto group = nb::borrow<nb::dict>(item);
                groups.push_back({trained(nb::object(group["parameters"])), options_from<Options>(group, shared)});
              }
            } else {
              groups.push_back({trained(of), shared});
            }
            new (self) O(groups);
          },
          "parameters"_a, "options"_a);
}

void bind_optimizers(nb::module_& m) {
  nb::class_<Optimizer, Saveable>(m, "Optimizer", about("optim/optimizer.h"))
      .def(
          "step",
          [](Optimizer& self) {
            const nb::gil_scoped_release others;
            self.step();
          },
          "One update of every parameter that has a gradient.")
      .def("zero_grad", &Optimizer::zero_grad, "Drops every gradient.")
      .def("parameters", &Optimizer::parameters)
      .def("group_count", &Optimizer::group_count)
      .def("get_lr", &Optimizer::lr, "group"_a = 0)
      .def("set_lr", &Optimizer::set_lr, "lr"_a, "group"_a = 0)
      .def_prop_rw(
          "lr", [](const Optimizer& self) { return self.lr(); },
          [](Optimizer& self, double lr) {
            for (size_t i = 0; i < self.group_count(); ++i) self.set_lr(lr, i);
          },
          "The learning rate of the first group; setting it sets all.");
  bind_rule<SGD, SGDOptions>(m, "SGD", "optim/sgd.h");
  bind_rule<Adam, AdamOptions>(m, "Adam", "optim/adam.h");
  bind_rule<AdamW, AdamWOptions>(m, "AdamW", "optim/adam.h");
  bind_rule<RMSprop, RMSpropOptions>(m, "RMSprop", "optim/rmsprop.h");
  bind_rule<GravesRMSprop, GravesRMSpropOptions>(m, "GravesRMSprop", "optim/rmsprop.h");
  m.def(
      "clip_grad_norm_",
      [](const nb::object& of, double max_norm) {
        return clip_grad_norm_(std::span<const Tensor>(trained(of)), max_norm);
      },
      "parameters"_a, "max_norm"_a, "Scales the gradients to a norm of at most max_norm; returns what it was.");
  m.def(
      "clip_grad_value_",
      [](const nb::object& of, double limit) { clip_grad_value_(std::span<const Tensor>(trained(of)), limit); },
      "parameters"_a, "limit"_a, "Cuts each element of the gradients at +-limit.");
}

template <class Options>
void bind_schedule(nb::module_& m, const char* name) {
  using S = ScheduleWith<Options>;
  nb::class_<S, Schedule>(m, name, about("optim/schedule.h"))
      .def(
          "__init__",
          [](S* self, Optimizer& optimizer, const nb::kwargs& given) {
            new (self) S(optimizer, options_from<Options>(given));
          },
          "optimizer"_a, "options"_a, nb::keep_alive<1, 2>());
}

void bind_schedules(nb::module_& m) {
  nb::class_<Schedule, Saveable>(m, "Schedule", about("optim/schedule.h"))
      .def("step", &Schedule::step, "One more update is done.")
      .def_prop_ro("steps", &Schedule::steps);
  bind_schedule<StepDecayOptions>(m, "StepDecay");
  bind_schedule<ExponentialDecayOptions>(m, "ExponentialDecay");
  bind_schedule<CosineOptions>(m, "Cosine");
  bind_schedule<LinearWarmupOptions>(m, "LinearWarmup");
  bind_schedule<NoamOptions>(m, "Noam");
  nb::class_<Plateau, Saveable>(m, "Plateau", about("optim/schedule.h"))
      .def(
          "__init__",
          [](Plateau* self, Optimizer& optimizer, const nb::kwargs& given) {
            new (self) Plateau(optimizer, options_from<PlateauOptions>(given));
          },
          "optimizer"_a, "options"_a, nb::keep_alive<1, 2>())
      .def("step", &Plateau::step, "watched"_a, "One check; whether it reduced the rates.");
}

}  // namespace

void bind_optim(nb::module_& m) {
  bind_saveable(m);
  bind_optimizers(m);
  bind_schedules(m);
  nb::class_<WeightAverage, Saveable>(m, "WeightAverage", about("optim/weight_average.h"))
      .def(nb::init<const Module&, Module&, double>(), "source"_a, "average"_a, "decay"_a, nb::keep_alive<1, 2>(),
           nb::keep_alive<1, 3>())
      .def("update", &WeightAverage::update, "After each step of training.")
      .def("restart", &WeightAverage::restart, "From the source's weights as they are.");
  nb::class_<TrainingState>(m, "TrainingState", about("optim/training_state.h"))
      .def(nb::init<>())
      .def(
          "add", [](TrainingState& self, std::string_view name, Module& part) { self(name, part); }, "name"_a, "part"_a,
          nb::keep_alive<1, 3>())
      .def(
          "add", [](TrainingState& self, std::string_view name, Saveable& part) { self(name, part); }, "name"_a,
          "part"_a, nb::keep_alive<1, 3>())
      .def(
          "add", [](TrainingState& self, std::string_view name, Generator& part) { self(name, part); }, "name"_a,
          "part"_a, nb::keep_alive<1, 3>())
      .def_rw("notes", &TrainingState::notes, "Whatever else belongs to the run, texts by name.")
      .def(
          "save", [](const TrainingState& self, const Path& path) { self.save(path.string()); }, "path"_a)
      .def(
          "load", [](TrainingState& self, const Path& path) { self.load(path.string()); }, "path"_a);
}

}  // namespace fovea::python
