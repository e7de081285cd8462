// A text of a language, recorded: what is foretold after each symbol, what the stacks do and what they hold.
#pragma once

#include <fmt/format.h>

#include "examples/common/record.h"
#include "examples/counting/languages.h"
#include "examples/counting/pictures.h"

namespace fovea::examples {

// Errors: ValueError for another symbol than the language has, and for less than two.
inline void record_symbols(Recorder& recorder, const Predictor& model, const Language& language,
                           const std::string& text) {
  std::vector<int64_t> ids;
  RecordedWords symbols, next;
  for (const char c : text) {
    ids.push_back(language.id(c)), symbols.emplace_back(1, c);
    if (language.symbols.find(c) == std::string::npos)
      throw ValueError(fmt::format("--look: '{}' is no symbol of {}; they are {}", c, language.name, language.symbols));
  }
  if (ids.size() < 2) throw ValueError("--look: need at least two symbols");
  next.assign(symbols.begin() + 1, symbols.end());
  const auto T = static_cast<int64_t>(ids.size());
  const Tensor all = from(ids, {1, T}), given = slice(all, 1, 0, T - 1), wanted = slice(all, 1, 1);
  symbols.pop_back();
  RecordedSample sample{.title = text, .texts = {{"symbols", symbols}, {"next", next}}, .queries = "symbols"};
  if (model.stack) sample.texts.emplace_back("action", action_names(*model.stack)), sample.keys = "action";
  recorder.sample(sample, [&](Recorded& seen) {
    PredictorState state;
    if (model.stack) state.stack = model.stack->initial_state(1, std::max<int64_t>(T, 8));
    const Tensor logits = model(given, state), p = softmax(logits.detach(), -1);
    RecordedWords answers;
    for (int64_t t = 0; t + 1 < T; ++t)
      answers.emplace_back(1, language.symbols[static_cast<size_t>(argmax(p, -1).at<int64_t>({0, t}))]);
    seen.text("foretold", answers);
    seen.matrix("probability of each symbol", transpose(select(p, 0, 0), 0, 1), {"symbol", "symbols"});
    return cross_entropy(logits, contiguous(wanted));
  });
}

}  // namespace fovea::examples
