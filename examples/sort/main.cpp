// sort: a network that answers with positions of its input learns to sort, to find convex hulls, and short tours.
//
//   sort --task sort|hull|tsp --model pointer|read-process-write --items 10 --glimpse --process-steps 5 ...
//
// Items that were chosen are masked, in training and afterwards (--allow-repeats: they are not).
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/common/program.h"
#include "examples/common/typed.h"
#include "examples/sort/evaluation.h"

namespace fovea::examples {
namespace {

struct Options : CommandLine {
  Options()
      : CommandLine({.name = "sort",
                     .description = "A pointer network learns to sort, to find convex hulls, and short tours. Defaults "
                                    "are those of the task; here those of sort.",
                     .tasks = {"sort", "hull", "tsp"}},
                    {.steps = 2000, .batch = 128, .learning_rate = 2e-3, .clip = 2}) {}
  std::string& model = choice("model", "model", {"pointer", "read-process-write"});
  int64_t& items = whole("items", "items of a set", 10, 1, 1000);
  int64_t& hidden = whole("hidden", "size of states, keys and scores", 64, 1, 4096);
  int64_t& process_steps =
      goes_with(whole("process-steps", "steps over the set", 5, 0, 1000), {{&model, {"read-process-write"}}});
  bool& glimpse = flag("glimpse", "attend once more before pointing");
  bool& allow_repeats = flag("allow-repeats", "let an item be chosen again");
  int64_t& beam = whole("beam", "width of the beam in the test", 1, 1, 1000);
  double& decay = real("decay", "what the rate is multiplied by now and then", 0.5, 0.01, 1);
  int64_t& decay_every = in_steps(whole("decay-every", "steps between that", 500, 1));
  double& average = real("average", "decay of the moving average of the weights, which is what is tested; 0: none",
                         0.99, 0, 0.999999);
  int64_t& test_size = may_change(whole("test-size", "fresh sets of the test", 2000, 1));

  void settle() override {
    const bool hull = task == "hull";
    if (task != "sort") {
      otherwise(items, 5);
      otherwise(steps, hull ? 20000 : 12000);
      otherwise(decay_every, hull ? 4000 : 2500);
      otherwise(hidden, hull ? 128 : 64);
      otherwise(beam, hull ? 1 : 4);
    }
    as_asked([&] { make_problem(task).check_items(items); });
  }
};

Box<PointerModel> make_model(const Options& o, const Problem& problem, Generator& generator) {
  if (o.model == "read-process-write")
    return ReadProcessWrite({.input_size = problem.inputs,
                             .hidden_size = o.hidden,
                             .process_steps = o.process_steps,
                             .stop = problem.stop,
                             .revisit = o.allow_repeats,
                             .glimpse = o.glimpse},
                            generator);
  return PointerNetwork({.input_size = problem.inputs,
                         .hidden_size = o.hidden,
                         .stop = problem.stop,
                         .revisit = o.allow_repeats,
                         .glimpse = o.glimpse},
                        generator);
}

class Sort final : public Program {
 public:
  explicit Sort(const Options& o)
      : Program(o, {.figure = "wrong %", .unit = "sets", .loss = "-log p of a position, nats", .smoothing = 0.6}),
        o_(o),
        problem_(make_problem(o.task)),
        model_(as_asked([&] { return make_model(o, problem_, initial); })),
        averaged_(make_model(o, problem_, default_generator())) {
    train_with(*model_);
    average_into(*averaged_, o.average);
    each_step<StepDecay>(StepDecayOptions{.every = o.decay_every, .gamma = o.decay});
  }

 private:
  StepOutput step() override {
    const Sets fresh = problem_.make(o_.batch, o_.items, data);
    const LogWeights pointed = (*model_)(fresh.points, fresh.answers);
    const Tensor counted = ge(fresh.answers, scalar(0, i64));
    const Tensor wrong = logical_and(ne(argmax(pointed.weights.detach(), -1), fresh.answers), counted);
    return {nll_loss(pointed.log_weights, fresh.answers),
            {100 * sum(to(wrong, f32)).item() / sum(to(counted, f32)).item()}};
  }

  double validate() override { return evaluate(*averaged_, problem_, {o_.items}, 1000, root.fork(3))->score(); }

  Metrics test() override {
    const auto judge = evaluate(*averaged_, problem_, {o_.items, o_.beam}, o_.test_size, root.fork(4));
    say("{} fresh sets of {} items, {}:", o_.test_size, o_.items,
        o_.beam == 1 ? "greedy" : fmt::format("beam of {}", o_.beam));
    Metrics metrics;
    for (const auto& [figure, value] : judge->figures()) {
      say("  {:<20} {:.4g}", figure, value);
      metrics.emplace_back(figure, value);
    }
    return metrics;
  }

  void draw() override {
    const PointerPictures shown = show(*averaged_, problem_, {o_.items, o_.beam}, root.fork(5), line.quiet);
    picture("attention.png", shown.attention);
    if (shown.answers) picture("answers.png", *shown.answers);
  }

  // Numbers, for hull and tsp x and y of each point; along the model's own answer.
  void look(Recorder& recorder, const std::string& text) override {
    const std::vector<double> numbers = typed_numbers(text);
    const auto items = static_cast<int64_t>(numbers.size()) / problem_.inputs;
    if (items * problem_.inputs != static_cast<int64_t>(numbers.size()))
      throw ValueError(fmt::format("--look: {} numbers; need x and y of each point", numbers.size()));
    problem_.check_items(items);
    const Tensor points = to(from(numbers, {1, items, problem_.inputs}), f32);
    const Decoded found = decode(*averaged_, points, {items, o_.beam});
    const int64_t named = found.lengths.item<int64_t>() + (problem_.stop ? 1 : 0);  // and the stop
    record_set(recorder, *averaged_, points, slice(found.ids, 1, 0, std::min(named, found.ids.size(1))));
  }
  void record(Recorder& recorder) override {
    Generator fresh = root.fork(5);
    const Sets sets = problem_.make(1, o_.items, fresh);
    const auto named = sum(to(ge(sets.answers, scalar(0, i64)), i64)).item<int64_t>();
    record_set(recorder, *averaged_, sets.points, slice(sets.answers, 1, 0, named));
  }

  const Options& o_;
  Problem problem_;
  Box<PointerModel> model_, averaged_;
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Sort>(argc, argv);
}
