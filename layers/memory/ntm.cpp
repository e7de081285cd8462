#include <fmt/format.h>
#include <fovea/layers/init.h>
#include <fovea/layers/memory/ntm.h>

namespace fovea {
namespace {

const NtmOptions& checked(const NtmOptions& o) {
  check_sizes("NeuralTuringMachine", {{"input_size", o.input_size}, {"output_size", o.output_size}});
  check_sizes("NeuralTuringMachine", {{"hidden_size", o.hidden_size}, {"slots", o.slots}, {"width", o.width}});
  check_sizes("NeuralTuringMachine", {{"heads", o.heads}, {"shift + 1", o.shift + 1}});
  return o;
}

}  // namespace

NeuralTuringMachine::NeuralTuringMachine(const NtmOptions& o, Generator& generator)
    : options_(checked(o)),
      heads_(o.hidden_size, 2 * o.heads * (address_size() + o.width), true, generator),
      output_(o.hidden_size + o.heads * o.width, o.output_size, true, generator),
      controller_(make_cell(o.controller, {o.input_size + o.heads * o.width, o.hidden_size}, generator)) {
  if (o.learned_memory) memory_ = Parameter(init::uniform_fan({o.width, o.slots}, o.width, generator));
}

NeuralTuringMachine::State NeuralTuringMachine::initial_state(int64_t batch) const {
  const NtmOptions& o = options_;
  const DType dtype = output_.weight->dtype();
  Tensor focus = zeros({batch, o.heads, o.slots}, dtype);
  select(focus, 2, 0).fill_(1);
  const Shape shape = {batch, o.width, o.slots};
  const Tensor memory = memory_.defined() ? expand(memory_, shape) : full(shape, 1e-6, dtype);
  return {controller_->initial_state(batch), memory, focus, clone(focus), zeros({batch, o.heads * o.width}, dtype)};
}

void NeuralTuringMachine::check_step(const Tensor& x, const State& state) const {
  if (!x.defined() || x.dim() != 2 || x.size(1) != options_.input_size || !state.read.defined() ||
      state.read.size(0) != x.size(0))
    throw ShapeError(
        fmt::format("NeuralTuringMachine: x is {}, what the state read {}; need [B, {}] and initial_state(B)",
                    describe(x), describe(state.read), options_.input_size));
}

}  // namespace fovea
