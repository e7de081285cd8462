// What learns the tasks, by one call: a Neural Turing Machine, a differentiable neural computer, or an LSTM without a
// memory, as the papers set it beside them.
#pragma once

#include <fovea/layers/memory/dnc.h>
#include <fovea/layers/memory/ntm.h>
#include <fovea/layers/recurrent/recurrent.h>

namespace fovea::examples {

// Of sequence 0, for pictures; undefined where there is no memory.
struct MachineTrace {
  Tensor write_weights, read_weights;  // [T, H, N]
  Tensor memory;                       // [M, N], after the last step
  // Of a differentiable neural computer alone:
  Tensor usage, allocation;  // [T, N]
  Tensor gates;              // [T, 2 + R]: of writing, of allocation, of what each head frees
  Tensor modes;              // [T, R, 3]: backward, content, forward
};

class Machine : public Module {
 public:
  // x [B, T, I] -> logits of the last `answers` steps, 0: of all, [B, answers, O].
  virtual Tensor operator()(const Tensor& x, int64_t answers, MachineTrace* trace = nullptr) const = 0;
};

// M has a memory: NeuralTuringMachine, DifferentiableNeuralComputer.
template <class M>
class MemoryMachine final : public Machine {
 public:
  explicit MemoryMachine(M machine) : machine_(std::move(machine)) {}
  void members(Members& m) override { machine_.members(m); }
  Tensor operator()(const Tensor& x, int64_t answers, MachineTrace* trace) const override {
    if (trace == nullptr) return machine_(x, answers);
    std::vector<typename M::State> states;
    Tensor y = machine_(x, answers, &states);
    std::vector<Tensor> writes, reads;
    for (const auto& state : states) {
      writes.push_back(of_heads(state.write_weights));
      reads.push_back(of_heads(state.read_weights));
    }
    *trace = {stack(writes, 0), stack(reads, 0), select(states.back().memory, 0, 0), {}, {}, {}, {}};
    if constexpr (std::is_same_v<M, DifferentiableNeuralComputer>) trace_gates(states, *trace);
    return y;
  }

 private:
  void trace_gates(const std::vector<typename M::State>& states, MachineTrace& trace) const {
    std::vector<Tensor> usage, allocation, gates, modes;
    for (const auto& state : states) {
      const auto says = machine_.interface(state.controller.hidden);
      usage.push_back(select(state.usage, 0, 0));
      allocation.push_back(select(M::allocation(state.usage), 0, 0));
      gates.push_back(select(cat({says.g_w, says.g_a, says.f}, 1), 0, 0));
      modes.push_back(select(says.pi, 0, 0));
    }
    trace.usage = stack(usage, 0), trace.allocation = stack(allocation, 0);
    trace.gates = stack(gates, 0), trace.modes = stack(modes, 0);
  }
  // Of sequence 0, with its one head where they are not numbered: [H, N].
  static Tensor of_heads(const Tensor& weights) {
    return weights.dim() == 2 ? slice(weights, 0, 0, 1) : select(weights, 0, 0);
  }
  M machine_;
};

class LstmMachine final : public Machine {
 public:
  LstmMachine(int64_t inputs, int64_t outputs, int64_t hidden, int64_t layers, Generator& generator)
      : lstm_("lstm", {.input_size = inputs, .hidden_size = hidden, .layers = layers}, generator),
        output_(hidden, outputs, true, generator) {}
  void members(Members& m) override { m("lstm", lstm_)("output", output_); }
  Tensor operator()(const Tensor& x, int64_t answers, MachineTrace*) const override {
    const Tensor h = lstm_(x).output;
    return output_(answers == 0 ? h : slice(h, 1, h.size(1) - answers));
  }

 private:
  Recurrent lstm_;
  Linear output_;
};

}  // namespace fovea::examples
