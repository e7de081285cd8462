#include <fovea/core/kernels/recurrent.h>
#include <fovea/core/kernels/recurrent_rows.h>
#include <fovea/core/kernels/small_gemm.h>
#include <fovea/core/parallel.h>

#include <algorithm>

namespace fovea::kernels {
namespace {

constexpr int64_t kBlock = 8;  // rows of the batch that run together

int64_t blocks_of(const SequenceShape& s) { return (s.batch + kBlock - 1) / kBlock; }

// body(block, first row, rows) for each block of the batch.
template <class Body>
void for_blocks(const SequenceShape& s, Body&& body) {
  parallel_chunks(blocks_of(s), [&](int64_t block) {
    const int64_t begin = block * kBlock;
    body(block, begin, std::min(kBlock, s.batch - begin));
  });
}

// body(t) for each time in the order of the sequence, or against it.
template <class Body>
void for_steps(const SequenceShape& s, bool against, Body&& body) {
  const bool down = s.reverse != against;
  for (int64_t step = 0; step < s.time; ++step) body(down ? s.time - 1 - step : step);
}

bool is_valid(const SequenceShape& s, int64_t b, int64_t t) { return s.lengths == nullptr || t < s.lengths[b]; }

// target = first + second, either null: zero.
template <class T>
void add_biases(int64_t n, const T* first, const T* second, T* target) {
  for (int64_t j = 0; j < n; ++j)
    target[j] = (first != nullptr ? first[j] : T(0)) + (second != nullptr ? second[j] : T(0));
}

// target [m, n] = g [rows, m]ᵀ x [rows, n], with rows of g ldg apart: one product over all steps.
template <class T>
void weight_gradient(int64_t rows, int64_t m, int64_t n, const T* g, int64_t ldg, const T* x, T* target) {
  constexpr int64_t kDepth = 2048, kGrain = 64;
  if (rows == 0) std::fill_n(target, m * n, T(0));
  for (int64_t first = 0; first < rows; first += kDepth) {
    const int64_t depth = std::min(kDepth, rows - first);
    const Scratch<T> packed(packed_size<T>(depth, n));
    pack(false, depth, n, x + first * n, n, packed.get());
    parallel_for(m, kGrain, [&](int64_t begin, int64_t end) {
      small_gemm(end - begin, n, depth, g + first * ldg + begin, 1, ldg, packed.get(), target + begin * n, n,
                 first > 0);
    });
  }
}

// target [n] = the sum of the blocks' sums, in their order.
template <class T>
void add_blocks(int64_t blocks, int64_t n, const T* sums, T* target) {
  if (target == nullptr) return;
  std::fill_n(target, n, T(0));
  for (int64_t block = 0; block < blocks; ++block) accumulate(n, sums + block * n, target);
}

// Forward. sums [B, T, G] get the inputs' part, all steps of a block at once. Then, a step at a time,
// product(hidden, rows, first) adds the hidden states' part for rows that stand `time` apart from `first` on, and
// row(b, at) makes the new states of row b from its sums, unless its sequence has ended. `at` counts over [B, T].
template <class T, class Product, class Row>
void run_forward(const SequenceRun<T>& run, int64_t G, T* sums, T* hidden_before, const Product& product,
                 const Row& row) {
  const SequenceShape& s = run.shape;
  const int64_t H = s.hidden;
  const Packed<T> ih(true, s.input, G, run.weights.ih, s.input);
  for_blocks(s, [&](int64_t, int64_t begin, int64_t rows) {
    const int64_t start = begin * s.time;
    ih.multiply(rows * s.time, run.x + start * s.input, s.input, sums + start * G, G, false);
    for_steps(s, false, [&](int64_t t) {
      product(run.hidden + begin * H, rows, start + t);
      for (int64_t b = begin; b < begin + rows; ++b) {
        const int64_t at = b * s.time + t;
        T *h = run.hidden + b * H, *output = run.output + at * H;
        std::copy_n(h, H, hidden_before + at * H);
        if (is_valid(s, b, t)) {
          row(b, at);
          std::copy_n(h, H, output);
        } else {
          std::fill_n(output, H, T(0));
        }
      }
    });
  });
}

// Backward, up to the gradients of x, W_ih and the biases. row(b, at, grad_output) makes the gradients of its sums from
// those of row b's states, product(grad_hidden, rows, first) takes them back through W_hh.
template <class T, class Product, class Row>
void run_backward(const SequenceRun<T>& run, int64_t G, T* sums, const SequenceGradients<T>& grads,
                  const Product& product, const Row& row) {
  const SequenceShape& s = run.shape;
  const int64_t H = s.hidden, blocks = blocks_of(s);
  const Packed<T> ih(false, G, s.input, run.weights.ih, s.input);
  const Scratch<T> bias(blocks * G);
  std::fill_n(bias.get(), blocks * G, T(0));
  for_blocks(s, [&](int64_t block, int64_t begin, int64_t rows) {
    const int64_t start = begin * s.time;
    for_steps(s, true, [&](int64_t t) {
      for (int64_t b = begin; b < begin + rows; ++b) {
        const int64_t at = b * s.time + t;
        if (is_valid(s, b, t)) {
          row(b, at, run.output == nullptr ? run.output : run.output + at * H);
          accumulate(G, sums + at * G, bias.get() + block * G);
        } else {
          std::fill_n(sums + at * G, G, T(0));
        }
      }
      product(run.hidden + begin * H, rows, start + t);
    });
    if (grads.x != nullptr) ih.multiply(rows * s.time, sums + start * G, G, grads.x + start * s.input, s.input, false);
  });
  if (grads.ih != nullptr) weight_gradient(s.batch * s.time, G, s.input, sums, G, run.x, grads.ih);
  add_blocks(blocks, G, bias.get(), grads.bias_ih);
  add_blocks(blocks, G, bias.get(), grads.bias_hh);
}

}  // namespace

// ---- LSTM ----

template <class T>
void lstm_forward(const SequenceRun<T>& run, const LstmTape<T>& tape) {
  const int64_t H = run.shape.hidden, G = 4 * H;
  const Packed<T> hh(true, H, G, run.weights.hh, H);
  const Scratch<T> bias(G);
  add_biases(G, run.weights.bias_ih, run.weights.bias_hh, bias.get());
  const auto product = [&](const T* hidden, int64_t rows, int64_t first) {
    hh.multiply(rows, hidden, H, tape.gates + first * G, run.shape.time * G, true);
  };
  run_forward(run, G, tape.gates, tape.hidden_before, product, [&](int64_t b, int64_t at) {
    T *h = run.hidden + b * H, *c = run.cell + b * H;
    std::copy_n(c, H, tape.cell_before + at * H);
    lstm_row(H, bias.get(), tape.gates + at * G, c, tape.tanh_cell + at * H, h);
  });
}

template <class T>
void lstm_backward(const SequenceRun<T>& run, const LstmTape<T>& tape, const SequenceGradients<T>& grads) {
  const int64_t H = run.shape.hidden, G = 4 * H, all = run.shape.batch * run.shape.time;
  const Packed<T> hh(false, G, H, run.weights.hh, H);
  const Scratch<T> gates(all * G);
  const auto product = [&](T* grad_hidden, int64_t rows, int64_t first) {
    hh.multiply(rows, gates.get() + first * G, run.shape.time * G, grad_hidden, H, true);
  };
  run_backward(run, G, gates.get(), grads, product, [&](int64_t b, int64_t at, const T* grad_output) {
    T* dh = run.hidden + b * H;
    lstm_row_backward(H, tape.gates + at * G, tape.cell_before + at * H, tape.tanh_cell + at * H, grad_output, dh,
                      run.cell + b * H, gates.get() + at * G);
    std::fill_n(dh, H, T(0));
  });
  if (grads.hh != nullptr) weight_gradient(all, G, H, gates.get(), G, tape.hidden_before, grads.hh);
}

template <class T>
void lstm_cell_forward(int64_t rows, int64_t H, T* gates, T* cell, T* tanh_cell, T* output) {
  for (int64_t b = 0; b < rows; ++b)
    lstm_row<T>(H, nullptr, gates + b * 4 * H, cell + b * H, tanh_cell + b * H, output + b * H);
}

template <class T>
void lstm_cell_backward(int64_t rows, int64_t H, const T* gates, const T* cell_before, const T* tanh_cell,
                        const T* grad_hidden, T* grad_cell, T* grad_gates) {
  for (int64_t b = 0; b < rows; ++b)
    lstm_row_backward<T>(H, gates + b * 4 * H, cell_before + b * H, tanh_cell + b * H, nullptr, grad_hidden + b * H,
                         grad_cell + b * H, grad_gates + b * 4 * H);
}

// ---- GRU ----

template <class T>
void gru_forward(const SequenceRun<T>& run, const GruTape<T>& tape) {
  const SequenceWeights<T>& w = run.weights;
  const int64_t H = run.shape.hidden, G = 3 * H, time = run.shape.time;
  const Packed<T> hh_rz(true, H, 2 * H, w.hh, H), hh_n(true, H, H, w.hh + 2 * H * H, H);
  const Scratch<T> bias(G), bias_n(H);
  add_biases(2 * H, w.bias_ih, w.bias_hh, bias.get());
  add_biases<T>(H, w.bias_ih == nullptr ? nullptr : w.bias_ih + 2 * H, nullptr, bias.get() + 2 * H);
  add_biases<T>(H, w.bias_hh == nullptr ? nullptr : w.bias_hh + 2 * H, nullptr, bias_n.get());
  const auto product = [&](const T* hidden, int64_t rows, int64_t first) {
    hh_rz.multiply(rows, hidden, H, tape.gates + first * G, time * G, true);
    hh_n.multiply(rows, hidden, H, tape.hidden_part + first * H, time * H, false);
  };
  run_forward(run, G, tape.gates, tape.hidden_before, product, [&](int64_t b, int64_t at) {
    T *h = run.hidden + b * H, *part = tape.hidden_part + at * H;
    accumulate(H, bias_n.get(), part);
    gru_row(H, bias.get(), tape.gates + at * G, part, h, h);
  });
}

template <class T>
void gru_backward(const SequenceRun<T>& run, const GruTape<T>& tape, const SequenceGradients<T>& grads) {
  const SequenceShape& s = run.shape;
  const int64_t H = s.hidden, G = 3 * H, all = s.batch * s.time, blocks = blocks_of(s);
  const T* hh = run.weights.hh;
  const Packed<T> hh_rz(false, 2 * H, H, hh, H), hh_n(false, H, H, hh + 2 * H * H, H);
  const Scratch<T> gates(all * G), parts(all * H), bias_n(blocks * H);
  if (s.lengths != nullptr) std::fill_n(parts.get(), all * H, T(0));
  std::fill_n(bias_n.get(), blocks * H, T(0));
  const auto product = [&](T* grad_hidden, int64_t rows, int64_t first) {
    hh_rz.multiply(rows, gates.get() + first * G, s.time * G, grad_hidden, H, true);
    hh_n.multiply(rows, parts.get() + first * H, s.time * H, grad_hidden, H, true);
  };
  run_backward(run, G, gates.get(), grads, product, [&](int64_t b, int64_t at, const T* grad_output) {
    T* part = parts.get() + at * H;
    gru_row_backward(H, tape.gates + at * G, tape.hidden_part + at * H, tape.hidden_before + at * H, grad_output,
                     run.hidden + b * H, gates.get() + at * G, part);
    accumulate(H, part, bias_n.get() + b / kBlock * H);
  });
  if (grads.hh != nullptr) {
    weight_gradient(all, 2 * H, H, gates.get(), G, tape.hidden_before, grads.hh);
    weight_gradient(all, H, H, parts.get(), H, tape.hidden_before, grads.hh + 2 * H * H);
  }
  if (grads.bias_hh != nullptr) add_blocks(blocks, H, bias_n.get(), grads.bias_hh + 2 * H);
}

template <class T>
void gru_cell_forward(int64_t rows, int64_t H, T* gates, const T* hidden_gates, const T* before, T* output) {
  for (int64_t b = 0; b < rows; ++b) {
    const T* theirs = hidden_gates + b * 3 * H;
    accumulate(2 * H, theirs, gates + b * 3 * H);
    gru_row<T>(H, nullptr, gates + b * 3 * H, theirs + 2 * H, before + b * H, output + b * H);
  }
}

template <class T>
void gru_cell_backward(int64_t rows, int64_t H, const T* gates, const T* hidden_gates, const T* before,
                       const T* grad_output, T* grad_gates, T* grad_hidden_gates, T* grad_before) {
  for (int64_t b = 0; b < rows; ++b) {
    T *row = grad_gates + b * 3 * H, *theirs = grad_hidden_gates + b * 3 * H;
    std::copy_n(grad_output + b * H, H, grad_before + b * H);
    gru_row_backward<T>(H, gates + b * 3 * H, hidden_gates + b * 3 * H + 2 * H, before + b * H, nullptr,
                        grad_before + b * H, row, theirs + 2 * H);
    std::copy_n(row, 2 * H, theirs);
  }
}

// ---- RNN ----

template <class T>
void rnn_forward(const SequenceRun<T>& run, const RnnTape<T>& tape, bool relu) {
  const int64_t H = run.shape.hidden;
  const Packed<T> hh(true, H, H, run.weights.hh, H);
  const Scratch<T> bias(H);
  add_biases(H, run.weights.bias_ih, run.weights.bias_hh, bias.get());
  const auto product = [&](const T* hidden, int64_t rows, int64_t first) {
    hh.multiply(rows, hidden, H, tape.states + first * H, run.shape.time * H, true);
  };
  run_forward(run, H, tape.states, tape.hidden_before, product, [&](int64_t b, int64_t at) {
    T* state = tape.states + at * H;
    if (relu)
      activate(H, bias.get(), state, [](T a) { return a > 0 ? a : T(0); });
    else
      activate(H, bias.get(), state, [](T a) { return vm::tanh(a); });
    std::copy_n(state, H, run.hidden + b * H);
  });
}

template <class T>
void rnn_backward(const SequenceRun<T>& run, const RnnTape<T>& tape, bool relu, const SequenceGradients<T>& grads) {
  const int64_t H = run.shape.hidden, all = run.shape.batch * run.shape.time;
  const Packed<T> hh(false, H, H, run.weights.hh, H);
  const Scratch<T> sums(all * H);
  const auto product = [&](T* grad_hidden, int64_t rows, int64_t first) {
    hh.multiply(rows, sums.get() + first * H, run.shape.time * H, grad_hidden, H, true);
  };
  run_backward(run, H, sums.get(), grads, product, [&](int64_t b, int64_t at, const T* dy) {
    const T* y = tape.states + at * H;
    T *row = sums.get() + at * H, *dh = run.hidden + b * H;
#pragma omp simd
    for (int64_t j = 0; j < H; ++j) {
      const T sum = dy != nullptr ? dh[j] + dy[j] : dh[j];
      row[j] = sum * (relu ? (y[j] > 0 ? T(1) : T(0)) : 1 - y[j] * y[j]);
      dh[j] = 0;
    }
  });
  if (grads.hh != nullptr) weight_gradient(all, H, H, sums.get(), H, tape.hidden_before, grads.hh);
}

template void lstm_forward<float>(const SequenceRun<float>&, const LstmTape<float>&);
template void lstm_backward<float>(const SequenceRun<float>&, const LstmTape<float>&, const SequenceGradients<float>&);
template void lstm_cell_forward<float>(int64_t, int64_t, float*, float*, float*, float*);
template void lstm_cell_backward<float>(int64_t, int64_t, const float*, const float*, const float*, const float*,
                                        float*, float*);
template void gru_forward<float>(const SequenceRun<float>&, const GruTape<float>&);
template void gru_backward<float>(const SequenceRun<float>&, const GruTape<float>&, const SequenceGradients<float>&);
template void gru_cell_forward<float>(int64_t, int64_t, float*, const float*, const float*, float*);
template void gru_cell_backward<float>(int64_t, int64_t, const float*, const float*, const float*, const float*, float*,
                                       float*, float*);
template void rnn_forward<float>(const SequenceRun<float>&, const RnnTape<float>&, bool);
template void rnn_backward<float>(const SequenceRun<float>&, const RnnTape<float>&, bool,
                                  const SequenceGradients<float>&);
template void lstm_forward<double>(const SequenceRun<double>&, const LstmTape<double>&);
template void lstm_backward<double>(const SequenceRun<double>&, const LstmTape<double>&,
                                    const SequenceGradients<double>&);
template void lstm_cell_forward<double>(int64_t, int64_t, double*, double*, double*, double*);
template void lstm_cell_backward<double>(int64_t, int64_t, const double*, const double*, const double*, const double*,
                                         double*, double*);
template void gru_forward<double>(const SequenceRun<double>&, const GruTape<double>&);
template void gru_backward<double>(const SequenceRun<double>&, const GruTape<double>&,
                                   const SequenceGradients<double>&);
template void gru_cell_forward<double>(int64_t, int64_t, double*, const double*, const double*, double*);
template void gru_cell_backward<double>(int64_t, int64_t, const double*, const double*, const double*, const double*,
                                        double*, double*, double*);
template void rnn_forward<double>(const SequenceRun<double>&, const RnnTape<double>&, bool);
template void rnn_backward<double>(const SequenceRun<double>&, const RnnTape<double>&, bool,
                                   const SequenceGradients<double>&);

}  // namespace fovea::kernels
