// What foretells the next symbol: a stack RNN, with stacks or with lists, or beside it an RNN or an LSTM.
#pragma once

#include <fovea/layers/linear.h>
#include <fovea/layers/memory/stack_rnn.h>
#include <fovea/layers/recurrent/recurrent.h>

#include <optional>

namespace fovea::examples {

// One of the two.
struct PredictorState {
  StackRnn::State stack{};
  State cell{};
  template <class Visit>
  void tensors(Visit&& visit) {
    visit("stack", stack), visit("cell.hidden", cell.hidden, 1), visit("cell.cell", cell.cell, 1);
  }
};

class Predictor final : public Module {
 public:
  Predictor(int64_t symbols, const StackRnnOptions& options, Generator& generator)
      : symbols_(symbols), output_(options.hidden_size, symbols, true, generator) {
    stack.emplace(options, generator);
  }
  Predictor(int64_t symbols, const std::string& cell, int64_t hidden_size, Generator& generator)
      : symbols_(symbols), output_(hidden_size, symbols, true, generator) {
    cell_.emplace(cell, RecurrentOptions{.input_size = symbols, .hidden_size = hidden_size}, generator);
  }
  void members(Members& m) override { m("stack", stack)("cell", cell_)("output", output_); }

  // ids i64 [B, T] -> logits of the symbol that follows each, [B, T, V]. The state moves on; at first it is empty. The
  // generator serves the noise of training.
  Tensor operator()(const Tensor& ids, PredictorState& state, Generator& generator = default_generator()) const {
    const Tensor x = to(eq(unsqueeze(ids, 2), arange(symbols_)), output_.weight->dtype());  // one-hot [B, T, V]
    if (!stack) {
      RecurrentOutput y = (*cell_)(x, state.cell);
      state.cell = std::move(y.state);
      return output_(y.output);
    }
    Stepped<StackRnn::State> y = (*stack)(x, std::move(state.stack), generator);
    state.stack = std::move(y.state);
    return output_(y.output);
  }

  std::optional<StackRnn> stack;

 private:
  int64_t symbols_;
  std::optional<Recurrent> cell_;
  Linear output_;
};

}  // namespace fovea::examples
