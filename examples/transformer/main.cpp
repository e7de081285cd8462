// transformer: a small Transformer learns to copy, reverse and sort strings of digits and to add, or to write like
// Shakespeare, and shows where its heads look.
//
//   transformer --task copy|reverse|sort|addition|shakespeare --embed-dim 64 --heads 4 --layers 2 --norm pre|post ...
//
// What is tested was never learned from: strings.h says how the parts are kept apart, Shakespeare's last tenth is for
// validation. The rate rises for --warmup steps to --learning-rate, then falls along a cosine to a hundredth of it at
// --anneal steps: mistakes that have become rare go away when the steps become small.
#include "examples/transformer/options.h"

int main(int argc, char** argv) {
  using namespace fovea::examples;
  Options options;
  return run_program(options, argc, argv, [&] {
    if (!options.run.empty()) options.parse_as_run(options.run, argc, argv);
    return options.task == "shakespeare" ? run_text(options) : run_strings(options);
  });
}
