// How wrong a machine is on fresh sequences, and the pictures of one.
#pragma once

#include <fmt/format.h>
#include <fovea/autograd/mode.h>

#include <cmath>
#include <numbers>
#include <tuple>

#include "examples/common/grid.h"
#include "examples/common/program.h"
#include "examples/common/terminal.h"
#include "examples/common/ticks.h"
#include "examples/copy/machine.h"
#include "examples/copy/tasks.h"

namespace fovea::examples {

struct Errors {
  double wrong_bits_percent = 0;
  double wrong_sequences_percent = 0;  // with at least one wrong bit
  double bits_per_sequence = 0;        // cross-entropy, base 2
  double optimum = 0;                  // of the best possible predictor; NaN where that is 0
};

struct Validation {
  double score = 0;
  double wrong = 0;   // percent of the sequences up to the longest training length; NaN where none can be perfect
  double beyond = 0;  // percent of the bits at the length beyond it
};

// One sequence: its input and output above the write and read weights over time; input, expected and given output; the
// memory in the end. The read weights in the terminal too, unless quiet. Without a memory the answer alone.
struct MachinePictures {
  HeatmapPicture heads{}, answer{}, memory{};
};

// Time runs across, channels or slots down.
inline Grid over_time(const Tensor& rows) { return grid_of(contiguous(transpose(rows, 0, 1))); }

// Consecutive slots of a memory, around its end.
struct Slots {
  int64_t first = 0, count = 0, all = 0;

