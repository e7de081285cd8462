// Sequences of bits, by a Neural Turing Machine with the tasks and the loss of examples/copy.
#include <fmt/format.h>
#include <fovea/autograd/mode.h>

#include "examples/copy/answers.h"
#include "examples/playground/learner.h"

namespace fovea::examples {
namespace {

// Time runs across, channels or slots down.
Heatmap over_time(const Tensor& rows, std::string title, std::string row_title) {
  return {.grid = grid_of(contiguous(transpose(rows, 0, 1))),
          .title = std::move(title),
          .row_title = std::move(row_title),
          .column_title = "step"};
}

class MachineLearner final : public Learner {
 public:
  MachineLearner(const PlaygroundSettings& s, Generator& initial)
      : task_(make_task(s.task)),
        machine_(NeuralTuringMachine({.input_size = task_.inputs,
                                      .output_size = task_.outputs,
                                      .hidden_size = s.hidden,
                                      .slots = s.slots,
                                      .width = s.width,
                                      .heads = s.heads},
                                     initial)) {}

  Module& model() override { return machine_; }

  LearnerLoss loss(const PlaygroundSettings& settings, Generator& data) override {
    const Bits fresh = task_.make(settings.batch, task_.draw_length(longest(settings), data), data);
    const Tensor loss = binary_cross_entropy_with_logits(answers_of(machine_, fresh), fresh.target);
    return {loss, loss.item()};
  }

  LearnerAccuracy accuracy(const PlaygroundSettings& settings, int64_t count, Generator data) const override {
    const NoGrad quiet;
    const Bits fresh = task_.make(count, longest(settings), data);
    const Tensor wrong = to(wrong_bits(answers_of(machine_, fresh), fresh.target), f64),
                 most = max(flatten(wrong, 1), 1);
    return {100 - 100 * mean(most).item(), 100 - 100 * mean(wrong).item()};
  }

  // Input and answer above what the heads write and read, on one axis of time.
  std::vector<Heatmap> look(const PlaygroundSettings& settings, Generator data) const override {
    const NoGrad quiet;
    const Bits fresh = task_.make(1, longest(settings), data);
    MachineTrace trace;
    const Tensor output = sigmoid(machine_(fresh.input, 0, &trace));  // [1, T, O]
    const int64_t T = output.size(1), answers = fresh.target.size(1);
    const Tensor steps = fresh.steps.defined() ? fresh.steps : arange(T - answers, T);
    const Tensor given = index_add(zeros_like(output), 1, steps, index_select(output, 1, steps));
    std::vector<Heatmap> panels{over_time(select(fresh.input, 0, 0), "input", "channel"),
                                over_time(select(given, 0, 0), "answer", "bit")};
    const double wrong = sum(wrong_bits(logit_of(index_select(output, 1, steps)), fresh.target)).item();
    panels.back().note = fmt::format("{} of {} bits wrong", wrong, fresh.target.numel());
    const int64_t heads = trace.read_weights.size(1);
    for (int64_t h = 0; h < heads; ++h) {
      const std::string head = heads > 1 ? fmt::format(", head {}", h + 1) : "";
      panels.push_back(over_time(select(trace.write_weights, 1, h), "write weights" + head, "slot"));
      panels.push_back(over_time(select(trace.read_weights, 1, h), "read weights" + head, "slot"));
    }
    return panels;
  }

 private:
  int64_t longest(const PlaygroundSettings& settings) const { return std::max(task_.min_length, settings.length); }
  static Tensor logit_of(const Tensor& p) { return p - full({}, 0.5); }  // its sign is all that is asked for

  Task task_;
  MemoryMachine<NeuralTuringMachine> machine_;
};

}  // namespace

std::unique_ptr<Learner> make_machine_learner(const PlaygroundSettings& settings, Generator& initial) {
  return std::make_unique<MachineLearner>(settings, initial);
}

}  // namespace fovea::examples
