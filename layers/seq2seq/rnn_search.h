// RNNsearch: a decoder that searches the source at every step. Bahdanau, Cho, Bengio 2014, "Neural Machine Translation
// by Jointly Learning to Align and Translate", arXiv 1409.0473, section 3 and appendix A.
//
//   h_j  = [→h_j ; ←h_j],   both directions over the source                      (1)
//   s_0  = tanh(W_s ←h_1 + b_s)                                                  (2)
//   α_i  = align(score(s_{i-1}, h_j))           with the state before the step   (3)
//   c_i  = Σ_j α_ij h_j                                                          (4)
//   s_i  = f(s_{i-1}, [E_y y_{i-1} ; c_i])                                       (5)
//   p(y_i) = softmax(W_o [s_i ; c_i ; E_y y_{i-1}] + b_o)                        (6)
//
//   symbol   shape         meaning
//   h        [B, T, 2N]    annotations; N encoder states a direction
//   s        [B, U, H]     decoder's states
//   α        [B, U, T]     weights; reported to a WeightCollector, step by step
//   c        [B, U, 2N]    context
//   E_y      [V, D]        target embedding; the source's is E_x
//   W_s      [H, N]        of a decoder that starts from both ends [H, 2N]
//
// f is PyTorch's GRU or LSTM in place of the paper's GRU, and (6) is linear in place of its maxout. (5) needs of c_i
// only C c_i, with C the columns of W_ih that meet it; C c_i = Σ_j α_ij C h_j, so C h_j is worked out once a sequence,
// and (4) and (6) for all steps at once. An annotation knows its neighbours too, so a weight may stand beside the word
// that is read; where (4) reads the embeddings E_x x_j instead (keys and values apart: Daniluk et al. 2017, arXiv
// 1702.04521), what is read is the word at j and nothing else. Errors: those of recurrent_model.h.
#pragma once

#include <fovea/layers/seq2seq/recurrent_model.h>

namespace fovea {

struct RnnSearchOptions {
  int64_t source_vocabulary;
  int64_t target_vocabulary = 0;  // 0: the source's
  int64_t embed_dim = 64;         // D
  int64_t encoder_size = 0;       // N; 0: as hidden_size
  int64_t hidden_size = 64;       // H
  std::string cell = "gru";       // f, a name of make_cell
  AttentionChoice attention = {};
  bool start_from_both_ends = false;  // (2) from [→h_T ; ←h_1]
  bool output_sees_token = true;      // (6) with E_y y_{i-1}
  bool read_embeddings = false;       // (4) from E_x x_j in place of h_j

  int64_t annotation() const { return 2 * (encoder_size == 0 ? hidden_size : encoder_size); }  // 2N
  int64_t context() const { return read_embeddings ? embed_dim : annotation(); }
};

class RnnSearch final : public RecurrentModel {
 public:
  explicit RnnSearch(const RnnSearchOptions& o, Generator& generator = default_generator())
      : RecurrentModel(o, {.input_size = o.embed_dim, .hidden_size = o.annotation() / 2, .bidirectional = true},
                       generator),
        bridge(o.annotation() / (o.start_from_both_ends ? 1 : 2), o.hidden_size, true, generator),
        attention(make_attention(o.attention, o.hidden_size, o.annotation(), generator)),
        decoder_stack(o.cell, {.input_size = o.embed_dim + o.context(), .hidden_size = o.hidden_size}, generator),
        output(o.hidden_size + o.context() + (o.output_sees_token ? o.embed_dim : 0), vocabulary(), true, generator),
        options_(o) {}
  void members(Members& m) override {
    RecurrentModel::members(m);
    m("bridge", bridge)("attention", attention)("decoder", decoder_stack)("output", output);
  }

  DecoderState begin(const Tensor& source, const Tensor& lengths) const override {
    const Tensor words = source_embedding(source);
    const auto [h, last] = encoder(words, {}, lengths);       // (1) [B, T, 2N]
    const std::vector<Tensor> ends = unbind(last.hidden, 0);  // →h_T, ←h_1 [B, N]
    const Tensor end = options_.start_from_both_ends ? cat({ends[0], ends[1]}, 1) : ends[1];
    DecoderState state;
    state.layers = {decoder_stack.cell().state_from(tanh(bridge(end)))};  // (2) [B, H]
    state.encoded = options_.read_embeddings ? words : h;
    const Tensor columns = decoder_stack.input_weight(options_.embed_dim, options_.context());  // C
    const Tensor values = linear(state.encoded, columns);                                       // C h_j [B, T, G H]
    state.memory = attention.prepare(h, values, lengths.defined() ? padding_mask(lengths, source.size(1)) : Tensor());
    return state;
  }

  SequenceOutput step(const Tensor& last, DecoderState& state, Generator& generator) const override {
    const Tensor token = target_embedding(last);  // [B, D]
    SequenceOutput y = search(token_gates(token), state, generator);
    const Tensor context = squeeze(matmul(unsqueeze(y.weights, 1), state.encoded), 1);  // (4) [B, 2N]
    y.logits = logits(y.logits, context, token);                                        // (6) [B, V]
    return y;
  }

  Linear bridge;  // W_s, b_s
  AnyAttention attention;
  Recurrent decoder_stack;  // f
  Linear output;            // W_o, b_o

 private:
  SequenceOutput all(const Tensor& input_ids, DecoderState& state, Generator& generator) const override {
    const Tensor tokens = target_embedding(input_ids);  // [B, U, D]
    std::vector<SequenceOutput> steps;
    for (const Tensor& gates : unbind(token_gates(tokens), 1)) steps.push_back(search(gates, state, generator));
    SequenceOutput y = over_steps(steps);
    y.logits = logits(y.logits, matmul(y.weights, state.encoded), tokens);  // (4), (6) [B, U, V]
    return y;
  }

  // What tokens E_y y, [.., D], add to the gates of (5).
  Tensor token_gates(const Tensor& tokens) const {
    return linear(tokens, decoder_stack.input_weight(0, options_.embed_dim), decoder_stack.cell().bias_ih);
  }
  // (3) and (5): s_i [B, H] in the place of logits.
  SequenceOutput search(const Tensor& gates, DecoderState& state, Generator& generator) const {
    const AttentionStep step{.offset = state.offset++, .generator = generator, .previous = state.attended};
    const auto [context, alpha] = attention(state.layers[0].hidden, state.memory, step);  // (3) [B, T], C c_i [B, G H]
    state.attended = weights_of(alpha);
    return with_alignment(decoder_stack.step(gates + context, state.layers), alpha);  // (5) [B, H]
  }
  Tensor logits(const Tensor& s, const Tensor& context, const Tensor& tokens) const {
    return output(options_.output_sees_token ? cat({s, context, tokens}, -1) : cat({s, context}, -1));  // (6)
  }

  RnnSearchOptions options_;
};

}  // namespace fovea
