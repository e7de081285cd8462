#include <fmt/format.h>
#include <fovea/layers/memory/dnc.h>

namespace fovea {
namespace {

const DncOptions& checked(const DncOptions& o) {
  constexpr const char* name = "DifferentiableNeuralComputer";
  check_sizes(name, {{"input_size", o.input_size}, {"output_size", o.output_size}, {"hidden_size", o.hidden_size}});
  check_sizes(name, {{"slots", o.slots}, {"width", o.width}, {"heads", o.heads}});
  return o;
}

}  // namespace

DifferentiableNeuralComputer::DifferentiableNeuralComputer(const DncOptions& o, Generator& generator)
    : options_(checked(o)),
      interface_(o.hidden_size, 3 * o.width + 3 + o.heads * (o.width + 5), true, generator),
      output_(o.hidden_size + o.heads * o.width, o.output_size, true, generator),
      controller_(make_cell(o.controller, {o.input_size + o.heads * o.width, o.hidden_size}, generator)) {}

DifferentiableNeuralComputer::State DifferentiableNeuralComputer::initial_state(int64_t batch) const {
  const DncOptions& o = options_;
  const auto none = [&](const Shape& shape) { return zeros(shape, output_.weight->dtype()); };
  const Tensor of_slots = none({batch, o.slots});
  return {controller_->initial_state(batch),
          none({batch, o.width, o.slots}),
          of_slots,
          of_slots,
          none({batch, o.slots, o.slots}),
          of_slots,
          none({batch, o.heads, o.slots}),
          none({batch, o.heads * o.width})};
}

Tensor DifferentiableNeuralComputer::allocation(const Tensor& usage) {
  constexpr double epsilon = 1e-6;
  const auto [u, order] = sort(epsilon + (1 - epsilon) * usage, 1);  // u[φ]
  const Tensor product = cumprod(u, 1);
  const Tensor before = cat({ones({u.size(0), 1}, u.dtype()), slice(product, 1, 0, u.size(1) - 1)}, 1);
  return gather((1.0 - u) * before, 1, argsort(order, 1));  // (3)
}

Tensor DifferentiableNeuralComputer::linked(const Tensor& links, const Tensor& precedence,
                                            const Tensor& write_weights) {
  const Tensor after = unsqueeze(write_weights, 2), before = unsqueeze(write_weights, 1);  // w^w[i], w^w[j]
  const Tensor L = (1.0 - after - before) * links + after * unsqueeze(precedence, 1);      // (7)
  return L * (1.0 - eye(links.size(1), links.dtype()));
}

void DifferentiableNeuralComputer::report(const NamedTensors& parts) const {
  for (const auto& [name, x] : parts) report_trace(path().empty() ? name : path() + "." + name, x);
}

void DifferentiableNeuralComputer::check_step(const Tensor& x, const State& state) const {
  if (!x.defined() || x.dim() != 2 || x.size(1) != options_.input_size || !state.read.defined() ||
      state.read.size(0) != x.size(0))
    throw ShapeError(
        fmt::format("DifferentiableNeuralComputer: x is {}, what the state read {}; need [B, {}] and initial_state(B)",
                    describe(x), describe(state.read), options_.input_size));
}

}  // namespace fovea
