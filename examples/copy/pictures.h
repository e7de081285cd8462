// The pictures of a machine at work on one sequence: input and output above the write and read weights over time, and
// where it has gates of its own, these; input, expected and given output; the memory in the end. Without a memory the
// answer alone.
#pragma once

#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/optim/training/metrics.h>

#include <tuple>

#include "examples/common/grid.h"
#include "examples/common/picture.h"
#include "examples/common/terminal.h"
#include "examples/common/ticks.h"
#include "examples/copy/machine.h"
#include "examples/copy/tasks.h"

namespace fovea::examples {

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

inline Heatmap panel_over_time(Grid grid, std::string title, std::string rows) {
  return {.grid = std::move(grid), .title = std::move(title), .row_title = std::move(rows), .column_title = "step"};
}

// Write and read weights, head by head, of the slots in use.
inline void add_weights(std::vector<Heatmap>& panels, const MachineTrace& trace) {
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
    Heatmap map = panel_over_time(busy.of(weights[i]), titles[i], "memory slot");
    map.row_labels = busy.names();
    map.range = ValueRange{0, 1};
    panels.push_back(std::move(map));
  }
}

// Which slots are free, and what the gates and the read modes of a differentiable neural computer are.
inline void add_gates(std::vector<Heatmap>& panels, const MachineTrace& trace) {
  const int64_t readers = trace.modes.size(1);
  std::vector<std::string> gates{"write", "allocate"}, modes;
  for (int64_t h = 0; h < readers; ++h) {
    const std::string head = readers > 1 ? fmt::format(" {}", h + 1) : "";
    gates.push_back("free" + head);
    for (const char* mode : {"backward", "content", "forward"}) modes.push_back(mode + head);
  }
  const auto add = [&](const Tensor& values, const char* title, const char* rows, std::vector<std::string> labels) {
    Heatmap map = panel_over_time(over_time(values), title, rows);
    map.row_labels = std::move(labels);
    map.range = ValueRange{0, 1};
    panels.push_back(std::move(map));
  };
  add(trace.allocation, "allocation", "memory slot", {});
  add(trace.usage, "usage", "memory slot", {});
  add(trace.gates, "gates", "", gates);
  add(flatten(trace.modes, 1), "read modes", "", modes);
}

inline MachinePictures show(const Machine& model, const Task& task, int64_t length, Generator generator, bool quiet) {
  const NoGrad guard;
  const Bits data = task.make(1, length, generator);
  MachineTrace trace;
  Tensor output = sigmoid(model(data.input, 0, &trace));  // [1, T, O]
  const int64_t T = output.size(1), answers = data.target.size(1);
  const Tensor steps = data.steps.defined() ? data.steps : arange(T - answers, T);
  const Tensor expected = index_add(zeros_like(output), 1, steps, data.target);
  // Of the other steps nobody asks, and nothing was learned of them.
  output = index_add(zeros_like(output), 1, steps, index_select(output, 1, steps));

  const Heatmap input = panel_over_time(over_time(select(data.input, 0, 0)), "input", "channel");
  Heatmap given = panel_over_time(over_time(select(output, 0, 0)), "output", "bit");
  given.range = ValueRange{0, 1};
  MachinePictures shown;
  shown.answer.panels = {input, panel_over_time(over_time(select(expected, 0, 0)), "expected output", "bit"), given};

  const double wrong = sum(to(ne(gt(output, full({}, 0.5)), gt(expected, full({}, 0.5))), f32)).item();
  given.title = fmt::format("output: {} of {} bits wrong", wrong, data.target.numel());
  if (!trace.memory.defined()) return shown;
  shown.heads = {
      .panels = {input, given}, .columns = 2, .title = fmt::format("where the heads stand, length {}", length)};
  add_weights(shown.heads.panels, trace);
  if (trace.modes.defined()) add_gates(shown.heads.panels, trace);
  shown.memory.panels = {panel_over_time(grid_of(trace.memory), "memory after the last step", "component")};
  shown.memory.panels.back().column_title = "memory slot";
  if (!quiet)
    fmt::print("{}",
               heatmap_text(over_time(select(trace.read_weights, 1, 0)),
                            fmt::format("read weights, slots down, {} steps across", T), terminal_style(stdout), 16));
  return shown;
}

// The cost over the sequences seen, as the paper draws it, of a run and of another in its folder.
inline LineChart costs_beside(std::string_view name, const std::filesystem::path& metrics, const std::string& other) {
  const auto costs = [](std::string_view run, const std::filesystem::path& file) -> Series {
    const MetricsTable table = read_metrics(file);
    return {std::string(run), table.column("sequences"), table.column("bits")};
  };
  const std::filesystem::path folder = std::filesystem::path(other).lexically_normal();
  return {.title = "cost in training",
          .x_title = "sequences seen",
          .y_title = "bits a sequence",
          .series = {costs(name, metrics), costs(folder.filename().string(), folder / "metrics.csv")},
          .log_y = true,
          .smoothing = 0.95};
}

}  // namespace fovea::examples
