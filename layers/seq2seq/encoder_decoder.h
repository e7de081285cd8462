// Encoder and decoder without attention: the source is pressed into one state. Sutskever, Vinyals, Le 2014, "Sequence
// to Sequence Learning with Neural Networks", arXiv 1409.3215; Cho et al. 2014, arXiv 1406.1078.
//
//   h_t = f(E_x x_t, h_{t-1}),   t = 1 .. T                                      (1)
//   c   = h_T;   s_0 = h_T                                                       (2)
//   s_t = g(E_y y_{t-1}, s_{t-1}),   with a constant context g([E_y y_{t-1} ; c], s_{t-1})     (3)
//   p(y_t) = softmax(W_o s_t + b_o)                                              (4)
//
//   symbol   shape        meaning
//   x, y     [B, T]  [B, U]    ids
//   E_x, E_y [V, D]       embeddings
//   h        [B, T, H]    encoder's states, LSTM or GRU, several layers deep
//   c        [B, H]       the last state of its last layer
//   s        [B, U, H]    decoder's states, as deep; s_0 is the encoder's last state in every layer
//   W_o      [V, H]
//
// Reversing the source (Sutskever et al., section 3.3) brings its beginning near the answer's. The decoder knows of the
// source nothing but (2). Errors: those of recurrent_model.h.
#pragma once

#include <fovea/layers/seq2seq/recurrent_model.h>

namespace fovea {

struct EncoderDecoderOptions {
  int64_t source_vocabulary;
  int64_t target_vocabulary = 0;  // 0: the source's
  int64_t embed_dim = 64;         // D
  int64_t hidden_size = 64;       // H
  int64_t layers = 1;
  std::string cell = "gru";       // f and g, a name of make_cell
  bool constant_context = false;  // Cho et al.: c is input of every step
  bool reverse_source = false;
};

class EncoderDecoder final : public RecurrentModel {
 public:
  explicit EncoderDecoder(const EncoderDecoderOptions& o, Generator& generator = default_generator())
      : RecurrentModel(o, {.input_size = o.embed_dim, .hidden_size = o.hidden_size, .layers = o.layers}, generator),
        decoder_stack(o.cell,
                      {.input_size = o.embed_dim + (o.constant_context ? o.hidden_size : 0),
                       .hidden_size = o.hidden_size,
                       .layers = o.layers},
                      generator),
        output(o.hidden_size, vocabulary(), true, generator),
        options_(o) {}
  void members(Members& m) override {
    RecurrentModel::members(m);
    m("decoder", decoder_stack)("output", output);
  }

  DecoderState begin(const Tensor& source, const Tensor& lengths) const override {
    const Tensor x = options_.reverse_source ? reversed_within(source, lengths) : source;
    const State last = encoder(source_embedding(x), {}, lengths).state;  // (1) [layers, B, H]
    DecoderState state;
    state.layers = decoder_stack.split(last);                               // (2) [B, H] each
    if (options_.constant_context) state.fed = state.layers.back().hidden;  // (2) [B, H]
    return state;
  }

  SequenceOutput step(const Tensor& last, DecoderState& state, Generator&) const override {
    ++state.offset;
    Tensor x = target_embedding(last);                         // [B, D]
    if (state.fed.defined()) x = cat({x, state.fed}, 1);       // [B, D + H]
    const Tensor gates = decoder_stack.cell().input_gates(x);  // [B, G H]
    return {output(decoder_stack.step(gates, state.layers))};  // (3), (4) [B, V]
  }

  Recurrent decoder_stack;  // g
  Linear output;            // W_o, b_o

 private:
  SequenceOutput all(const Tensor& input_ids, DecoderState& state, Generator&) const override {
    Tensor x = target_embedding(input_ids);  // [B, U, D]
    if (state.fed.defined())
      x = cat({x, expand(unsqueeze(state.fed, 1), {x.size(0), x.size(1), state.fed.size(1)})}, 2);  // [B, U, D + H]
    return {output(decoder_stack.run(x, state.layers))};  // (3), (4) [B, U, V]
  }
  // Each row's valid ids in the opposite order; what is past its length stays where it is.
  static Tensor reversed_within(const Tensor& ids, const Tensor& lengths) {
    if (!lengths.defined()) return flip(ids, 1);
    const Tensor j = unsqueeze(arange(ids.size(1)), 0);              // [1, T]
    const Tensor mirrored = add(sub(unsqueeze(lengths, 1), j), -1);  // [B, T]
    const Tensor valid = squeeze(query_padding_mask(lengths, ids.size(1)), 2);
    return gather(ids, 1, where(valid, mirrored, expand(j, ids.shape())));
  }

  EncoderDecoderOptions options_;
};

}  // namespace fovea
