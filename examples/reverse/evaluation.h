// How right a model is on fresh strings that it answers on its own, and where it looks while it does.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>

#include <cmath>
#include <limits>

#include "examples/common/picture.h"
#include "examples/common/program.h"
#include "examples/common/terminal.h"
#include "examples/reverse/answers.h"

namespace fovea::examples {

struct Rightness {
  double exact_percent = 0;      // whole strings, end included
  double alignment_percent = 0;  // of the weight while letters are given, on those they come from; NaN: no weights
};

inline std::string in_words(const Rightness& found) {
  std::string strings = fmt::format("{:5.1f} % of strings right", found.exact_percent);
  if (std::isnan(found.alignment_percent)) return strings;
  return fmt::format("{}, {:.1f} % of the weight on the right letter", strings, found.alignment_percent);
}

// Figures by length or distance, as a line.
inline Series series_of(const std::string& name, const Summary::Figures& figures) {
  Series series{.name = name};
  for (const auto& [x, y] : figures) series.x.push_back(std::stod(x)), series.y.push_back(y);
  return series;
}

inline LineChart accuracy_chart(std::string title, std::vector<Series> accuracy) {
  return {.title = std::move(title),
          .x_title = "length of the string",
          .y_title = "strings right, %",
          .series = std::move(accuracy),
          .points = true,
          .y_low = 0,
          .y_high = 100};
}

// `count` fresh strings of one length, answered greedily. The weights are those of the model's own answers: the
// attention of a recurrent model, the mean over the heads of a Transformer's last.
inline Rightness evaluate(const SequenceModel& model, const LetterTask& task, int64_t length, int64_t count,
                          Generator generator) {
  const NoGrad quiet;
  double right = 0, on_origin = 0;
  in_pieces(count, 100, [&](int64_t batch) {
    const Strings strings = task.make(batch, length, generator);
    const auto [ids, weights] = answers(model, task, strings.source);
    right += sum(min(to(eq(ids, strings.target), f64), 1)).item();
    on_origin += weights.defined() ? sum(where(task.origins(strings), slice(weights, 1, 0, length), scalar(0))).item()
                                   : std::numeric_limits<double>::quiet_NaN();
  });
  const auto n = static_cast<double>(count);
  return {100 * right / n, 100 * on_origin / (n * static_cast<double>(length))};
}

// One string with teacher forcing, whose letters stand beside what the model would answer at each.
inline void record_strings(Recorder& recorder, const SequenceModel& model, const LetterTask& task,
                           const Strings& strings) {
  const auto letters = [&](const Tensor& ids) {
    std::vector<std::string> found;
    for (int64_t j = 0; j < ids.size(1); ++j) found.push_back(task.letter(ids.at<int64_t>({0, j})));
    return found;
  };
  const RecordedSample sample{.title = fmt::format("a string of {} letters", strings.source.size(1)),
                              .texts = {{"source", letters(strings.source)}, {"target", letters(strings.target)}},
                              .queries = "target",
                              .keys = "source"};
  recorder.sample(sample, [&](Recorded& seen) {
    const SequenceOutput output = model(strings.source, {}, strings.input_ids);
    seen.text("answer", letters(argmax(output.logits.detach(), -1)));
    return cross_entropy(output.logits, strings.target);
  });
}

inline void record_string(Recorder& recorder, const SequenceModel& model, const LetterTask& task, int64_t length,
                          Generator generator) {
  record_strings(recorder, model, task, task.make(1, length, generator));
}

// One string, letters on both axes, in the terminal too unless quiet; nothing for a model without attention.
inline std::optional<HeatmapPicture> show_attention(const SequenceModel& model, const LetterTask& task, int64_t length,
                                                    Generator generator, bool quiet) {
  const NoGrad no_tape;
  const Strings strings = task.make(1, length, generator);
  const auto [ids, weights] = answers(model, task, strings.source);
  if (!weights.defined()) return {};
  const auto letters = [&](const Tensor& of) {
    std::vector<std::string> found;
    for (int64_t j = 0; j < length; ++j) found.push_back(task.letter(of.at<int64_t>({0, j})));
    return found;
  };
  MapLabels labels{
      .row_title = "letter of the answer", .column_title = "letter of the source", .columns = letters(strings.source)};
  const std::vector<std::string> expected = letters(strings.target);
  labels = compared(labels, letters(ids), expected, fmt::format("{}", fmt::join(expected, "")),
                    task.letter(ids.at<int64_t>({0, length})));
  Heatmap map = attention_map(select(weights, 0, 0), labels);
  if (!quiet) fmt::print("{}", heatmap_text(map.grid, "answer down, source across", terminal_style(stdout), 16));
  return HeatmapPicture{.panels = {std::move(map)}, .title = "where the model looks while it gives each letter"};
}

}  // namespace fovea::examples
