// Read, process, write: a pointer network whose input is a set. Vinyals, Bengio, Kudlur 2016, "Order Matters: Sequence
// to sequence for sets", arXiv 1511.06391, section 4; equation numbers are the paper's where it has them.
//
//   m_i = W_2 relu(W_1 x_i + b_1) + b_2                                          (1) read
//   q_t = LSTM(q*_{t-1}),  q*_0 = 0                                              (3) process, t = 1 .. P
//   e_{i,t} = m_i · q_t                                                          (4)
//   a_{i,t} = softmax_i(e_t)                                                     (5)
//   r_t = Σ_i a_{i,t} m_i                                                        (6)
//   q*_t = [q_t ; r_t]                                                           (7)
//   write: PointerDecoder over m from d_0 = q_P with cell r_P                    (8)
//
//   symbol   shape        meaning
//   x_i      [B, T, I]    items of the set
//   m_i      [B, T, H]    memories
//   q*_t     [B, 2H]      what is known of the set after t steps
//   a_t      [B, T]       weights
//
// The LSTM hears nothing but q*: no item comes before another, and q*_P is the same for every order of the items. With
// P = 0 the writer starts from zeros. The paper leaves open how q*_P starts the writer; (8) is ours.
#pragma once

#include <fovea/layers/linear.h>
#include <fovea/layers/pointer/pointer_decoder.h>
#include <fovea/layers/recurrent/cell.h>

namespace fovea {

struct ReadProcessWriteOptions {
  int64_t inputs;             // I
  int64_t hidden = 128;       // H
  int64_t process_steps = 5;  // P
  bool stop = false;          // answers of variable length
  bool revisit = false;       // an item may be chosen again
  bool glimpse = false;       // attend once more before pointing
};

class ReadProcessWrite final : public PointerModel {
 public:
  explicit ReadProcessWrite(const ReadProcessWriteOptions& options, Generator& generator = default_generator());
  void members(Members& m) override;
  PointerSource read(const Tensor& points, const Tensor& lengths = {}) const override;

 private:
  int64_t process_steps_;
  Linear first_, second_;
  std::optional<LSTMCell> lstm_;
  LuongDotAttention attention_{DotScore()};
};

}  // namespace fovea
