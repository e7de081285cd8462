// Which sentences a network solves: all of their determined symbols are foretold, and the first of the next sentence if
// it is. A sentence stands in the middle of a stream: a few others come before it.
#pragma once

#include <fovea/autograd/mode.h>

#include "examples/counting/streams.h"

namespace fovea::examples {

struct Solved {
  std::vector<int64_t> sizes{};
  std::vector<double> percent{};  // of the sentences of each size
  double nats = 0;                // cross-entropy of a determined symbol
  double all() const {            // sizes of which every sentence is solved, in percent
    return 100 * static_cast<double>(std::count(percent.begin(), percent.end(), 100.0)) /
           static_cast<double>(percent.size());
  }
};

// What is asked of one row: symbols, and which of them count.
struct TestWord {
  std::string text{};
  std::vector<bool> counts{};
};

inline TestWord ask(const Language& language, int64_t n, int64_t trained, Generator& generator) {
  TestWord row;
  for (int64_t i = 0; i < 3; ++i)
    row.text += language.make(generator.randint(language.min_size, trained + 1), generator).text;
  row.counts.assign(row.text.size(), false);
  const Word asked = language.make(n, generator), after = language.make(language.min_size, generator);
  row.text += asked.text + after.text.front();
  row.counts.insert(row.counts.end(), asked.determined.begin(), asked.determined.end());
  row.counts[row.counts.size() - asked.text.size()] = false;  // the first symbol is the sentence's before
  row.counts.push_back(after.determined.front());
  return row;
}

// Sizes `least` to `most`, `count` sentences of each; `trained` is the longest of those that come before. The stacks
// have room for all of it.
inline Solved evaluate(const Predictor& model, const Language& language, int64_t least, int64_t most, int64_t count,
                       int64_t trained, Generator generator) {
  const NoGrad quiet;
  Solved solved;
  double nats = 0, symbols = 0;
  for (int64_t n = std::max(least, language.min_size); n <= most; ++n) {
    std::vector<TestWord> rows;
    size_t T = 0;
    for (int64_t i = 0; i < count; ++i) {
      rows.push_back(ask(language, n, trained, generator));
      T = std::max(T, rows.back().text.size());
    }
    std::vector<int64_t> ids;
    for (const TestWord& row : rows)
      for (size_t t = 0; t < T; ++t) ids.push_back(t < row.text.size() ? language.id(row.text[t]) : 0);
    PredictorState state;
    if (model.stack) state.stack = model.stack->initial_state(count, std::max<int64_t>(static_cast<int64_t>(T), 8));
    const Tensor log_p = log_softmax(model(from(ids, {count, static_cast<int64_t>(T)}), state), -1);
    const Tensor best = argmax(log_p, -1);
    int64_t right = 0;
    for (int64_t b = 0; b < count; ++b) {
      const TestWord& row = rows[static_cast<size_t>(b)];
      bool every = true;
      for (size_t t = 1; t < row.text.size(); ++t) {
        if (!row.counts[t]) continue;
        const int64_t id = language.id(row.text[t]), before = static_cast<int64_t>(t) - 1;
        every = every && best.at<int64_t>({b, before}) == id;
        nats -= log_p.at({b, before, id});
        symbols += 1;
      }
      right += every ? 1 : 0;
    }
    solved.sizes.push_back(n);
    solved.percent.push_back(100 * static_cast<double>(right) / static_cast<double>(count));
  }
  solved.nats = nats / std::max(1.0, symbols);
  return solved;
}

}  // namespace fovea::examples
