#include <fmt/format.h>
#include <fovea/autograd/attention.h>
#include <fovea/autograd/recurrent.h>
#include <fovea/layers/attention/lstmn.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/init.h>

namespace fovea {

Lstmn::Lstmn(int64_t inputs, int64_t hidden, Generator& generator) {
  if (inputs < 1 || hidden < 1)
    throw ValueError(fmt::format("Lstmn: inputs {}, hidden {}; need at least 1", inputs, hidden));
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
  const int64_t hidden = v->size(0), inputs = weight_ih->size(1);
  if (!x.defined() || x.dim() != 3 || x.size(2) != inputs || x.size(1) < 1)
    throw ShapeError(fmt::format("Lstmn: x is {}; need [B, T, {}] with T >= 1", describe(x), inputs));
  Tensor input = x, valid;
  if (lengths.defined()) {
    valid = query_padding_mask(lengths, x.size(1));  // [B, T, 1]
    input = where(valid, x, scalar(0, x.dtype()));   // what lies past a length is not looked at
  }
  const Tensor gates_x = linear(input, weight_ih, bias_ih), score_x = linear(input, input_weight);  // [B, T, .]
  Tensor read = zeros({x.size(0), hidden}, x.dtype()), remembered = read;                           // h̃, c̃
  std::vector<Tensor> hiddens, cells, tape, keys;  // h_i, c_i, [h_i ; c_i], W_h h_i
  for (int64_t t = 0; t < x.size(1); ++t) {
    if (t > 0) {
      const Tensor query = unsqueeze(select(score_x, 1, t) + linear(read, previous_weight), 1);  // [B, 1, H]
      const Tensor s = softmax(additive_score(query, stack(keys, 1), v), -1);                    // (1), (2) [B, 1, t]
      report_weights(*this, s);
      const Tensor found = squeeze(matmul(s, stack(tape, 1)), 1);  // (3) [B, 2H]
      read = slice(found, 1, 0, hidden);
      remembered = slice(found, 1, hidden);
    }
    const LstmStep step = lstm_cell(select(gates_x, 1, t) + linear(read, weight_hh, bias_hh), remembered);  // (4)-(6)
    hiddens.push_back(step.hidden);
    cells.push_back(step.cell);
    tape.push_back(cat({step.hidden, step.cell}, 1));
    keys.push_back(linear(step.hidden, tape_weight));
  }
  Output out{stack(hiddens, 1), stack(cells, 1)};
  if (!lengths.defined()) return out;
  const Tensor zero = scalar(0, x.dtype());
  return {where(valid, out.hidden, zero), where(valid, out.cell, zero)};
}

}  // namespace fovea
