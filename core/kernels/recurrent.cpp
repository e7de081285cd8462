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

}  // namespace

// ---- LSTM ----

template <class T>
void lstm_forward(const SequenceShape& s, const SequenceWeights<T>& w, const T* x, const LstmTape<T>& tape, T* output,
                  T* hidden, T* cell) {
  const int64_t H = s.hidden, G = 4 * H;
  const Packed<T> ih(true, s.input, G, w.ih, s.input), hh(true, H, G, w.hh, H);
  const Scratch<T> bias(G);
  add_biases(G, w.bias_ih, w.bias_hh, bias.get());
  for_blocks(s, [&](int64_t, int64_t begin, int64_t rows) {
    const int64_t start = begin * s.time;
    ih.multiply(rows * s.time, x + start * s.input, s.input, tape.gates + start * G, G, false);
    for_steps(s, false, [&](int64_t t) {
      hh.multiply(rows, hidden + begin * H, H, tape.gates + (start + t) * G, s.time * G, true);
      for (int64_t b = begin; b < begin + rows; ++b) {
        const int64_t at = b * s.time + t;
        T *h = hidden + b * H, *c = cell + b * H;
        std::copy_n(h, H, tape.hidden_before + at * H);
        std::copy_n(c, H, tape.cell_before + at * H);
        if (is_valid(s, b, t)) {
          lstm_row(H, bias.get(), tape.gates + at * G, c, tape.tanh_cell + at * H, h);
          std::copy_n(h, H, output + at * H);
        } else {
          std::fill_n(output + at * H, H, T(0));
        }
      }
    });
  });
}

