// What the copy program may be told, besides what all programs share, and the machine that it asks for.
#pragma once

#include <fmt/format.h>
#include <fovea/optim/rmsprop.h>

#include <charconv>
#include <optional>

#include "examples/common/program.h"
#include "examples/copy/machine.h"
#include "examples/copy/tasks.h"

namespace fovea::examples {

struct MemorySize {
  int64_t slots = 0, width = 0;
};
inline constexpr int64_t most_memory = 1 << 20;  // numbers; every step of a sequence keeps some memories

// "128x20" is 128 slots of width 20; nothing where it is no such text.
inline std::optional<MemorySize> memory_size(std::string_view text) {
  const char* const end = text.data() + text.size();
  MemorySize size;
  const auto first = std::from_chars(text.data(), end, size.slots);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != 'x') return {};
  const auto second = std::from_chars(first.ptr + 1, end, size.width);
  if (second.ec != std::errc() || second.ptr != end || size.slots < 1 || size.width < 1) return {};
  if (size.slots > most_memory / size.width) return {};
  return size;
}

inline Rule memory_rule() {
  return {fmt::format("slots x width, such as 128x20, of at most {} numbers", most_memory),
          [](std::string_view text) { return memory_size(text).has_value(); }};
}

struct Options : CommandLine {
  Options()
      : CommandLine({.name = "copy",
                     .description =
                         "A Neural Turing Machine, or what is set beside it, learns to copy, and shows where it reads "
                         "and writes. "
                         "Defaults are those of the task; here those of copy.",
                     .tasks = {"copy", "repeat-copy", "recall", "ngrams", "sort", "copies", "store"},
                     .trains_in_parts = true},
                    {.steps = 48000,
                     .batch = 1,
                     .optimizer = "rmsprop",
                     .learning_rate = 1e-4,
                     .clip = 10,
                     .validate_every = 1000,
                     .early_stop = 7}) {}
  std::string& model =
      choice("model", "Neural Turing Machine, differentiable neural computer, or an LSTM without a memory",
             {"ntm", "dnc", "lstm"});
  std::string& controller = with_memory(choice("controller", "the network that steers the heads", {"lstm", "ff"}));
  int64_t& heads = with_memory(whole("heads", "read heads; an ntm has as many write heads, a dnc one", 1, 1, 32));
  int64_t& hidden = whole("hidden", "size of the controller, or of the LSTM", 100, 1, 4096);
  int64_t& layers = goes_with(whole("layers", "layers of the LSTM", 3, 1, 16), {{&model, {"lstm"}}});
  std::string& memory = with_memory(text("memory", "slots x width of the memory", "128x20", memory_rule()));
  std::string& memory_start =
      goes_with(choice("memory-start", "the memory before the first step: the same everywhere, or learned",
                       {"constant", "learned"}),
                {{&model, {"ntm"}}});
  int64_t& shift =
      goes_with(whole("shift", "a head moves by up to so many slots a step; 0: by content alone", 1, 0, 1000),
                {{&model, {"ntm"}}});
  int64_t& length = whole("length", "longest training sequence", 20, 1, 10000);
  double& decay = real("decay", "what the rate is multiplied by after a validation", 0.85, 0.01, 1);
  std::string& decay_after = choice(
      "decay-after", "validations that the rate falls after: all once most is right, those without a mistake, or all",
      {"learned", "perfect", "every"});
  double& eps = goes_with(real("eps",
                               "what the optimizer adds to a gradient's size; a large one lets a solved task rest; "
                               "rmsprop-graves has 1e-4",
                               1e-5, 0, 1),
                          {{&optimizer, {"rmsprop", "rmsprop-graves", "adam", "adamw"}}});
  double& average = real("average", "decay of the moving average of the weights, which is what is tested; 0: none",
                         0.999, 0, 0.999999);
  int64_t& grown_batch = whole(
      "grown-batch", "sequences a step once most are right: single ones find the way, many find the rare mistakes", 8,
      1, 1 << 20);
  int64_t& curriculum = in_steps(
      goes_with(whole("curriculum", "steps with sequences of all lengths at first, then of the longest alone", 0, 0),
                {{&task, {"sort"}}}));
  std::vector<int64_t>& test_lengths = may_change(wholes("test-lengths", "lengths to test", {}, 1, 10000));
  int64_t& test_size = may_change(whole("test-size", "fresh sequences a test length", 1000, 1));
  std::string& beside =
      may_change(text("beside", "folder of another run of the task, whose cost is drawn beside this one's"));
  int64_t& patience = in_steps(
      whole("patience", "steps after which weights that do not find the way are drawn anew; 0: never", 7000, 0));

  template <class T>
  T& with_memory(T& value) {
    return goes_with(value, {{&model, {"ntm", "dnc"}}});
  }

