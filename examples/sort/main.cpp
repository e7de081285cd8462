// sort: a network that answers with positions of its input learns to sort, to find convex hulls, and short tours.
//
//   sort --task sort|hull|tsp --model pointer|read-process-write --items 10 --glimpse --process-steps 5 ...
//
// Items that were chosen are masked, in training and afterwards (--revisit: they are not). The data, the initial
// weights, validation and test draw from separate streams of one seed; the checkpoint that is tested is the best in
// validation.
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/common/command_line.h"
#include "examples/common/header_line.h"
#include "examples/common/optimizers.h"
#include "examples/common/picture.h"
#include "examples/common/train_loop.h"
#include "examples/sort/evaluation.h"

namespace fovea::examples {
namespace {

struct Options {
  std::string model = "pointer";
  int64_t items = 0;
  int64_t hidden = 0;
  int64_t process_steps = 5;
  bool glimpse = false;
  bool revisit = false;
  int64_t beam = 0;
  double clip = 2;
  double decay = 0.5;
  int64_t decay_every = 0;
  int64_t validate_every = 500;
  int64_t test_sets = 2000;
};

Box<PointerModel> make_model(const Options& o, const Problem& problem, Generator& generator) {
  if (o.model == "read-process-write")
    return ReadProcessWrite({.inputs = problem.inputs(),
                             .hidden = o.hidden,
                             .process_steps = o.process_steps,
                             .stop = problem.stop(),
                             .revisit = o.revisit,
                             .glimpse = o.glimpse},
                            generator);
  return PointerNetwork({.inputs = problem.inputs(),
                         .hidden = o.hidden,
                         .stop = problem.stop(),
                         .revisit = o.revisit,
                         .glimpse = o.glimpse},
                        generator);
}

// One run: the model, what trains it, and what is drawn at random.
class Run {
 public:
  Run(const CommandLine& line, const RunOptions& run, const Options& options)
      : run_(run),
        options_(options),
        problem_(make_problem(run.task)),
        asked_{options.items > 0 ? options.items : problem_->default_items(),
               options.beam > 0 ? options.beam : problem_->beam()},
        root_(run.seed),
        initial_(root_.fork(1)),
        data_(root_.fork(2)),
        model_(as_asked([&] { return make_model(options, *problem_, initial_); })),
        optimizer_(make_optimizer(run.optimizer, parameters(*model_), run.learning_rate)),
        schedule_(*optimizer_, {.every = options.decay_every, .gamma = options.decay}),
        loop_(line, run, {.extra_name = "wrong %", .unit = "sets", .validate_every = options.validate_every}) {
    loop_.state()("model", *model_)("optimizer", *optimizer_)("schedule", schedule_)("data", data_);
    print_header(line.name(), run.task, run.seed, *model_);
  }

  // False after Ctrl-C. Afterwards the model is the best by validation.
  bool train() {
    const auto validated = [this] {
      return evaluate(*model_, *problem_, {asked_.items}, 1000, root_.fork(3))->score();
    };
    return loop_.run(
        *model_, [this] { return step(); }, validated);
  }

  void report(const std::string& name) {
    Summary summary{name, run_.task, run_.seed, num_threads(), loop_.step(), loop_.seconds(), parameter_count(*model_),
                    {}};
    const auto judge = evaluate(*model_, *problem_, asked_, options_.test_sets, root_.fork(4));
    fmt::print("{} fresh sets of {} items, {}:\n", options_.test_sets, asked_.items,
               asked_.beam == 1 ? "greedy" : fmt::format("beam of {}", asked_.beam));
    for (const auto& [figure, value] : judge->figures()) {
      fmt::print("  {:<20} {:.4g}\n", figure, value);
      summary.metrics.emplace_back(figure, value);
    }
    summary.metrics.emplace_back("best_step", static_cast<double>(loop_.best_step()));
    loop_.folder().write_summary(summary);
    draw();
  }