template <class T>
void lstm_backward(const SequenceShape& s, const SequenceWeights<T>& w, const T* x, const LstmTape<T>& tape,
                   const T* grad_output, T* grad_hidden, T* grad_cell, const SequenceGradients<T>& grads) {
  const int64_t H = s.hidden, G = 4 * H, all = s.batch * s.time;
  const Packed<T> ih(false, G, s.input, w.ih, s.input), hh(false, G, H, w.hh, H);
  const Scratch<T> gates(all * G), bias(blocks_of(s) * G);
  std::fill_n(bias.get(), blocks_of(s) * G, T(0));
  for_blocks(s, [&](int64_t block, int64_t begin, int64_t rows) {
    const int64_t start = begin * s.time;
    for_steps(s, true, [&](int64_t t) {
      for (int64_t b = begin; b < begin + rows; ++b) {
        const int64_t at = b * s.time + t;
        T *row = gates.get() + at * G, *dh = grad_hidden + b * H;
        if (!is_valid(s, b, t)) {
          std::fill_n(row, G, T(0));
          continue;
        }
        lstm_row_backward(H, tape.gates + at * G, tape.cell_before + at * H, tape.tanh_cell + at * H,
                          grad_output == nullptr ? grad_output : grad_output + at * H, dh, grad_cell + b * H, row);
        std::fill_n(dh, H, T(0));
        accumulate(G, row, bias.get() + block * G);
      }
      hh.multiply(rows, gates.get() + (start + t) * G, s.time * G, grad_hidden + begin * H, H, true);
    });
    if (grads.x != nullptr)
      ih.multiply(rows * s.time, gates.get() + start * G, G, grads.x + start * s.input, s.input, false);
  });
  if (grads.ih != nullptr) weight_gradient(all, G, s.input, gates.get(), G, x, grads.ih);
  if (grads.hh != nullptr) weight_gradient(all, G, H, gates.get(), G, tape.hidden_before, grads.hh);
  add_blocks(blocks_of(s), G, bias.get(), grads.bias_ih);
  add_blocks(blocks_of(s), G, bias.get(), grads.bias_hh);
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
void gru_forward(const SequenceShape& s, const SequenceWeights<T>& w, const T* x, const GruTape<T>& tape, T* output,
                 T* hidden) {
  const int64_t H = s.hidden, G = 3 * H;
  const Packed<T> ih(true, s.input, G, w.ih, s.input), hh_rz(true, H, 2 * H, w.hh, H),
      hh_n(true, H, H, w.hh + 2 * H * H, H);
  const Scratch<T> bias(G), bias_n(H);
  add_biases(2 * H, w.bias_ih, w.bias_hh, bias.get());
  add_biases<T>(H, w.bias_ih == nullptr ? nullptr : w.bias_ih + 2 * H, nullptr, bias.get() + 2 * H);
  add_biases<T>(H, w.bias_hh == nullptr ? nullptr : w.bias_hh + 2 * H, nullptr, bias_n.get());
  for_blocks(s, [&](int64_t, int64_t begin, int64_t rows) {
    const int64_t start = begin * s.time;
    ih.multiply(rows * s.time, x + start * s.input, s.input, tape.gates + start * G, G, false);
    for_steps(s, false, [&](int64_t t) {
      hh_rz.multiply(rows, hidden + begin * H, H, tape.gates + (start + t) * G, s.time * G, true);
      hh_n.multiply(rows, hidden + begin * H, H, tape.hidden_part + (start + t) * H, s.time * H, false);
      for (int64_t b = begin; b < begin + rows; ++b) {
        const int64_t at = b * s.time + t;
        T *h = hidden + b * H, *part = tape.hidden_part + at * H;
        std::copy_n(h, H, tape.hidden_before + at * H);
        accumulate(H, bias_n.get(), part);
        if (is_valid(s, b, t)) {
          gru_row(H, bias.get(), tape.gates + at * G, part, h, h);
          std::copy_n(h, H, output + at * H);
        } else {
          std::fill_n(output + at * H, H, T(0));
        }
      }
    });
  });
}

template <class T>
void gru_backward(const SequenceShape& s, const SequenceWeights<T>& w, const T* x, const GruTape<T>& tape,
                  const T* grad_output, T* grad_hidden, const SequenceGradients<T>& grads) {
  const int64_t H = s.hidden, G = 3 * H, all = s.batch * s.time;
  const Packed<T> ih(false, G, s.input, w.ih, s.input), hh_rz(false, 2 * H, H, w.hh, H),
      hh_n(false, H, H, w.hh + 2 * H * H, H);
  const Scratch<T> gates(all * G), parts(all * H), bias(blocks_of(s) * G), bias_n(blocks_of(s) * H);
  std::fill_n(bias.get(), blocks_of(s) * G, T(0));
  std::fill_n(bias_n.get(), blocks_of(s) * H, T(0));
  for_blocks(s, [&](int64_t block, int64_t begin, int64_t rows) {
    const int64_t start = begin * s.time;
    for_steps(s, true, [&](int64_t t) {
      for (int64_t b = begin; b < begin + rows; ++b) {
        const int64_t at = b * s.time + t;
        T *row = gates.get() + at * G, *part = parts.get() + at * H;
        if (!is_valid(s, b, t)) {
          std::fill_n(row, G, T(0));
          std::fill_n(part, H, T(0));
          continue;
        }
        gru_row_backward(H, tape.gates + at * G, tape.hidden_part + at * H, tape.hidden_before + at * H,
                         grad_output == nullptr ? grad_output : grad_output + at * H, grad_hidden + b * H, row, part);
        accumulate(G, row, bias.get() + block * G);
        accumulate(H, part, bias_n.get() + block * H);
      }
      hh_rz.multiply(rows, gates.get() + (start + t) * G, s.time * G, grad_hidden + begin * H, H, true);
      hh_n.multiply(rows, parts.get() + (start + t) * H, s.time * H, grad_hidden + begin * H, H, true);
    });
    if (grads.x != nullptr)
      ih.multiply(rows * s.time, gates.get() + start * G, G, grads.x + start * s.input, s.input, false);
  });
  if (grads.ih != nullptr) weight_gradient(all, G, s.input, gates.get(), G, x, grads.ih);
  if (grads.hh != nullptr) {
    weight_gradient(all, 2 * H, H, gates.get(), G, tape.hidden_before, grads.hh);
    weight_gradient(all, H, H, parts.get(), H, tape.hidden_before, grads.hh + 2 * H * H);
  }
  add_blocks(blocks_of(s), G, bias.get(), grads.bias_ih);
  add_blocks(blocks_of(s), G, bias.get(), grads.bias_hh);
  if (grads.bias_hh != nullptr) add_blocks(blocks_of(s), H, bias_n.get(), grads.bias_hh + 2 * H);
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
void rnn_forward(const SequenceShape& s, const SequenceWeights<T>& w, const T* x, const RnnTape<T>& tape, bool relu,
                 T* output, T* hidden) {
  const int64_t H = s.hidden;
  const Packed<T> ih(true, s.input, H, w.ih, s.input), hh(true, H, H, w.hh, H);
  const Scratch<T> bias(H);
  add_biases(H, w.bias_ih, w.bias_hh, bias.get());
  for_blocks(s, [&](int64_t, int64_t begin, int64_t rows) {
    const int64_t start = begin * s.time;
    ih.multiply(rows * s.time, x + start * s.input, s.input, tape.states + start * H, H, false);
    for_steps(s, false, [&](int64_t t) {
      hh.multiply(rows, hidden + begin * H, H, tape.states + (start + t) * H, s.time * H, true);
      for (int64_t b = begin; b < begin + rows; ++b) {
        const int64_t at = b * s.time + t;
        T *state = tape.states + at * H, *h = hidden + b * H;
        std::copy_n(h, H, tape.hidden_before + at * H);
        if (is_valid(s, b, t)) {
          if (relu)
            activate(H, bias.get(), state, [](T a) { return a > 0 ? a : T(0); });
          else
            activate(H, bias.get(), state, [](T a) { return vm::tanh(a); });
          std::copy_n(state, H, h);
          std::copy_n(state, H, output + at * H);
        } else {
          std::fill_n(output + at * H, H, T(0));
        }
      }
    });
  });
}

template <class T>
void rnn_backward(const SequenceShape& s, const SequenceWeights<T>& w, const T* x, const RnnTape<T>& tape, bool relu,
                  const T* grad_output, T* grad_hidden, const SequenceGradients<T>& grads) {
  const int64_t H = s.hidden, all = s.batch * s.time;
  const Packed<T> ih(false, H, s.input, w.ih, s.input), hh(false, H, H, w.hh, H);
  const Scratch<T> sums(all * H), bias(blocks_of(s) * H);
  std::fill_n(bias.get(), blocks_of(s) * H, T(0));
  for_blocks(s, [&](int64_t block, int64_t begin, int64_t rows) {
    const int64_t start = begin * s.time;
    for_steps(s, true, [&](int64_t t) {
      for (int64_t b = begin; b < begin + rows; ++b) {
        const int64_t at = b * s.time + t;
        T *row = sums.get() + at * H, *dh = grad_hidden + b * H;
        if (!is_valid(s, b, t)) {
          std::fill_n(row, H, T(0));
          continue;
        }
        const T *y = tape.states + at * H, *dy = grad_output == nullptr ? nullptr : grad_output + at * H;
#pragma omp simd
        for (int64_t j = 0; j < H; ++j) {
          const T sum = dy != nullptr ? dh[j] + dy[j] : dh[j];
          row[j] = sum * (relu ? (y[j] > 0 ? T(1) : T(0)) : 1 - y[j] * y[j]);
          dh[j] = 0;
        }
        accumulate(H, row, bias.get() + block * H);
      }
      hh.multiply(rows, sums.get() + (start + t) * H, s.time * H, grad_hidden + begin * H, H, true);
    });
    if (grads.x != nullptr)
      ih.multiply(rows * s.time, sums.get() + start * H, H, grads.x + start * s.input, s.input, false);
  });
  if (grads.ih != nullptr) weight_gradient(all, H, s.input, sums.get(), H, x, grads.ih);
  if (grads.hh != nullptr) weight_gradient(all, H, H, sums.get(), H, tape.hidden_before, grads.hh);
  add_blocks(blocks_of(s), H, bias.get(), grads.bias_ih);
  add_blocks(blocks_of(s), H, bias.get(), grads.bias_hh);
}

#define FOVEA_INSTANTIATE(T)                                                                                           \
  template void lstm_forward<T>(const SequenceShape&, const SequenceWeights<T>&, const T*, const LstmTape<T>&, T*, T*, \
                                T*);                                                                                   \
  template void lstm_backward<T>(const SequenceShape&, const SequenceWeights<T>&, const T*, const LstmTape<T>&,        \
                                 const T*, T*, T*, const SequenceGradients<T>&);                                       \
  template void lstm_cell_forward<T>(int64_t, int64_t, T*, T*, T*, T*);                                                \
  template void lstm_cell_backward<T>(int64_t, int64_t, const T*, const T*, const T*, const T*, T*, T*);               \
  template void gru_forward<T>(const SequenceShape&, const SequenceWeights<T>&, const T*, const GruTape<T>&, T*, T*);  \
  template void gru_backward<T>(const SequenceShape&, const SequenceWeights<T>&, const T*, const GruTape<T>&,          \
                                const T*, T*, const SequenceGradients<T>&);                                            \
  template void gru_cell_forward<T>(int64_t, int64_t, T*, const T*, const T*, T*);                                     \
  template void gru_cell_backward<T>(int64_t, int64_t, const T*, const T*, const T*, const T*, T*, T*, T*);            \
  template void rnn_forward<T>(const SequenceShape&, const SequenceWeights<T>&, const T*, const RnnTape<T>&, bool, T*, \
                               T*);                                                                                    \
  template void rnn_backward<T>(const SequenceShape&, const SequenceWeights<T>&, const T*, const RnnTape<T>&, bool,    \
                                const T*, T*, const SequenceGradients<T>&);
FOVEA_INSTANTIATE(float)
FOVEA_INSTANTIATE(double)
#undef FOVEA_INSTANTIATE

}  // namespace fovea::kernels
