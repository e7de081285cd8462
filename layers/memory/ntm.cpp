#include <fmt/format.h>
#include <fovea/autograd/ntm.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/shared_weights.h>
#include <fovea/layers/init.h>
#include <fovea/layers/memory/ntm.h>

namespace fovea {
namespace {

// Parameters of one head: key, strength, gate, shifts, sharpening.
int64_t address_size(const NtmOptions& o) { return o.width + 3 + 2 * o.shift + 1; }

const NtmOptions& checked(const NtmOptions& o) {
  if (o.inputs < 1 || o.outputs < 1 || o.hidden < 1 || o.slots < 1 || o.width < 1 || o.heads < 1 || o.shift < 0)
    throw ValueError(
        fmt::format("NeuralTuringMachine: inputs {}, outputs {}, hidden {}, slots {}, width {}, heads {}, shift {}; "
                    "need all at least 1, shift at least 0",
                    o.inputs, o.outputs, o.hidden, o.slots, o.width, o.heads, o.shift));
  return o;
}

}  // namespace

NeuralTuringMachine::NeuralTuringMachine(const NtmOptions& o, Generator& generator)
    : options_(checked(o)),
      heads_(o.hidden, 2 * o.heads * (address_size(o) + o.width), true, generator),
      output_(o.hidden + o.heads * o.width, o.outputs, true, generator) {
  const int64_t in = o.inputs + o.heads * o.width;
  if (o.controller == NtmOptions::Controller::lstm)
    lstm_.emplace(in, o.hidden, generator);
  else
    feed_forward_.emplace(in, o.hidden, true, generator);
  if (o.learned_memory) memory_ = Parameter(init::uniform_fan({o.width, o.slots}, o.width, generator));
}

void NeuralTuringMachine::members(Members& m) {
  m("lstm", lstm_)("feed_forward", feed_forward_)("heads", heads_)("output", output_)("memory", memory_);
}

NeuralTuringMachine::State NeuralTuringMachine::initial_state(int64_t batch) const {
  const NtmOptions& o = options_;
  const DType dtype = output_.weight->dtype();
  Tensor first = zeros({batch, o.heads, o.slots}, dtype);
  select(first, 2, 0).fill_(1);
  const Shape shape = {batch, o.width, o.slots};
  const Tensor memory = memory_.defined() ? expand(memory_, shape) : full(shape, 1e-6, dtype);
  return {lstm_ ? lstm_->initial_state(batch) : fovea::State{}, memory, first, clone(first),
          zeros({batch, o.heads * o.width}, dtype)};
}

Tensor NeuralTuringMachine::step(const Tensor& x, State& state) const {
  const NtmOptions& o = options_;
  if (!x.defined() || x.dim() != 2 || x.shape()[1] != o.inputs || !state.read.defined() ||
      state.read.size(0) != x.shape()[0])
    throw ShapeError(
        fmt::format("NeuralTuringMachine: x is {}, what the state read {}; need [B, {}] and initial_state(B)",
                    describe(x), describe(state.read), o.inputs));
  const int64_t B = x.size(0), H = o.heads, A = address_size(o), M = o.width;
  const Tensor in = cat({x, state.read}, 1);  // [B, I + H M]
  const Tensor h = lstm_ ? (*lstm_)(in, state.controller) : tanh((*feed_forward_)(in));
  const std::vector<Tensor> part = split(heads_(h), {H * A, H * A, H * M, H * M}, 1);
  const Tensor erase = reshape(sigmoid(part[2]), {B, H, M}), add = reshape(tanh(part[3]), {B, H, M});

  state.write_weights =
      ntm_address(reshape(part[1], {B, H, A}), state.memory, state.write_weights);  // (5)-(9) [B, H, N]
  state.memory = ntm_write(state.memory, state.write_weights, erase, add);          // (3), (4) [B, M, N]
  state.read_weights = ntm_address(reshape(part[0], {B, H, A}), state.memory, state.read_weights);  // (5)-(9) [B, H, N]
  state.read = reshape(ntm_read(state.memory, state.read_weights), {B, H * M});                     // (2)
  return cat({h, state.read}, 1);
}

Tensor NeuralTuringMachine::operator()(const Tensor& x, int64_t answers, Trace* trace) const {
  if (!x.defined() || x.dim() != 3 || x.size(2) != options_.inputs || x.size(1) < 1 || answers < 0 ||
      answers > x.size(1))
    throw ShapeError(
        fmt::format("NeuralTuringMachine: x is {}, answers {}; need [B, T, {}] with T >= 1 and 0 <= answers <= T",
                    describe(x), answers, options_.inputs));
  const int64_t T = x.size(1), first = answers == 0 ? 0 : T - answers;
  if (trace != nullptr) *trace = {};
  const SharedWeights shared;
  State state = initial_state(x.size(0));
  std::vector<Tensor> features;
  for (int64_t t = 0; t < T; ++t) {
    const Tensor feature = step(select(x, 1, t), state);
    if (t >= first) features.push_back(feature);
    if (trace == nullptr) continue;
    trace->read_weights.push_back(state.read_weights.detach());
    trace->write_weights.push_back(state.write_weights.detach());
  }
  if (trace != nullptr) trace->memory = state.memory.detach();
  return output_(stack(features, 1));  // [B, answers, outputs]
}

}  // namespace fovea