 private:
  StepReport step() {
    const Sets fresh = problem_->make(run_.batch, asked_.items, data_);
    optimizer_->zero_grad();
    const LogWeights pointed = model_->teach(fresh.points, fresh.answers);
    const Tensor loss = nll_loss(pointed.log_weights, fresh.answers);
    loss.backward();
    clip_grad_norm_(optimizer_->parameters(), options_.clip);
    optimizer_->step();
    schedule_.step();
    const NoGrad guard;
    const Tensor counted = ge(fresh.answers, scalar(0, i64)), wrong = ne(argmax(pointed.weights, -1), fresh.answers);
    return {loss.item(), 100 * sum(to(logical_and(wrong, counted), f32)).item() / sum(to(counted, f32)).item()};
  }

  void draw() {
    const std::filesystem::path folder = loop_.folder().path();
    const MetricsTable metrics = read_metrics(folder / "metrics.csv");
    write_line_chart(folder / "loss.png", {.title = fmt::format("{}: loss", run_.task),
                                           .x_title = "step",
                                           .y_title = "-log p of a position, nats",
                                           .series = {{"loss", metrics.column("step"), metrics.column("loss")}},
                                           .log_y = true,
                                           .smoothing = 0.6});
    show(*model_, *problem_, asked_, root_.fork(5), folder, run_.quiet);
    fmt::print("pictures, metrics.csv and summary.json are in {}\n", folder.string());
  }

  RunOptions run_;
  Options options_;
  std::unique_ptr<Problem> problem_;
  Asked asked_;
  Generator root_, initial_, data_;
  Box<PointerModel> model_;
  std::unique_ptr<Optimizer> optimizer_;
  StepDecay schedule_;
  TrainLoop loop_;
};

// What each task takes to be learned; what is asked for goes before.
struct Recipe {
  int64_t hidden, steps, decay_every;
};
Recipe recipe(const std::string& task) {
  if (task == "hull") return {128, 20000, 4000};
  if (task == "tsp") return {64, 12000, 2500};
  return {64, 2000, 500};
}

int start(int argc, char** argv) {
  RunOptions run{.task = "sort", .threads = 1, .steps = 0, .batch = 128, .learning_rate = 2e-3};
  Options options;
  CommandLine line(
      {.name = "sort",
       .description =
           "A pointer network learns to sort, to find convex hulls, and short tours. --steps 0: the task's own number.",
       .tasks = {"sort", "hull", "tsp"}},
      run);
  line.add("model", &options.model, "model", one_of({"pointer", "read-process-write"}));
  line.add("items", &options.items, "items of a set; 0: the task's own, 10 for sort and 5 for hull and tsp",
           whole(0, 1000));
  line.add("hidden", &options.hidden, "size of states, keys and scores; 0: the task's own", whole(0, 4096));
  line.add("process-steps", &options.process_steps, "steps of read-process-write over the set", whole(0, 1000));
  line.add("glimpse", &options.glimpse, "attend once more before pointing");
  line.add("revisit", &options.revisit, "let an item be chosen again");
  line.add("beam", &options.beam, "width of the beam in the test; 0: the task's own", whole(0, 1000));
  line.add("clip", &options.clip, "largest norm of the gradient", positive());
  line.add("decay", &options.decay, "what the rate is multiplied by now and then", real(0.01, 1));
  line.add("decay-every", &options.decay_every, "steps between that; 0: the task's own", whole(0, 1000000000));
  line.add("validate-every", &options.validate_every, "steps between validations", whole(1, 1000000000));
  line.add("test-sets", &options.test_sets, "fresh sets of the test", whole(1, 1000000),
           CommandLine::OnResume::may_change);
  return run_program(line, argc, argv, [&] {
    set_num_threads(static_cast<int>(run.threads));
    const Recipe own = recipe(run.task);
    if (options.items > 0) as_asked([&] { make_problem(run.task)->check_items(options.items); });
    if (options.hidden == 0) options.hidden = own.hidden;
    if (run.steps == 0) run.steps = own.steps;
    if (options.decay_every == 0) options.decay_every = own.decay_every;
    return train_and_report(Run(line, run, options), line.name());
  });
}

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) { return fovea::examples::start(argc, argv); }
