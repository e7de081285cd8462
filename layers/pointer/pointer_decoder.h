// PointerDecoder: which items of an input come next, by pointing at them; the second half of a pointer network
// (pointer_network.h) and of read-process-write (read_process_write.h). Vinyals, Fortunato, Jaitly 2015, "Pointer
// Networks", arXiv 1506.03134, equation (3); the glimpse: Vinyals, Bengio, Kudlur 2016, arXiv 1511.06391, section 4.2.
//
//   d_i = LSTM(x_i, d_{i-1});   x_1 = g,  x_i = what was chosen at i-1           (1)
//   d_i ← [d_i ; Σ_j softmax_j(v_gᵀ tanh(W_g1 e_j + W_g2 d_i)) e_j]              (2) with a glimpse
//   u_ij = vᵀ tanh(W_1 e_j + W_2 d_i)                                            (3)
//   p(C_i = j | C_<i, P) = softmax_j(u_i)                                        (4)
//
//   symbol   shape          meaning
//   items    [B, T, E]      the decoder's input for an item that was chosen
//   e_j      [B, T, H]      encoded items; with `stop` one learned slot more, the last: S = T + 1, else S = T
//   d_i      [B, U, H]      decoder's states; d_0 is given
//   g        [E]            learned, the first input
//   C_i      [B, U]         answers: positions of items; T is the stop slot
//   p        [B, U, S]
//
// An item may be chosen once, unless `revisit`; the stop slot never is masked. An answer that is masked has p = 0. In
// training all steps are computed at once. Errors: ShapeError, DTypeError, IndexError for an answer that is no
// position, ValueError for sizes. Cost: B U H (4 E + 4 H) for (1), B H² (T + U) + B U T H for (3).
#pragma once

#include <fovea/layers/attention/registry.h>
#include <fovea/layers/decoding/search.h>
#include <fovea/layers/recurrent/recurrent.h>

namespace fovea {

struct PointerOptions {
  int64_t input_size;         // I of a network's points, E of the decoder's items
  int64_t hidden_size = 128;  // H
  int64_t process_steps = 5;  // P of read-process-write
  bool stop = false;          // answers of variable length: the stop slot ends them. Else every item is asked for
  bool revisit = false;       // an item may be chosen again
  bool glimpse = false;       // attend once more before pointing
};

// An input as an encoder has read it.
struct PointerSource {
  Tensor items;    // [B, T, E]
  Tensor encoded;  // e, [B, T, H]
  State state;     // d_0 and its cell, [1, B, H]
  Tensor lengths;  // i64 [B]: items of each row; undefined: T
};

class PointerDecoder final : public Module {
 public:
  explicit PointerDecoder(const PointerOptions& options, Generator& generator = default_generator());
  void members(Members& m) override;

  // For the true answers, i64 [B, U]; what is negative stands past a row's end and nothing is to be learned there.
  // log_weights are log p(C_i | C_<i) [B, U, S], for nll_loss.
  LogWeights operator()(const PointerSource& source, const Tensor& answers) const;
  // A step at a time, for the searches; ids 0 .. T, of which T begins and ends.
  std::unique_ptr<IncrementalDecoder> start(const PointerSource& source) const;

 private:
  struct Steps;
  struct Keys {
    AttentionMemory pointed, glimpsed;  // masked where a row has no item
  };
  Keys keys(const PointerSource& source) const;
  // ids i64 [R] -> log p [R, T + 1] of what comes next.
  Tensor step(const Tensor& last, Steps& steps) const;
  LogWeights point(const Tensor& d, const Keys& keys, const Tensor& mask) const {
    Tensor query = d;                                                                          // [B, U, H]
    if (glimpse_) query = cat({d, (*glimpse_)(d, keys.glimpsed, {.mask = mask}).context}, 2);  // (2) [B, U, 2H]
    return pointer_(query, keys.pointed, {.mask = mask}).alignment;                            // (3), (4) [B, U, S]
  }

  PointerOptions options_;
  LSTM lstm_;
  Parameter start_, stop_;
  std::optional<BahdanauAttention> glimpse_;
  PointerAttention pointer_;
};

// A network that reads an input and points into it.
class PointerModel : public Module {
 public:
  // points [B, T, I], lengths i64 [B] or undefined.
  virtual PointerSource read(const Tensor& points, const Tensor& lengths = {}) const = 0;
  // Answers as in PointerDecoder.
  LogWeights operator()(const Tensor& points, const Tensor& answers, const Tensor& lengths = {}) const {
    return write(read(points, lengths), answers);
  }
  // ids [B, L] are positions of items; past a row's end they are T. Without `stop` every item is named.
  Decoded greedy(const Tensor& points, const Tensor& lengths = {}) const;
  // The most probable of the answers that a beam finds, by the sum of log p.
  Decoded beam_search(const Tensor& points, int64_t width, const Tensor& lengths = {}) const;

  PointerDecoder write;

 protected:
  PointerModel(PointerOptions options, Generator& generator)
      : write((options.input_size = options.hidden_size, options), generator) {}
};

}  // namespace fovea
