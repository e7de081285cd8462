#include "examples/copy/options.h"

#include <fmt/format.h>
#include <fovea/optim/rmsprop.h>

#include <charconv>
#include <optional>

namespace fovea::examples {
namespace {

struct MemorySize {
  int64_t slots = 0, width = 0;
};
constexpr int64_t most_memory = 1 << 20;  // numbers; every step of a sequence keeps some memories

// "128x20" is 128 slots of width 20; nothing where it is no such text.
std::optional<MemorySize> memory_size(std::string_view text) {
  const char* const end = text.data() + text.size();
  MemorySize size;
  const auto first = std::from_chars(text.data(), end, size.slots);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != 'x') return {};
  const auto second = std::from_chars(first.ptr + 1, end, size.width);
  if (second.ec != std::errc() || second.ptr != end || size.slots < 1 || size.width < 1) return {};
  if (size.slots > most_memory / size.width) return {};
  return size;
}

}  // namespace

Rule memory_rule() {
  return {fmt::format("slots x width, such as 128x20, of at most {} numbers", most_memory),
          [](std::string_view text) { return memory_size(text).has_value(); }};
}

void Options::settle() {
  if (task == "sort") {
    otherwise(batch, 16), otherwise(optimizer, "adam"), otherwise(learning_rate, 2e-3);
    otherwise(controller, "ff"), otherwise(heads, 5), otherwise(memory, "64x20"), otherwise(memory_start, "learned");
    otherwise(clip, 1), otherwise(decay, 0.96), otherwise(decay_after, "every"), otherwise(curriculum, 10000);
  }
  const auto own = make_task(task);
  otherwise(length, own->max_length());
  otherwise(test_lengths, own->test_lengths());
  if (task != "copy") otherwise(patience, 0);
  if (optimizer == "rmsprop-graves") otherwise(eps, GravesRMSpropOptions{}.eps);
  if (optimizer == "sgd") otherwise(eps, 0);
  if (optimizer == "sgd" && eps > 0) throw UsageError("--eps: --optimizer sgd has none; leave it out");
  const auto need = [&](std::string_view name, int64_t value) {
    if (value < own->min_length())
      throw UsageError(fmt::format("--{} is {}; --task {} needs at least {}", name, value, task, own->min_length()));
  };
  need("length", length);
  for (const int64_t value : test_lengths) need("test-lengths", value);
}

NeuralTuringMachine make_model(const Options& o, const Task& task, Generator& generator) {
  const MemorySize memory = memory_size(o.memory).value();
  return NeuralTuringMachine({.input_size = task.inputs(),
                              .output_size = task.outputs(),
                              .controller = o.controller == "ff" ? "feed_forward" : o.controller,
                              .hidden_size = o.hidden,
                              .slots = memory.slots,
                              .width = memory.width,
                              .heads = o.heads,
                              .learned_memory = o.memory_start == "learned"},
                             generator);
}

}  // namespace fovea::examples
