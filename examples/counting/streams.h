// Parallel streams of sentences, cut into windows: sentence follows sentence without a boundary, and a window begins
// where the one before it ended. The network's state at that place is kept here, so that a checkpoint has both.
//
//   ids          i64 [B, T]    symbols
//   next         i64 [B, T]    the symbol that follows each
//   determined   bool [B, T]   whether `next` is determined
#pragma once

#include <fovea/autograd/ops.h>
#include <fovea/optim/saved_state.h>

#include "examples/counting/languages.h"
#include "examples/counting/predictor.h"

namespace fovea::examples {

struct StreamWindow {
  Tensor ids{}, next{}, determined{};
};

class Streams final : public Saveable {
 public:
  Streams(const Language& language, int64_t count) : language_(language), waiting_(static_cast<size_t>(count)) {}

  void begin_anew() {
    for (Word& row : waiting_) row = {};
    state = {};
  }

  // Sentences that begin in it have sizes up to `longest`.
  StreamWindow next(int64_t steps, int64_t longest, Generator& generator) {
    const auto B = static_cast<int64_t>(waiting_.size());
    std::vector<int64_t> ids, next, determined;
    for (Word& row : waiting_) {
      while (static_cast<int64_t>(row.text.size()) <= steps) {
        const Word more = language_.make(generator.randint(language_.min_size, longest + 1), generator);
        row.text += more.text;
        row.determined.insert(row.determined.end(), more.determined.begin(), more.determined.end());
      }
      for (size_t t = 0; t < static_cast<size_t>(steps); ++t) {
        ids.push_back(language_.id(row.text[t]));
        next.push_back(language_.id(row.text[t + 1]));
        determined.push_back(row.determined[t + 1] ? 1 : 0);
      }
      row.text.erase(0, static_cast<size_t>(steps));
      row.determined.erase(row.determined.begin(), row.determined.begin() + steps);
    }
    return {from(ids, {B, steps}), from(next, {B, steps}), gt(from(determined, {B, steps}), 0.0)};
  }

  SavedState saved_state() const override {
    SavedState saved{named_tensors(state), {}};
    for (auto& [name, tensor] : saved.tensors) tensor = clone(tensor);
    for (size_t b = 0; b < waiting_.size(); ++b) {
      std::string marks;
      for (const bool mark : waiting_[b].determined) marks += mark ? '1' : '0';
      saved.metadata[fmt::format("text{}", b)] = waiting_[b].text;
      saved.metadata[fmt::format("determined{}", b)] = marks;
    }
    return saved;
  }
  std::function<void()> prepare_load(const SavedState& saved) override {
    std::vector<Word> loaded(waiting_.size());
    for (size_t b = 0; b < loaded.size(); ++b) {
      loaded[b].text = text_of(saved.metadata, fmt::format("text{}", b));
      for (const char mark : text_of(saved.metadata, fmt::format("determined{}", b)))
        loaded[b].determined.push_back(mark == '1');
      const bool known = loaded[b].text.find_first_not_of(language_.symbols) == std::string::npos;
      if (!known || loaded[b].text.size() != loaded[b].determined.size())
        throw FileError(fmt::format("streams: row {} is no text of {}", b, language_.name));
    }
    PredictorState there;
    load_tensors(there, saved.tensors);
    return [this, loaded = std::move(loaded), there]() mutable {
      waiting_.swap(loaded);
      state = there;
    };
  }

  PredictorState state{};  // off the tape

 private:
  const Language& language_;
  std::vector<Word> waiting_;
};

}  // namespace fovea::examples
