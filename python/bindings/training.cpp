// The training loop of optim/training: steps and validation are Python functions.
#include <fovea/optim/learning_rate_finder.h>
#include <fovea/optim/training/trainer.h>

#include <memory>

#include "module.h"

namespace fovea::python {
namespace {

const char* name_of(Trainer::Ended ended) {
  return ended == Trainer::Ended::steps ? "steps" : ended == Trainer::Ended::early_stop ? "early_stop" : "interrupted";
}

// Ctrl-C ends a loop that C++ runs: Python's handler has only left a note.
void check_interrupt() {
  if (PyErr_CheckSignals() != 0) nb::raise_python_error();
}

// step() gives the loss, or (loss, the figures of this step).
StepOutput output_of(const nb::object& y) {
  if (nb::isinstance<Tensor>(y)) return StepOutput(nb::cast<Tensor>(y));
  const auto pair = nb::cast<nb::tuple>(y);
  return {nb::cast<Tensor>(nb::object(pair[0])), nb::cast<std::vector<double>>(nb::object(pair[1]))};
}

}  // namespace

void bind_training(nb::module_& m) {
  nb::class_<Trainer> c(m, "Trainer", about("optim/training/trainer.h"));
  c.def(
      "__init__",
      [](Trainer* self, Module& model, Optimizer& optimizer, int64_t steps, double clip,
         std::vector<std::string> figures, int64_t log_every, int64_t validate_every, int64_t early_stop,
         double good_score, double save_every, std::optional<std::string> folder) {
        new (self) Trainer(model, optimizer,
                           {.steps = steps,
                            .clip = clip,
                            .figures = std::move(figures),
                            .log_every = log_every,
                            .validate_every = validate_every,
                            .early_stop = early_stop,
                            .good_score = good_score,
                            .save_every = save_every,
                            .stop_on_interrupt = false});
        if (folder) self->folder(RunFolder::open(*folder));
      },
      "model"_a, "optimizer"_a, "steps"_a = 1000, "clip"_a = std::numeric_limits<double>::infinity(),
      "figures"_a = std::vector<std::string>{}, "log_every"_a = 20, "validate_every"_a = 500, "early_stop"_a = 0,
      "good_score"_a = 0, "save_every"_a = 30, "folder"_a = none(), nb::keep_alive<1, 2>(), nb::keep_alive<1, 3>());
  c.def(
      "schedule", [](const nb::object& self, Schedule& s) { return nb::cast<Trainer&>(self).schedule(s), self; },
      "schedule"_a, nb::keep_alive<1, 2>(), "A step an update.");
  c.def(
      "average",
      [](const nb::object& self, Module& averaged, WeightAverage& average) {
        return nb::cast<Trainer&>(self).average(averaged, average), self;
      },
      "averaged"_a, "average"_a, nb::keep_alive<1, 2>(), nb::keep_alive<1, 3>(),
      "It is validated and kept in place of the model.");
  c.def(
      "keep",
      [](const nb::object& self, Generator& g, std::string_view name) {
        return nb::cast<Trainer&>(self).state()(name, g), self;
      },
      "generator"_a, "name"_a, nb::keep_alive<1, 2>(), "A generator that checkpoints hold, to resume with.");
  c.def(
      "run",
      [](Trainer& self, const nb::object& step, const nb::object& validate) {
        const Trainer::Step one = [&] {
          check_interrupt();
          return output_of(step());
        };
        Trainer::Validate score;
        if (!validate.is_none()) score = [&] { return nb::cast<double>(nb::float_(validate())); };
        return name_of(self.run(one, score));
      },
      "step"_a, "validate"_a = none(),
      "step() -> loss, or (loss, figures); validate() -> a score, less is better. \"steps\" or \"early_stop\".");
  c.def("stop", &Trainer::stop, "From inside a step: the end after it.");
  c.def_prop_ro("step", &Trainer::step, "Steps made so far.");
  c.def_prop_ro("best_step", &Trainer::best_step, "Of the best score.");
  c.def_prop_ro("seconds", &Trainer::seconds, "Of training.");

  nb::class_<RateTest>(m, "RateTest", "What find_learning_rate found.")
      .def_ro("suggested", &RateTest::suggested, "A tenth of the rate of the least loss.")
      .def_prop_ro(
          "trials",
          [](const RateTest& self) {
            nb::list all;
            for (const auto& [rate, loss, smoothed] : self.trials) all.append(nb::make_tuple(rate, loss, smoothed));
            return all;
          },
          "A tuple (rate, loss, smoothed loss) a step.");
  m.def(
      "find_learning_rate",
      [](Module& model, Optimizer& optimizer, const nb::callable& loss, double low, double high, int64_t steps,
         double smoothing, double stop) {
        const auto one = [&] {
          check_interrupt();
          return nb::cast<Tensor>(nb::object(loss()));
        };
        return find_learning_rate(model, optimizer, one, {low, high, steps, smoothing, stop});
      },
      "model"_a, "optimizer"_a, "loss"_a, "low"_a = 1e-6, "high"_a = 1, "steps"_a = 100, "smoothing"_a = 0.9,
      "stop"_a = 4, about("optim/learning_rate_finder.h"));
}

}  // namespace fovea::python
