// Global and local attention after the decoder's step, with input feeding. Luong, Pham, Manning 2015, "Effective
// Approaches to Attention-based Neural Machine Translation", arXiv 1508.04025.
//
//   h̄_s = encoder's states of the last layer                                     (1)
//   h_t = f([E_y y_{t-1} ; h̃_{t-1}], h_{t-1}),   h̃_0 = 0, h_0 = the encoder's last states      (2)
//   a_t = align(score(h_t, h̄_s))                with the state after the step    (3)
//   c_t = Σ_s a_t(s) h̄_s                                                         (4)
//   h̃_t = tanh(W_c [c_t ; h_t])                                                  (5)
//   p(y_t) = softmax(W_s h̃_t + b_s)                                              (6)
//
//   symbol   shape        meaning
//   h̄_s      [B, T, H]    keys and values
//   h_t      [B, U, H]    decoder's states, LSTM or GRU, as deep as the encoder
//   a_t      [B, U, T]    weights; reported to a WeightCollector, step by step
//   h̃_t      [B, U, H]    attentional state
//   W_c      [H, 2H]      no bias;  W_s [V, H]
//   E_y      [V, D]       target embedding
//
// Without input feeding the token alone is input of (2), and all steps run at once. Global: any score with soft; local:
// local-m, local-p. Errors: those of recurrent_model.h.
#pragma once

#include <fovea/layers/seq2seq/recurrent_model.h>

namespace fovea {

struct LuongOptions {
  int64_t source_vocabulary;
  int64_t target_vocabulary = 0;  // 0: the source's
  int64_t embed_dim = 64;         // D
  int64_t hidden_size = 64;       // H
  int64_t layers = 1;
  std::string cell = "lstm";  // f, a name of make_cell
  AttentionChoice attention = {.score = "general"};
  bool input_feeding = true;
};

class LuongModel final : public RecurrentModel {
 public:
  explicit LuongModel(const LuongOptions& o, Generator& generator = default_generator())
      : RecurrentModel(o, {.input_size = o.embed_dim, .hidden_size = o.hidden_size, .layers = o.layers}, generator),
        decoder_stack(o.cell,
                      {.input_size = o.embed_dim + (o.input_feeding ? o.hidden_size : 0),
                       .hidden_size = o.hidden_size,
                       .layers = o.layers},
                      generator),
        attention(make_attention(o.attention, o.hidden_size, o.hidden_size, generator)),
        combine(2 * o.hidden_size, o.hidden_size, false, generator),
        output(o.hidden_size, vocabulary(), true, generator),
        options_(o) {}
  void members(Members& m) override {
    RecurrentModel::members(m);
    m("decoder", decoder_stack)("attention", attention)("combine", combine)("output", output);
  }

  DecoderState begin(const Tensor& source, const Tensor& lengths) const override {
    const auto [h, last] = encoder(source_embedding(source), {}, lengths);  // (1) [B, T, H]
    DecoderState state;
    state.layers = decoder_stack.split(last);
    state.memory = attention.prepare(h, {}, lengths.defined() ? padding_mask(lengths, source.size(1)) : Tensor());
    if (options_.input_feeding) {
      state.fed = zeros({source.size(0), options_.hidden_size}, h.dtype());                        // h̃_0
      state.input_weights = decoder_stack.input_weight(options_.embed_dim, options_.hidden_size);  // [G H, H]
    }
    return state;
  }

  SequenceOutput step(const Tensor& last, DecoderState& state, Generator& generator) const override {
    SequenceOutput y = attend(token_gates(last), state, generator);
    y.logits = output(y.logits);  // (6) [B, V]
    return y;
  }

  Recurrent decoder_stack;  // f
  AnyAttention attention;
  Linear combine;  // W_c
  Linear output;   // W_s, b_s

 private:
  SequenceOutput all(const Tensor& input_ids, DecoderState& state, Generator& generator) const override {
    if (!options_.input_feeding) {
      const Tensor h = decoder_stack.run(target_embedding(input_ids), state.layers);           // (2) [B, U, H]
      const auto [context, alignment] = attention(h, state.memory, {.generator = generator});  // (3), (4) [B, U, H]
      const Tensor attentional = tanh(combine(cat({context, h}, 2)));                          // (5) [B, U, H]
      return with_alignment(output(attentional), alignment);                                   // (6) [B, U, V]
    }
    std::vector<SequenceOutput> steps;
    for (const Tensor& gates : unbind(token_gates(input_ids), 1)) steps.push_back(attend(gates, state, generator));
    SequenceOutput y = over_steps(steps);
    y.logits = output(y.logits);  // (6) [B, U, V]
    return y;
  }

  // What tokens add to the gates of (2), of one step or of all.
  Tensor token_gates(const Tensor& ids) const {
    return linear(target_embedding(ids), decoder_stack.input_weight(0, options_.embed_dim),
                  decoder_stack.cell().bias_ih);
  }
  // (2) to (5) from the token's gates [B, G H]: h̃_t [B, H] in the place of logits; the state keeps it to be fed.
  SequenceOutput attend(const Tensor& token, DecoderState& state, Generator& generator) const {
    const Tensor gates = options_.input_feeding ? token + linear(state.fed, state.input_weights) : token;  // [B, G H]
    const Tensor h = decoder_stack.step(gates, state.layers);                                              // (2) [B, H]
    const AttentionStep step{.offset = state.offset++, .generator = generator, .previous = state.attended};
    const auto [context, alignment] = attention(h, state.memory, step);  // (3), (4) [B, H]
    const Tensor attentional = tanh(combine(cat({context, h}, 1)));      // (5) [B, H]
    state.attended = weights_of(alignment);
    if (options_.input_feeding) state.fed = attentional;
    return with_alignment(attentional, alignment);
  }

  LuongOptions options_;
};

}  // namespace fovea