  void settle() override {
    const auto own = make_task(task);
    otherwise(length, own.max_length), otherwise(test_lengths, own.test_lengths);
    const bool passing = task == "copies" || task == "store";
    if (model == "dnc" || passing)
      settle_passing();
    else if (task != "copy")
      settle_others();
    if (model == "lstm")  // as the paper has it
      otherwise(hidden, task == "repeat-copy"                ? 512
                        : task == "ngrams" || task == "sort" ? 128
                                                             : 256),
          otherwise(patience, 0);
    if (optimizer == "rmsprop-graves") otherwise(eps, GravesRMSpropOptions{}.eps);
    if (optimizer == "sgd") otherwise(eps, 0);
    if (const int64_t slots = memory_size(memory).value().slots; shift > 1 && 2 * shift + 1 > slots)
      throw UsageError(fmt::format("--shift is {} and --memory {}; {} slots let a head move by {} at most", shift,
                                   memory, slots, (slots - 1) / 2));
    const auto need = [&](std::string_view name, int64_t value) {
      if (value < own.min_length)
        throw UsageError(fmt::format("--{} is {}; --task {} needs at least {}", name, value, task, own.min_length));
    };
    need("length", length);
    for (const int64_t value : test_lengths) need("test-lengths", value);
  }

 private:
  // The differentiable neural computer, and the tasks in which more passes through a memory than it holds: a small
  // memory, and batches at once, for which no weights are drawn anew.
  void settle_passing() {
    otherwise(steps, 8000), otherwise(batch, 16), otherwise(grown_batch, 16), otherwise(hidden, 64);
    otherwise(optimizer, "adam"), otherwise(learning_rate, 1e-3), otherwise(patience, 0);
    otherwise(validate_every, 500), otherwise(early_stop, 3), otherwise(decay, 0.8);
    otherwise(memory, task == "copies" ? "16x16" : task == "store" ? "8x16" : "32x16");
    if (task == "store") otherwise(controller, "ff");
    if (task == "copy") otherwise(test_lengths, {10, 20, 30});
    if (task == "recall") otherwise(test_lengths, {2, 4, 6, 8});
  }

  // The other tasks of the Neural Turing Machine's paper.
  void settle_others() {
    otherwise(steps, 40000), otherwise(decay, 0.95), otherwise(decay_after, "perfect");
    otherwise(patience, 0), otherwise(early_stop, 12);
    if (task == "recall") {
      otherwise(controller, "ff"), otherwise(hidden, 256), otherwise(heads, 4);
      otherwise(steps, 120000), otherwise(patience, 20000), otherwise(decay_after, "learned");
    }
    if (task == "repeat-copy") {
      otherwise(controller, "ff");
      otherwise(decay, 0.93), otherwise(decay_after, "learned");
    }
    if (task == "ngrams") {
      otherwise(steps, 14000), otherwise(batch, 16), otherwise(grown_batch, 16), otherwise(clip, 1);
      otherwise(optimizer, "adam"), otherwise(learning_rate, 2e-3), otherwise(validate_every, 250);
      otherwise(decay_after, "every"), otherwise(memory, "64x20"), otherwise(memory_start, "learned");
    }
    if (task == "sort") {  // heads that can go to any slot at once, for which the slots must differ at the start
      otherwise(batch, 16), otherwise(optimizer, "adam"), otherwise(learning_rate, 2e-3);
      otherwise(controller, "ff"), otherwise(heads, 5), otherwise(memory, "64x20"), otherwise(memory_start, "learned");
      otherwise(clip, 1), otherwise(decay, 0.96), otherwise(decay_after, "every"), otherwise(curriculum, 10000);
    }
  }
};

inline Box<Machine> make_model(const Options& o, const Task& task, Generator& generator) {
  if (o.model == "lstm") return LstmMachine(task.inputs, task.outputs, o.hidden, o.layers, generator);
  const MemorySize memory = memory_size(o.memory).value();
  const std::string controller = o.controller == "ff" ? "feed_forward" : o.controller;
  if (o.model == "dnc")
    return MemoryMachine(DifferentiableNeuralComputer({.input_size = task.inputs,
                                                       .output_size = task.outputs,
                                                       .controller = controller,
                                                       .hidden_size = o.hidden,
                                                       .slots = memory.slots,
                                                       .width = memory.width,
                                                       .heads = o.heads},
                                                      generator));
  return MemoryMachine(NeuralTuringMachine({.input_size = task.inputs,
                                            .output_size = task.outputs,
                                            .controller = controller,
                                            .hidden_size = o.hidden,
                                            .slots = memory.slots,
                                            .width = memory.width,
                                            .heads = o.heads,
                                            .shift = o.shift,
                                            .learned_memory = o.memory_start == "learned"},
                                           generator));
}

}  // namespace fovea::examples
