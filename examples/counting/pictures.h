// What the stacks hold and do while a sentence is read, and which n are solved.
#pragma once

#include <fovea/layers/attention/weights.h>

#include "examples/common/grid.h"
#include "examples/common/picture.h"
#include "examples/counting/evaluation.h"

namespace fovea::examples {

// What the paper's table says of a language, in percent of n up to 60; "" where it has none.
inline std::string paper_row(std::string_view language) {
  struct Row {
    std::string_view language;
    double rnn, lstm, list, stack, rounded;
  };
  constexpr Row kTable[] = {{"anbn", 25, 100, 100, 100, 100},
                            {"anbncn", 23.3, 100, 33.3, 100, 100},
                            {"anbncndn", 13.3, 68.3, 100, 100, 100},
                            {"anb2n", 23.3, 75, 100, 100, 100},
                            {"anbmcnm", 33.3, 100, 100, 43.3, 100}};
  for (const Row& row : kTable)
    if (row.language == language)
      return fmt::format("RNN {}, LSTM {}, list {}, stack {}, with rounding {} %", row.rnn, row.lstm, row.list,
                         row.stack, row.rounded);
  return "table does not have it";
}

// Those of the stacks that push and pop most, of actions [S, T, A], in their order.
inline std::vector<int64_t> busiest(const Tensor& actions, int64_t most) {
  const Tensor times = sum(actions, 1);  // [S, A]
  const Tensor both = minimum(select(times, 1, 0), select(times, 1, times.size(1) - 1));
  const Tensor order = argsort(both, 0, true);
  std::vector<int64_t> found;
  for (int64_t i = 0; i < std::min(most, order.size(0)); ++i) found.push_back(order.at<int64_t>({i}));
  std::sort(found.begin(), found.end());
  return found;
}

inline std::vector<std::string> action_names(const StackRnn& cell) {
  if (cell.options().list) return {"RIGHT", "LEFT", "INSERT"};
  if (cell.actions() == 2) return {"POP", "PUSH"};
  return {"POP", "NO-OP", "PUSH"};
}

// Two sentences; of each of the four stacks that do most, the actions over time, and its upper cells, top first. A list
// is shown about its HEAD.
inline HeatmapPicture show_stacks(const Predictor& model, const Language& language, Generator generator) {
  const NoGrad quiet;
  constexpr int64_t kSize = 6, kCells = 10;
  const StackRnn& cell = *model.stack;
  const bool list = cell.options().list;
  const std::string text = language.make(kSize, generator).text + language.make(kSize - 2, generator).text;
  std::vector<int64_t> ids;
  std::vector<std::string> symbols;
  for (const char c : text) ids.push_back(language.id(c)), symbols.emplace_back(1, c);

  const WeightCollector collected;
  PredictorState state;
  std::vector<Tensor> stacks;
  for (const int64_t id : ids) {
    model(from(std::vector<int64_t>{id}, {1, 1}), state);
    stacks.push_back(select(state.stack.stacks, 0, 0));  // [S, p]
  }
  const Tensor actions = select(collected.over_time(collected.weights().front().first), 0, 0);  // [S, T, A]
  const Tensor cells = stack(stacks, 2);                                                        // [S, p, T]
  const int64_t head = list ? cells.size(1) / 2 : 0, first = list ? head - kCells / 2 : 0;
  const std::vector<std::string> names = action_names(cell);
  HeatmapPicture shown{.columns = 2, .title = "below each symbol what it makes the stacks do, and what they then hold"};
  for (const int64_t s : busiest(actions, 4)) {
    const char* const kind = list ? "list" : "stack";
    shown.panels.push_back({.grid = grid_of(transpose(select(actions, 0, s), 0, 1)),
                            .title = fmt::format("{} {}: actions", kind, s + 1),
                            .row_labels = names,
                            .column_labels = symbols,
                            .range = ValueRange{-1, 1}});
    Heatmap held{.grid = grid_of(slice(select(cells, 0, s), 0, first, first + kCells)),
                 .title = fmt::format("{} {}: cells", kind, s + 1),
                 .column_labels = symbols,
                 .range = ValueRange{-1, 1}};
    for (int64_t i = first; i < first + held.grid.rows; ++i)
      held.row_labels.push_back(i == head ? (list ? "HEAD" : "top") : std::to_string(i - head));
    shown.panels.push_back(std::move(held));
  }
  return shown;
}

// Rounded, and if there is another, as trained.
inline LineChart solved_chart(std::string_view task, const std::vector<Solved>& all, int64_t trained) {
  LineChart chart{.title = fmt::format("{}: trained up to n = {}", task, trained),
                  .x_title = "n",
                  .y_title = "solved, % of the sentences",
                  .points = true,
                  .y_low = 0,
                  .y_high = 100};
  for (size_t i = 0; i < all.size(); ++i)
    chart.series.push_back({all.size() == 1 ? ""
                            : i == 0        ? "actions rounded"
                                            : "as they are",
                            std::vector<double>(all[i].sizes.begin(), all[i].sizes.end()), all[i].percent});
  return chart;
}

}  // namespace fovea::examples
