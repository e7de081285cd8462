#include "examples/reverse/evaluation.h"

#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/decoding/search.h>

#include <limits>

#include "examples/common/picture.h"
#include "examples/common/tensor_grid.h"
#include "examples/common/terminal.h"

namespace fovea::examples {
namespace {

// What the model says to each source, exactly `steps` ids, filled up with the end mark: i64 [B, steps].
Tensor answers(const SequenceModel& model, const LetterTask& task, const Tensor& source, int64_t steps) {
  const auto decoder = model.decoder(source, {});
  const Tensor said = greedy(*decoder, {.begin = task.begin(), .end = task.end(), .max_length = steps}).ids;
  return pad(said, {0, steps - said.size(1)}, static_cast<double>(task.end()));
}

}  // namespace

Tensor weights_of(const SequenceModel& model, const Tensor& source, const Tensor& heard) {
  const NoGrad quiet;
  WeightCollector collected;
  model(source, {}, heard);
  const auto& all = collected.weights();
  if (all.empty()) return {};
  const Tensor weights = collected.over_time(all.back().first);  // the last to report is the one nearest the answer
  return weights.dim() == 4 ? mean(weights, 1) : weights;
}

Rightness evaluate(const SequenceModel& model, const LetterTask& task, int64_t length, int64_t count,
                   Generator generator) {
  const NoGrad quiet;
  double right = 0, on_origin = 0;
  bool has_weights = false;
  for (int64_t done = 0; done < count;) {
    const int64_t batch = std::min<int64_t>(100, count - done);
    const Strings data = task.make(batch, length, generator);
    const Tensor said = answers(model, task, data.source, length + 1);
    right += sum(min(to(eq(said, data.target), f64), 1)).item();
    const Tensor weights = weights_of(model, data.source, task.heard_of(said));
    has_weights = weights.defined();
    if (has_weights) on_origin += sum(where(task.origins(data), slice(weights, 1, 0, length), scalar(0))).item();
    done += batch;
  }
  const auto n = static_cast<double>(count);
  return {100 * right / n,
          has_weights ? 100 * on_origin / (n * static_cast<double>(length)) : std::numeric_limits<double>::quiet_NaN()};
}

void show_attention(const SequenceModel& model, const LetterTask& task, int64_t length, Generator generator,
                    const std::filesystem::path& folder, bool quiet) {
  const NoGrad no_tape;
  const Strings data = task.make(1, length, generator);
  const Tensor said = answers(model, task, data.source, length + 1);
  const Tensor weights = weights_of(model, data.source, task.heard_of(said));
  if (!weights.defined()) return;
  Heatmap map{.grid = grid_of(select(weights, 0, 0)),
              .row_title = "letter said",
              .column_title = "letter of the source",
              .range = ValueRange{0, 1}};
  for (int64_t j = 0; j < length; ++j) map.column_labels.push_back(task.letter(data.source.at<int64_t>({0, j})));
  for (int64_t i = 0; i <= length; ++i) map.row_labels.push_back(task.letter(said.at<int64_t>({0, i})));
  if (!quiet) fmt::print("{}", heatmap_text(map.grid, "answer down, source across", terminal_style(stdout), 16));
  write_heatmaps(folder / "attention.png",
                 {.panels = {std::move(map)}, .title = "where the model looks while it says each letter"});
}

}  // namespace fovea::examples
