// transformer: a small Transformer learns to copy, reverse and sort strings of digits and to add, or to write like
// Shakespeare, and shows where its heads look.
//
//   transformer --task copy|reverse|sort|addition|shakespeare --size 64 --heads 4 --layers 2 --norm pre|post ...
//
// The data, the initial weights, dropout, validation and test draw from separate streams of one seed. What is tested
// was never learned from: strings.h says how the parts are kept apart, Shakespeare's last tenth is for validation. The
// rate rises for --warmup steps to --learning-rate and then falls along a cosine to a hundredth of it at --anneal
// steps: mistakes that have become rare go away when the steps become small.
#include <fovea/fovea.h>

#include "examples/transformer/options.h"

namespace fovea::examples {
namespace {

// The command line with the defaults of one task.
struct Settings {
  RunOptions run;
  Options options;
  CommandLine line;

  explicit Settings(const std::string& task)
      : run(defaults(task)),
        options(model_of(task)),
        line({.name = "transformer",
              .description = "A small Transformer learns a task, and shows where its heads look. Defaults are those of "
                             "the task; here those of copy.",
              .tasks = {"copy", "reverse", "sort", "addition", "shakespeare"},
              .uses_data = true},
             run) {
    declare();
  }

 private:
  static RunOptions defaults(const std::string& task) {
    const bool text = task == "shakespeare";
    const int64_t steps = task == "addition" ? 6000 : 2000;
    return {.task = task, .steps = steps, .batch = text ? 32 : 64, .optimizer = "adam", .learning_rate = 2e-3};
  }
  static Options model_of(const std::string& task) {
    if (task == "shakespeare") return {.size = 128, .layers = 3};
    if (task == "addition") return {.anneal = 6000, .validate_every = 500};
    return {};
  }
  void declare() {
    const auto add = [this](const char* name, CommandLine::Target value, const char* help, Rule rule = {}) {
      line.add(name, value, help, std::move(rule));
    };
    add("size", &options.size, "D, features of a position; the feed-forward part has 4 D", whole(1, 4096));
    add("heads", &options.heads, "H, heads of each attention; H divides D", whole(1, 64));
    add("layers", &options.layers, "layers of the encoder, and of the decoder", whole(1, 64));
    add("dropout", &options.dropout, "share of what is dropped while training", real(0, 0.9));
    add("norm", &options.norm, "layer norm before each part (pre) or after it (post, as in the paper)",
        one_of({"pre", "post"}));
    add("warmup", &options.warmup, "steps until the rate is full", whole(0, 1000000));
    add("anneal", &options.anneal, "steps until the rate has fallen to a hundredth, along a cosine",
        whole(1, 1000000000));
    add("clip", &options.clip, "largest norm of the gradient", positive());
    add("validate-every", &options.validate_every, "steps between validations", whole(1, 1000000000));
    add("shortest", &options.shortest, "digits of a string at least", whole(4, 1000));
    add("longest", &options.longest, "digits of a string at most", whole(4, 1000));
    add("test", &options.test, "held-out strings of the test", whole(1, 10000000));
    add("answer", &options.answer, "of addition: 0579 (forwards) or 9750, units first (backwards)",
        one_of({"backwards", "forwards"}));
    add("context", &options.context, "shakespeare: characters that are looked back at, at most", whole(1, 100000));
    add("temperature", &options.temperature, "of the samples of shakespeare; 0: the most probable", real(0, 100));
    add("top-k", &options.top_k, "samples come from the k most probable characters; 0: all", whole(0, 256));
    add("beginning", &options.beginning, "what samples of shakespeare begin with");
  }
};

int start(int argc, char** argv) {
  return run_program_by_task<Settings>("copy", argc, argv, [](Settings& own) {
    set_num_threads(static_cast<int>(own.run.threads));
    if (own.options.size % own.options.heads != 0) throw UsageError("--heads must divide --size");
    if (own.options.anneal <= own.options.warmup) throw UsageError("--anneal must be more than --warmup");
    if (own.options.beginning.empty()) throw UsageError("--beginning is empty; it must be one character at least");
    const bool text = own.run.task == "shakespeare";
    if (own.options.longest < own.options.shortest)
      throw UsageError("--longest is less than --shortest; need 4 <= shortest <= longest");
    return text ? run_text(own.line, own.run, own.options) : run_strings(own.line, own.run, own.options);
  });
}

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) { return fovea::examples::start(argc, argv); }
