#include <fmt/format.h>
#include <fovea/layers/attention/lstmn.h>
#include <fovea/layers/init.h>

namespace fovea {

Lstmn::Lstmn(int64_t input_size, int64_t hidden_size, Generator& generator) {
  if (input_size < 1 || hidden_size < 1)
    throw ValueError(fmt::format("Lstmn: input_size {}, hidden_size {}; need at least 1", input_size, hidden_size));
  const int64_t inputs = input_size, hidden = hidden_size;
  const auto fresh = [&](const Shape& shape) { return Parameter(init::uniform_fan(shape, hidden, generator)); };
  weight_ih = fresh({4 * hidden, inputs});
  weight_hh = fresh({4 * hidden, hidden});
  bias_ih = fresh({4 * hidden});
  bias_hh = fresh({4 * hidden});
  tape_weight = fresh({hidden, hidden});
  input_weight = fresh({hidden, inputs});
  previous_weight = fresh({hidden, hidden});
  v = fresh({hidden});
}

void Lstmn::members(Members& m) {
  m("weight_ih", weight_ih)("weight_hh", weight_hh)("bias_ih", bias_ih)("bias_hh", bias_hh);
  m("tape_weight", tape_weight)("input_weight", input_weight)("previous_weight", previous_weight)("v", v);
}

Lstmn::Output Lstmn::operator()(const Tensor& x, const Tensor& lengths) const {
  if (!x.defined() || x.dim() != 3 || x.size(2) != weight_ih->size(1) || x.size(1) < 1)
    throw ShapeError(fmt::format("Lstmn: x is {}; need [B, T, {}] with T >= 1", describe(x), weight_ih->size(1)));
  const Tensor gates = input_gates(without_padding(x, lengths));  // [B, T, 5H]
  const Stepped<State> y = drive(*this, gates, initial_state(x.size(0)), {.lengths = lengths});
  std::vector<Tensor> cells;
  for (const Entry& entry : y.state.tape) cells.push_back(slice(entry.both, 1, v->size(0)));
  return {y.output, without_padding(stack(cells, 1), lengths)};
}

}  // namespace fovea
