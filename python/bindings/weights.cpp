// What attentions attend to, by name, and what changes it from outside: the context managers of fovea/weights.py.
#include <fovea/layers/attention/weights.h>

#include <memory>

#include "module.h"

namespace fovea::python {
namespace {

nb::dict by_name(const std::vector<WeightCollector::Named>& list) {
  nb::dict named;
  for (const auto& [name, calls] : list) named[name.c_str()] = calls;
  return named;
}

// Collectors nest: the one that was opened last is closed first.
class OpenCollector {
 public:
  explicit OpenCollector(bool all) : held_(std::make_unique<WeightCollector>(all ? Collect::all : Collect::weights)) {}
  nb::tuple take() const {
    return nb::make_tuple(by_name(held_->weights()), by_name(held_->scores()), by_name(held_->traces()));
  }
  Tensor over_time(std::string_view name) const { return held_->over_time(name); }
  void close() { held_.reset(); }

 private:
  std::unique_ptr<WeightCollector> held_;
};

AttentionHooks::Change change_by(const nb::object& f) {
  if (f.is_none()) return {};
  return [f](const std::string& path, const Tensor& x) {
    const nb::gil_scoped_acquire gil;
    return nb::cast<Tensor>(f(path, x));
  };
}

class OpenHooks {
 public:
  OpenHooks(const nb::object& scores, const nb::object& weights)
      : held_(std::make_unique<AttentionHooks>(AttentionHooks::Changes{change_by(scores), change_by(weights)})) {}
  void close() { held_.reset(); }

 private:
  std::unique_ptr<AttentionHooks> held_;
};

}  // namespace

void bind_weights(nb::module_& m) {
  nb::class_<OpenCollector>(m, "_Collector")
      .def(nb::init<bool>(), "all"_a)
      .def("take", &OpenCollector::take)
      .def("over_time", &OpenCollector::over_time, "name"_a)
      .def("close", &OpenCollector::close);
  nb::class_<OpenHooks>(m, "_Hooks")
      .def(nb::init<const nb::object&, const nb::object&>(), nb::arg("scores").none(), nb::arg("weights").none())
      .def("close", &OpenHooks::close);
}

}  // namespace fovea::python
