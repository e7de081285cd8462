#include "examples/playground/playground.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/autograd/backward.h>
#include <fovea/layers/attention/registry.h>
#include <fovea/optim/adam.h>
#include <fovea/optim/clip.h>

#include <cmath>
#include <limits>
#include <optional>

#include "examples/playground/learner.h"

namespace fovea::examples {
namespace {

constexpr double kMaxNorm = 1;  // of the gradient

class Session {
 public:
  explicit Session(const PlaygroundSettings& settings) : settings_(settings) {
    settings_.check();
    Generator initial = root_.fork(1);
    learner_ =
        settings_.is_machine() ? make_machine_learner(settings_, initial) : make_sequence_learner(settings_, initial);
    adam_.emplace(parameters(learner_->model()), AdamOptions{.lr = settings_.learning_rate});
  }

  void change(const PlaygroundSettings& settings) {
    settings_ = settings;
    adam_->set_lr(settings.learning_rate);
  }
  const PlaygroundSettings& settings() const { return settings_; }

  double step() {
    learner_->model().train();
    adam_->zero_grad();
    const LearnerLoss loss = learner_->loss(settings_, data_);
    loss.minimised.backward();
    clip_grad_norm_(adam_->parameters(), kMaxNorm);
    adam_->step();
    ++steps_;
    return loss.shown;
  }
  LearnerAccuracy accuracy(int64_t count) const {
    learner_->model().eval();
    return learner_->accuracy(settings_, count, root_.fork(3));
  }
  std::vector<Heatmap> look() const {
    learner_->model().eval();
    return learner_->look(settings_, root_.fork(4));
  }
  int64_t steps() const { return steps_; }
  int64_t parameter_count() const {
    int64_t count = 0;
    for (const Tensor& each : adam_->parameters()) count += each.numel();
    return count;
  }

 private:
  PlaygroundSettings settings_;
  Generator root_{static_cast<uint64_t>(settings_.seed)}, data_ = root_.fork(2);
  std::unique_ptr<Learner> learner_;
  std::optional<Adam> adam_;
  int64_t steps_ = 0;
};

struct Playground {
  PlaygroundSettings wanted{};
  std::optional<Session> session{};
  double part_percent = 0;
  std::string text{}, error{};

  Session& running() {
    if (!session) throw ValueError("there is no model yet; need playground_start()");
    return *session;
  }
};

Playground& state() {
  static Playground the_state;
  return the_state;
}

// What `call` gives; `failed`, and the reason kept, if it throws.
template <class Result, class Call>
Result guarded(Result failed, Call call) {
  try {
    return call(state());
  } catch (const std::exception& error) {
    state().error = error.what();
    return failed;
  }
}

std::string quoted(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += fmt::format("{}\"{}\"", text.empty() ? "" : ",", name);
  return "[" + text + "]";
}

// Texts are letters, numbers and names of this program: nothing in them is escaped.
std::string json_of(const Heatmap& panel) {
  std::string wrong, values;
  for (const bool each : panel.wrong_rows) wrong += fmt::format("{}{:d}", wrong.empty() ? "" : ",", each);
  for (const float each : panel.grid.values) {
    if (!values.empty()) values += ',';
    values += std::isfinite(each) ? fmt::format("{:.4g}", each) : "null";
  }
  return fmt::format(
      "{{\"title\":\"{}\",\"note\":\"{}\",\"row_title\":\"{}\",\"column_title\":\"{}\",\"rows\":{},\"columns\":{},"
      "\"row_labels\":{},\"column_labels\":{},\"wrong\":[{}],\"values\":[{}]}}",
      panel.title, panel.note, panel.row_title, panel.column_title, panel.grid.rows, panel.grid.cols,
      quoted(panel.row_labels), quoted(panel.column_labels), wrong, values);
}

std::string names_as_json() {
  std::string models;
  for (const std::string& name : playground_models())
    models += fmt::format("{}\"{}\":{}", models.empty() ? "" : ",", name, quoted(playground_tasks(name)));
  return fmt::format("{{\"tasks\":{{{}}},\"scores\":{},\"aligns\":{}}}", models, quoted(score_names()),
                     quoted(align_names()));
}

}  // namespace
}  // namespace fovea::examples

using namespace fovea::examples;

extern "C" {

const char* playground_names() {
  return guarded<const char*>(nullptr, [](Playground& s) {
    s.text = names_as_json();
    return s.text.c_str();
  });
}

int playground_set(const char* name, const char* value) {
  return guarded(0, [&](Playground& s) {
    s.wanted.set(name, value);
    if (!s.session || !s.session->settings().can_change(name)) return 2;
    PlaygroundSettings changed = s.session->settings();
    changed.set(name, value);
    changed.check();
    s.session->change(changed);
    return 1;
  });
}

int playground_start() {
  return guarded(0, [](Playground& s) {
    s.session.reset();
    s.session.emplace(s.wanted);
    return 1;
  });
}

double playground_step() {
  return guarded(std::nan(""), [](Playground& s) { return s.running().step(); });
}
double playground_steps_done() {
  return guarded(-1.0, [](Playground& s) { return static_cast<double>(s.running().steps()); });
}
double playground_parameters() {
  return guarded(-1.0, [](Playground& s) { return static_cast<double>(s.running().parameter_count()); });
}

double playground_accuracy(int count) {
  return guarded(-1.0, [&](Playground& s) {
    const LearnerAccuracy found = s.running().accuracy(count);
    s.part_percent = found.part_percent;
    return found.whole_percent;
  });
}
double playground_part_accuracy() { return state().part_percent; }

const char* playground_look() {
  return guarded<const char*>(nullptr, [](Playground& s) {
    std::string panels;
    for (const Heatmap& panel : s.running().look()) panels += (panels.empty() ? "" : ",") + json_of(panel);
    s.text = "[" + panels + "]";
    return s.text.c_str();
  });
}

const char* playground_error() { return state().error.c_str(); }
}
