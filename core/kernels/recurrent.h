// Kernels of recurrent sequences and steps (equations in autograd/recurrent.h). All arrays are contiguous, f32 or f64.
//
// Rows of the batch are cut into blocks of eight; a block runs all its steps on one thread, so results do not depend on
// the number of threads and steps need no barrier. Weights are packed once; products with x and weight gradients span
// all steps; nothing is allocated per step.
#pragma once

#include <cstdint>

namespace fovea::kernels {

struct SequenceShape {
  int64_t batch, time, input, hidden;
  bool reverse;
  const int64_t* lengths;  // [B], or null: all steps are valid
};

template <class T>
struct SequenceWeights {
  const T *ih, *hh;            // [G H, I], [G H, H]
  const T *bias_ih, *bias_hh;  // [G H], either may be null
};

// One call. Forward: output [B, T, H] is written, hidden and cell [B, H] are the initial states in and the final ones
// out. Backward: the gradients of all three, those of the states from final to initial; output may be null (zero).
template <class T>
struct SequenceRun {
  SequenceShape shape;
  SequenceWeights<T> weights;
  const T* x;        // [B, T, I]
  T* output;         // only read in backward
  T *hidden, *cell;  // cell: of an LSTM
};

// Where gradients go; any may be null.
template <class T>
struct SequenceGradients {
  T *x, *ih, *hh, *bias_ih, *bias_hh;
};

// What forward keeps for backward. `hidden_before` and the like hold the state before each step.
template <class T>
struct LstmTape {
  T* gates;          // [B, T, 4H] σ(i) σ(f) tanh(g) σ(o)
  T* hidden_before;  // [B, T, H]
  T* cell_before;    // [B, T, H]
  T* tanh_cell;      // [B, T, H]
};
template <class T>
struct GruTape {
  T* gates;          // [B, T, 3H] r z n
  T* hidden_part;    // [B, T, H] h W_hnᵀ + b_hn
  T* hidden_before;  // [B, T, H]
};
template <class T>
struct RnnTape {
  T* states;         // [B, T, H]
  T* hidden_before;  // [B, T, H]
};

template <class T>
void lstm_forward(const SequenceRun<T>& run, const LstmTape<T>& tape);
template <class T>
void lstm_backward(const SequenceRun<T>& run, const LstmTape<T>& tape, const SequenceGradients<T>& grads);
template <class T>
void gru_forward(const SequenceRun<T>& run, const GruTape<T>& tape);
template <class T>
void gru_backward(const SequenceRun<T>& run, const GruTape<T>& tape, const SequenceGradients<T>& grads);
template <class T>
void rnn_forward(const SequenceRun<T>& run, const RnnTape<T>& tape, bool relu);
template <class T>
void rnn_backward(const SequenceRun<T>& run, const RnnTape<T>& tape, bool relu, const SequenceGradients<T>& grads);

// One step of `rows` rows. gates: sums in, activations out. cell: before in, after out.
template <class T>
void lstm_cell_forward(int64_t rows, int64_t hidden, T* gates, T* cell, T* tanh_cell, T* output);
// grad_hidden may be null (zero). grad_cell: of the new cell in, of the old one out.
template <class T>
void lstm_cell_backward(int64_t rows, int64_t hidden, const T* gates, const T* cell_before, const T* tanh_cell,
                        const T* grad_hidden, T* grad_cell, T* grad_gates);
// gates: x's half in, r z n out; hidden_gates: h's half.
template <class T>
void gru_cell_forward(int64_t rows, int64_t hidden, T* gates, const T* hidden_gates, const T* before, T* output);
template <class T>
void gru_cell_backward(int64_t rows, int64_t hidden, const T* gates, const T* hidden_gates, const T* before,
                       const T* grad_output, T* grad_gates, T* grad_hidden_gates, T* grad_before);

}  // namespace fovea::kernels
