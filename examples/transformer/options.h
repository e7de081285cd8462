// What the transformer program may be told, besides what all programs share.
#pragma once

#include <fovea/layers/transformer/encoder.h>
#include <fovea/optim/optimizer.h>
#include <fovea/optim/schedule.h>

#include <memory>
#include <string>

#include "examples/common/command_line.h"

namespace fovea::examples {

struct Options {
  int64_t size = 64, heads = 4, layers = 2;  // D, H, N; F = 4 D
  double dropout = 0;
  std::string norm = "pre";
  int64_t warmup = 200, anneal = 2000;
  double clip = 1;
  int64_t validate_every = 250;
  int64_t shortest = 10, longest = 20;  // strings
  int64_t test = 2000;                  // strings
  std::string answer = "forwards";      // of addition
  int64_t context = 64;                 // characters that a language model looks back at, at most
  double temperature = 0.8;
  int64_t top_k = 20;
  std::string beginning = "\n";

  TransformerOptions transformer() const;
  CosineOptions schedule(double rate) const;
};

// Adam with the paper's β2 = 0.98 and eps = 1e-9; others as all programs have them.
std::unique_ptr<Optimizer> make_teacher(const RunOptions& run, const std::vector<Tensor>& parameters);

// Both train, test, draw and return the exit code.
int run_strings(const CommandLine& line, const RunOptions& run, const Options& options);
int run_text(const CommandLine& line, const RunOptions& run, const Options& options);

}  // namespace fovea::examples
