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
// The only input of the LSTM is q*: no item comes before another, and q*_P is the same for every order of the items.
// With P = 0 the writer starts from zeros. The paper leaves open how q*_P starts the writer; (8) is ours.
#pragma once

#include <fovea/autograd/shared_weights.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/pointer/pointer_decoder.h>
#include <fovea/layers/recurrent/drive.h>

namespace fovea {

class ReadProcessWrite final : public PointerModel {
 public:
  explicit ReadProcessWrite(const PointerOptions& o, Generator& generator = default_generator())
      : PointerModel(o, generator),
        process_steps_(o.process_steps),
        first_(o.input_size, o.hidden_size, true, generator),
        second_(o.hidden_size, o.hidden_size, true, generator) {
    if (process_steps_ < 0) throw ValueError("ReadProcessWrite: process_steps below 0");
    if (process_steps_ > 0) lstm_.emplace(CellOptions{o.hidden_size, o.hidden_size}, generator);
  }
  void members(Members& m) override {
    m("first", first_)("second", second_)("lstm", lstm_)("attention", attention_)("decoder", write);
  }

  PointerSource read(const Tensor& points, const Tensor& lengths = {}) const override {
    check_features(*this, "ReadProcessWrite", "points", points, 3, first_.weight->size(1), 1);
    const Tensor x = without_padding(points, lengths);
    const Tensor m = second_(relu(first_(x)));  // (1) [B, T, H]
    const AttentionMemory memory =
        attention_.prepare(m, {}, lengths.defined() ? padding_mask(lengths, x.size(1)) : Tensor());
    const SharedWeights shared;
    Tensor r = zeros({x.size(0), m.size(2)}, x.dtype());
    State q{r, r};
    for (int64_t t = 0; t < process_steps_; ++t) {  // the LSTM's own state is q, so that q* reaches it whole
      q = (*lstm_)(r, q).state;                     // (3), (7) [B, H]
      r = attention_(q.hidden, memory).context;     // (4)-(6) [B, H]
    }
    return {m, m, {unsqueeze(q.hidden, 0), unsqueeze(r, 0)}, lengths};  // (8)
  }

 private:
  int64_t process_steps_;
  Linear first_, second_;
  std::optional<LSTMCell> lstm_;
  LuongDotAttention attention_{DotScore()};
};

}  // namespace fovea
