// The picture of an episode: its drawings side by side with their labels, and below each how much every attention, from
// the step that is asked, looks at it.
#pragma once

#include <fovea/layers/attention/weights.h>

#include <limits>
#include <string>

#include "examples/common/picture.h"

namespace fovea::examples {

inline constexpr int64_t kDrawingSide = 28, kDrawingPitch = kDrawingSide + 1;  // a grey line between two

// T drawings side by side: value(row, t, column), and below the middle of each its label, of label i64 [1, T] from 1
// on; the last one is asked.
template <class Value>
Heatmap drawings_wide(int64_t rows, const Tensor& label, const Value& value) {
  const int64_t T = label.size(1), columns = T * kDrawingPitch - 1;
  Heatmap panel{.grid = {rows, columns, std::vector<float>(static_cast<size_t>(rows * columns))}};
  panel.row_labels.resize(static_cast<size_t>(rows));
  panel.column_labels.resize(static_cast<size_t>(columns));
  panel.range = {0, 1};
  for (int64_t t = 0; t < T; ++t)
    panel.column_labels[static_cast<size_t>(t * kDrawingPitch + kDrawingSide / 2)] =
        t + 1 < T ? std::to_string(label.at<int64_t>({0, t}) + 1) : "?";
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t at = 0; at < columns; ++at)
      panel.grid.values[static_cast<size_t>(row * columns + at)] =
          at % kDrawingPitch == kDrawingSide ? std::numeric_limits<float>::quiet_NaN()
                                             : value(row, at / kDrawingPitch, at % kDrawingPitch);
  return panel;
}

// images [T, 1, 28, 28].
inline Heatmap drawings_of(const Tensor& images, const Tensor& label) {
  Heatmap panel = drawings_wide(kDrawingSide, label, [&](int64_t row, int64_t t, int64_t column) {
    return static_cast<float>(images.at({t, 0, row, column}));
  });
  panel.title = "the drawings of an episode; the label of the last is asked";
  panel.column_title = "label";
  return panel;
}

// weights [T] of each attention, in bands of some rows.
inline Heatmap looks_of(const std::vector<Tensor>& weights, const Tensor& label) {
  constexpr int64_t band = 7;
  const auto count = static_cast<int64_t>(weights.size());
  Heatmap panel = drawings_wide(count * (band + 1) - 1, label, [&](int64_t row, int64_t t, int64_t) {
    return row % (band + 1) == band ? std::numeric_limits<float>::quiet_NaN()
                                    : static_cast<float>(weights[static_cast<size_t>(row / (band + 1))].at({t}));
  });
  for (int64_t i = 0; i < count; ++i)
    panel.row_labels[static_cast<size_t>(i * (band + 1) + band / 2)] = std::to_string(i + 1);
  panel.title = "how much each attention looks at it, from the last";
  panel.row_title = "attention";
  panel.column_title = "label";
  return panel;
}

}  // namespace fovea::examples
