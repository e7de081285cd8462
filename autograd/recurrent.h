// Recurrent cells, whole sequences and single steps: fused ops, each beside its plain formula in
// autograd/ops/{lstm,gru, rnn}.cpp. ReferenceMode and second derivatives run the plain formula. One layer, one
// direction; layers/recurrent builds on these.
//   LSTM [i|f|g|o] = x W_ihᵀ + b_ih + h W_hhᵀ + b_hh     c' = σ(f) c + σ(i) tanh(g)     h' = σ(o) tanh(c')
//        Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000
//   GRU  r = σ(x W_irᵀ + b_ir + h W_hrᵀ + b_hr)           z likewise
//        n = tanh(x W_inᵀ + b_in + r (h W_hnᵀ + b_hn))     h' = (1 - z) n + z h            Cho et al. 2014
//   RNN  h' = tanh(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh), or relu                               Elman 1990
// Shapes: x [B, T, I], weight_ih [G H, I], weight_hh [G H, H], biases [G H] or undefined, states [B, H] or undefined
// (zeros), output [B, T, H]; G = 4, 3, 1 gates in PyTorch's order.
// Lengths: past a sequence's length the state stays what it was, the output is zero, and x is not looked at. With
// `reverse` time runs from the last valid step to the first.
// Errors: ShapeError, DTypeError, IndexError for a length outside [0, T]. Same bits for any number of threads.
#pragma once

#include <fovea/core/tensor.h>

namespace fovea {

struct SequenceOptions {
  bool reverse = false;
  Tensor lengths;  // i64 [B]; undefined: all T
};

struct RecurrentWeights {
  const Tensor &ih, &hh, &bias_ih, &bias_hh;
};

struct LstmStep {
  Tensor hidden, cell;  // [B, H]
};
struct LstmSequence {
  Tensor output;        // [B, T, H]
  Tensor hidden, cell;  // after the last step, [B, H]
};
struct HiddenSequence {
  Tensor output, hidden;
};

LstmSequence lstm_sequence(const Tensor& x, const Tensor& hidden, const Tensor& cell, const RecurrentWeights& weights,
                           const SequenceOptions& options = {});
// reset_before: n = tanh(x W_inᵀ + b_in + (r h) W_hnᵀ + b_hn), as in Cho et al. 2014; runs the plain formula.
HiddenSequence gru_sequence(const Tensor& x, const Tensor& hidden, const RecurrentWeights& weights,
                            const SequenceOptions& options = {}, bool reset_before = false);
HiddenSequence rnn_sequence(const Tensor& x, const Tensor& hidden, const RecurrentWeights& weights,
                            const SequenceOptions& options = {}, bool relu = false);

// One step from summed gates [B, 4H] (in the order i f g o) and the cell before.
LstmStep lstm_cell(const Tensor& gates, const Tensor& cell);
// One step from both halves of the gates, x W_ihᵀ + b_ih and h W_hhᵀ + b_hh, each [B, 3H] in the order r z n.
Tensor gru_cell(const Tensor& input_gates, const Tensor& hidden_gates, const Tensor& hidden);

}  // namespace fovea
