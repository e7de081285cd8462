#include "examples/copy/evaluation.h"

#include <fmt/format.h>
#include <fovea/autograd/mode.h>

#include <cmath>
#include <numbers>

#include "examples/common/picture.h"
#include "examples/common/tensor_grid.h"
#include "examples/common/terminal.h"

namespace fovea::examples {
namespace {

// Time runs across, channels or slots down.
Grid over_time(const Tensor& rows) { return grid_of(contiguous(transpose(rows, 0, 1))); }

// Head h of sequence 0 over time: [T, N].
Grid weights_over_time(const std::vector<NeuralTuringMachine::State>& trace,
                       Tensor NeuralTuringMachine::State::*weights, int64_t head) {
  std::vector<Tensor> steps;
  for (const NeuralTuringMachine::State& state : trace) steps.push_back(select(select(state.*weights, 0, 0), 0, head));
  return over_time(stack(steps, 0));
}

}  // namespace

Errors evaluate(const NeuralTuringMachine& model, const Task& task, int64_t length, int64_t count,
                Generator generator) {
  const NoGrad guard;
  double wrong_bits = 0, wrong_sequences = 0, nats = 0, bits = 0, optimum = 0;
  for (int64_t done = 0; done < count;) {
    const int64_t batch = std::min<int64_t>(100, count - done);
    const Batch data = task.make(batch, length, generator);
    const Tensor logits = model(data.input, data.target.size(1));
    const Tensor wrong = to(ne(gt(logits, zeros_like(logits)), gt(data.target, full({}, 0.5))), f32);
    const Tensor by_sequence = sum(wrong, {1, 2});
    wrong_bits += sum(wrong).item();
    wrong_sequences += sum(to(gt(by_sequence, zeros_like(by_sequence)), f32)).item();
    nats += binary_cross_entropy_with_logits(logits, data.target, Reduction::sum).item();
    bits += static_cast<double>(wrong.numel());
    optimum += data.optimum * static_cast<double>(batch);
    done += batch;
  }
  const double n = static_cast<double>(count);
  return {100 * wrong_bits / bits, 100 * wrong_sequences / n, nats / std::numbers::ln2 / n, optimum / n};
}

void show(const NeuralTuringMachine& model, const Task& task, int64_t length, Generator generator,
          const std::filesystem::path& folder, bool quiet) {
  const NoGrad guard;
  const Batch data = task.make(1, length, generator);
  std::vector<NeuralTuringMachine::State> trace;
  Tensor output = sigmoid(model(data.input, 0, &trace));  // [1, T, O]
  const int64_t T = output.size(1), answers = data.target.size(1);
  Tensor expected = zeros_like(output);
  slice(expected, 1, T - answers).copy_(data.target);
  slice(output, 1, 0, T - answers).zero_();  // nobody asks, and nothing was learned of it

  HeatmapPicture heads{.columns = model.options().heads > 1 ? 2 : 1,
                       .title = fmt::format("where the heads stand, length {}", length)};
  for (int64_t h = 0; h < model.options().heads; ++h) {
    const std::string which = model.options().heads > 1 ? fmt::format(" of head {}", h + 1) : "";
    heads.panels.push_back({.grid = weights_over_time(trace, &NeuralTuringMachine::State::write_weights, h),
                            .title = "write weights" + which,
                            .row_title = "memory slot",
                            .column_title = "step"});
    heads.panels.push_back({.grid = weights_over_time(trace, &NeuralTuringMachine::State::read_weights, h),
                            .title = "read weights" + which,
                            .row_title = "memory slot",
                            .column_title = "step"});
  }
  write_heatmaps(folder / "heads.png", heads);

  write_heatmaps(folder / "answer.png", {.panels = {{.grid = over_time(select(data.input, 0, 0)),
                                                     .title = "input",
                                                     .row_title = "channel",
                                                     .column_title = "step"},
                                                    {.grid = over_time(select(expected, 0, 0)),
                                                     .title = "expected output",
                                                     .row_title = "bit",
                                                     .column_title = "step"},
                                                    {.grid = over_time(select(output, 0, 0)),
                                                     .title = "output",
                                                     .row_title = "bit",
                                                     .column_title = "step",
                                                     .range = ValueRange{0, 1}}}});
  write_heatmaps(folder / "memory.png", {.panels = {{.grid = grid_of(select(trace.back().memory, 0, 0)),
                                                     .title = "memory after the last step",
                                                     .row_title = "component",
                                                     .column_title = "memory slot"}}});
  if (!quiet)
    fmt::print("{}",
               heatmap_text(weights_over_time(trace, &NeuralTuringMachine::State::read_weights, 0),
                            fmt::format("read weights, slots down, {} steps across", T), terminal_style(stdout), 16));
}

}  // namespace fovea::examples