  int64_t slot(int64_t row) const { return (first + row) % all; }
  Grid of(const Grid& weights) const {
    Grid rows{count, weights.cols, {}};
    for (int64_t i = 0; i < count; ++i)
      for (int64_t t = 0; t < weights.cols; ++t) rows.values.push_back(weights.at(slot(i), t));
    return rows;
  }
  // Numbers, of which the round ones are named.
  std::vector<std::string> names() const {
    const auto every = static_cast<int64_t>(nice_step(std::max(1.0, static_cast<double>(count) / 9)));
    std::vector<std::string> names;
    for (int64_t i = 0; i < count; ++i) names.push_back(slot(i) % every == 0 ? std::to_string(slot(i)) : "");
    return names;
  }
};

// Those in which a head ever stands: all but the longest row of others, and one beside each end.
inline Slots busy_slots(const std::vector<Grid>& weights) {
  const int64_t all = weights.front().rows;
  float largest = 0;
  std::vector<float> most(static_cast<size_t>(all), 0);  // of each slot
  for (const Grid& each : weights)
    for (size_t i = 0; i < each.values.size(); ++i) {
      float& value = most[i / static_cast<size_t>(each.cols)];
      value = std::max(value, each.values[i]);
      largest = std::max(largest, value);
    }
  Slots busy{0, all, all};
  for (int64_t slot = 0, idle = 0; slot < 2 * all; ++slot) {
    idle = most[static_cast<size_t>(slot % all)] >= largest / 20 ? 0 : idle + 1;
    if (idle < all && all - idle + 2 < busy.count) busy = {slot % all, all - idle + 2, all};
  }
  return busy;
}

// 1 where the more likely bit is the wrong one, as f32.
inline Tensor wrong_bits(const Tensor& logits, const Tensor& target) {
  return to(ne(gt(logits, zeros_like(logits)), gt(target, full({}, 0.5))), f32);
}

// `count` fresh sequences of one length, drawn from `generator`.
inline Errors evaluate(const Machine& model, const Task& task, int64_t length, int64_t count, Generator generator) {
  const NoGrad guard;
  double bits = 0, sequences = 0, nats = 0, all = 0, optimum = 0;
  in_pieces(count, 100, [&](int64_t batch) {
    const Bits data = task.make(batch, length, generator);
    const Tensor logits = model(data.input, data.target.size(1)), wrong = wrong_bits(logits, data.target);
    const Tensor by_sequence = sum(wrong, {1, 2});
    bits += sum(wrong).item();
    sequences += sum(to(gt(by_sequence, zeros_like(by_sequence)), f32)).item();
    nats += binary_cross_entropy_with_logits(logits, data.target, Reduction::sum).item();
    all += static_cast<double>(wrong.numel());
    optimum += data.optimum * static_cast<double>(batch);
  });
  const double n = static_cast<double>(count);
  return {100 * bits / all, 100 * sequences / n, nats / std::numbers::ln2 / n, optimum / n};
}

// Wrong sequences up to the longest training length, and wrong bits beyond it. Cross-entropy decides between weights
// that are equal in these, and is the whole score where no predictor can be perfect.
inline Validation validation(const Machine& model, const Task& task, int64_t max_length, const Generator& generator) {
  const Errors beyond = evaluate(model, task, task.validation_length(max_length), 50, generator.fork(1));
  if (!std::isnan(beyond.optimum)) return {beyond.bits_per_sequence - beyond.optimum, std::nan(""), 0};
  double score = 0.2 * beyond.wrong_bits_percent + 1e-3 * beyond.bits_per_sequence, wrong = 0;
  const auto trained =
      task.one_length ? std::vector{max_length} : std::vector{max_length / 4, max_length / 2, max_length};
  for (const int64_t length : trained) {
    const Errors inside =
        evaluate(model, task, std::max(length, task.min_length), 500, generator.fork(static_cast<uint64_t>(length)));
    score += inside.wrong_sequences_percent + 0.1 * inside.bits_per_sequence;
    wrong += inside.wrong_sequences_percent / static_cast<double>(trained.size());
  }
  return {score, wrong, beyond.wrong_bits_percent};
}

// The figures of each length by name, for summary.json; also printed.
using Metrics = std::vector<std::pair<std::string, Summary::Metric>>;
inline Metrics test_by_length(const Machine& model, const Task& task, const std::vector<int64_t>& lengths,
                              int64_t count, const Generator& generator) {
  Summary::Figures wrong_bits, wrong_sequences, bits, optimum;
  for (const int64_t length : lengths) {
    const Errors errors = evaluate(model, task, length, count, generator);
    const bool bounded = !std::isnan(errors.optimum);
    const std::string name = std::to_string(length);
    wrong_bits.emplace_back(name, errors.wrong_bits_percent);
    wrong_sequences.emplace_back(name, errors.wrong_sequences_percent);
    bits.emplace_back(name, errors.bits_per_sequence);
    if (bounded) optimum.emplace_back(name, errors.optimum);
    say("length {:>4}: {:.3f} % wrong bits, {:.1f} % wrong sequences, {:.2f} bits a sequence{}", length,
        errors.wrong_bits_percent, errors.wrong_sequences_percent, errors.bits_per_sequence,
        bounded ? fmt::format(" (optimum {:.2f})", errors.optimum) : "");
  }
  Metrics metrics{
      {"wrong_bits_percent", wrong_bits}, {"wrong_sequences_percent", wrong_sequences}, {"bits_per_sequence", bits}};
  if (!optimum.empty()) metrics.emplace_back("optimum_bits_per_sequence", optimum);
  return metrics;
}

inline MachinePictures show(const Machine& model, const Task& task, int64_t length, Generator generator, bool quiet) {
  const NoGrad guard;
  const Bits data = task.make(1, length, generator);
  MachineTrace trace;
  Tensor output = sigmoid(model(data.input, 0, &trace));  // [1, T, O]
  const int64_t T = output.size(1), answers = data.target.size(1);
  Tensor expected = zeros_like(output);
  slice(expected, 1, T - answers).copy_(data.target);
  slice(output, 1, 0, T - answers).zero_();  // nobody asks, and nothing was learned of it

  const auto panel = [](Grid grid, std::string title, std::string rows) -> Heatmap {
    return {.grid = std::move(grid), .title = std::move(title), .row_title = std::move(rows), .column_title = "step"};
  };
  const Heatmap input = panel(over_time(select(data.input, 0, 0)), "input", "channel");
  Heatmap given = panel(over_time(select(output, 0, 0)), "output", "bit");
  given.range = ValueRange{0, 1};
  MachinePictures shown;
  shown.answer.panels = {input, panel(over_time(select(expected, 0, 0)), "expected output", "bit"), given};

  const double wrong = sum(to(ne(gt(output, full({}, 0.5)), gt(expected, full({}, 0.5))), f32)).item();
  given.title = fmt::format("output: {} of {} bits wrong", wrong, data.target.numel());
  if (!trace.memory.defined()) return shown;
  shown.heads = {
      .panels = {input, given}, .columns = 2, .title = fmt::format("where the heads stand, length {}", length)};
  std::vector<Grid> weights;
  std::vector<std::string> titles;
  const int64_t writers = trace.write_weights.size(1), readers = trace.read_weights.size(1);
  for (int64_t h = 0; h < std::max(writers, readers); ++h)
    for (const auto& [kind, of, all] :
         {std::tuple{"write", trace.write_weights, writers}, {"read", trace.read_weights, readers}}) {
      if (h >= all) continue;
      weights.push_back(over_time(select(of, 1, h)));
      titles.push_back(fmt::format("{} weights{}", kind, all > 1 ? fmt::format(" of head {}", h + 1) : ""));
    }
  const Slots busy = busy_slots(weights);
  for (size_t i = 0; i < weights.size(); ++i) {
    Heatmap map = panel(busy.of(weights[i]), titles[i], "memory slot");
    map.row_labels = busy.names();
    map.range = ValueRange{0, 1};
    shown.heads.panels.push_back(std::move(map));
  }
  shown.memory.panels = {panel(grid_of(trace.memory), "memory after the last step", "component")};
  shown.memory.panels.back().column_title = "memory slot";
  if (!quiet)
    fmt::print("{}",
               heatmap_text(over_time(select(trace.read_weights, 1, 0)),
                            fmt::format("read weights, slots down, {} steps across", T), terminal_style(stdout), 16));
  return shown;
}

}  // namespace fovea::examples
