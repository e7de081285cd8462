#include <fmt/format.h>
#include <fovea/layers/check.h>
#include <fovea/layers/init.h>
#include <fovea/layers/memory/stack_rnn.h>

namespace fovea {
namespace {

const StackRnnOptions& checked(const StackRnnOptions& o) {
  check_sizes("StackRnn", {{"input_size", o.input_size}, {"hidden_size", o.hidden_size}, {"stacks", o.stacks}});
  check_sizes("StackRnn", {{"read", o.read}, {"capacity", o.capacity}});
  if (!(o.noise >= 0)) throw ValueError(fmt::format("StackRnn: noise is {}; need a number >= 0", o.noise));
  return o;
}

}  // namespace

StackRnn::StackRnn(const StackRnnOptions& o, Generator& generator)
    : rounding(o.rounding), noise(o.noise), options_(checked(o)) {
  const int64_t seen = o.input_size + o.stacks * o.read + (o.recurrent ? o.hidden_size : 0);
  const auto fresh = [&](int64_t rows, int64_t fan) {
    return Parameter(init::uniform_fan({rows, fan}, fan, generator).mul_(4));
  };
  input = fresh(o.hidden_size, seen);
  control = fresh(o.stacks * (actions() + 1), o.hidden_size);
}

StackRnn::State StackRnn::initial_state(int64_t batch, int64_t capacity) const {
  const int64_t least = options_.list ? 2 * options_.read : options_.read;
  if (capacity < least)
    throw ValueError(fmt::format("StackRnn: capacity is {}; need at least {}, of which {} cells are read", capacity,
                                 least, options_.read));
  const DType dtype = input->dtype();
  return {zeros({batch, options_.hidden_size}, dtype), full({batch, options_.stacks, capacity}, -1, dtype)};
}

void StackRnn::check_step(const Tensor& x, const State& state) const {
  const auto& o = options_;
  if (!x.defined() || x.dim() != 2 || x.size(1) != o.input_size || !state.stacks.defined() || state.stacks.dim() != 3 ||
      state.stacks.size(0) != x.size(0) || state.stacks.size(1) != o.stacks)
    throw ShapeError(
        fmt::format("StackRnn: x is {}, the stacks are {}; need [B, {}] and [B, {}, p], which initial_state(B) gives",
                    describe(x), describe(state.stacks), o.input_size, o.stacks));
}

void StackRnn::check_sequence(const Tensor& x) const {
  check_features(*this, "StackRnn", "x", x, 3, options_.input_size, 1);
}

}  // namespace fovea
