// Captioner: a decoder that looks at the image anew for every word. Xu, Ba, Kiros, Cho, Courville, Salakhutdinov,
// Zemel, Bengio 2015, "Show, Attend and Tell", arXiv 1502.03044, sections 3.1 and 4.
//
//   h_0, c_0 = tanh(W_h ā + b_h), tanh(W_c ā + b_c),   ā = mean_i a_i                                        (1)
//   α_t = align(v^T tanh(W_a a_i + W_q h_{t-1}))       any score, any alignment                              (2)
//   β_t = σ(w_β h_{t-1} + b_β)                         how much of the image this word needs                 (3)
//   ẑ_t = β_t Σ_i α_{ti} a_i                           soft; hard: β_t a_{s_t}                               (4)
//   h_t, c_t = LSTM([E y_{t-1} ; ẑ_t], h_{t-1}, c_{t-1})                                                     (5)
//   p(y_t) = softmax(L_o tanh(E y_{t-1} + L_h h_t + L_z ẑ_t))                                                (6)
//
//   symbol   shape         meaning
//   a        [B, L, Da]    annotations: one vector a place of the image, as FeatureGrid makes them
//   α        [B, U, L]     weights; reported to a WeightCollector, step by step
//   β        [B, 1]        of one step
//   h, c     [B, H]        the decoder's state
//   E        [V, D]        embedding of the words
//   L_h L_z  [D, H + Da]   one matrix; L_o [V, D]
//
// The alignment is a name of the registry: soft, hard (align/hard.h: a draw, half of the time its expectation if so
// set), ... With "none" nothing is attended, and ẑ_t = β_t ā: Vinyals, Toshev, Bengio, Erhan 2014, "Show and Tell",
// arXiv 1411.4555, with the image given again at every step. The paper has (3) in soft attention alone and the tanh of
// (6) in its code alone; here all have both. Dropout, in training, is of h_t in (6) alone: what a word needs is then
// better looked at than remembered. The losses stand in caption_loss.h. A batch is decoded by
// decoding/search.h. Errors: ShapeError, DTypeError, IndexError for what does not fit; ValueError for options.
// Cost: B U (L (A + Da) + 4 H (D + Da + H) + V D).
#pragma once

#include <fovea/autograd/shared_weights.h>
#include <fovea/layers/dropout.h>
#include <fovea/layers/seq2seq/recurrent_model.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fovea {

struct CaptionerOptions {
  int64_t vocabulary, features;  // V, Da
  int64_t embed_dim = 64;        // D
  int64_t hidden_size = 128;     // H
  std::string score = "additive";
  std::string align = "soft";  // or "none"
  int64_t width = 0;           // A; 0: as wide as the annotations
  double dropout = 0;          // of h_t in (6)
};

// Of one step.
struct CaptionState {
  State lstm;
  AttentionMemory memory;  // a, as the score prepared it
  Tensor mean;             // ā [B, Da], where nothing is attended
  template <class Visit>
  void tensors(Visit&& visit) {
    visit("lstm", lstm), visit("memory", memory), visit("mean", mean, 0);
  }
};

class Captioner final : public Module {
 public:
  explicit Captioner(const CaptionerOptions& o, Generator& generator = default_generator())
      : words(o.vocabulary, o.embed_dim, -1, generator),
        initial_hidden(o.features, o.hidden_size, true, generator),
        initial_cell(o.features, o.hidden_size, true, generator),
        gate(o.hidden_size, 1, true, generator),
        lstm({.input_size = o.embed_dim + o.features, .hidden_size = o.hidden_size}, generator),
        reads(o.hidden_size + o.features, o.embed_dim, true, generator),
        output(o.embed_dim, o.vocabulary, true, generator),
        dropout_(o.dropout) {
    if (o.align == "none") return;
    const AttentionChoice choice{.score = o.score, .align = o.align, .width = o.width};
    attention.emplace(make_attention(choice, o.hidden_size, o.features, generator));
  }
  void members(Members& m) override {
    m("words", words)("initial_hidden", initial_hidden)("initial_cell", initial_cell)("attention", attention);
    m("gate", gate)("lstm", lstm)("reads", reads)("output", output)("dropout", dropout_);
  }

  // Teacher forcing: a [B, L, Da], input_ids i64 [B, U] -> logits [B, U, V], and of the attention [B, U, ..].
  SequenceOutput operator()(const Tensor& a, const Tensor& input_ids,
                            Generator& generator = default_generator()) const {
    CaptionState state = begin(a);
    if (!input_ids.defined() || input_ids.dim() != 2 || input_ids.size(1) < 1 || input_ids.size(0) != a.size(0))
      throw ShapeError(place(*this, "Captioner") + ": annotations " + describe(a) + ", input_ids " +
                       describe(input_ids) + "; need a[B, L, Da], i64 [B, >= 1] with one B");
    const SharedWeights shared;
    const Tensor tokens = words(input_ids);  // E y_{t-1} [B, U, D]
    std::vector<SequenceOutput> steps;
    for (const Tensor& token : unbind(tokens, 1)) steps.push_back(look(token, state, generator));
    SequenceOutput all = over_steps(steps);
    all.logits = logits(all.logits, tokens);  // (6) [B, U, V]
    return all;
  }

  CaptionState begin(const Tensor& a) const {
    check_features(*this, "Captioner", "annotations", a, 3, initial_hidden.weight->size(1), 1);
    const Tensor mean = fovea::mean(a, 1);                                               // ā [B, Da]
    CaptionState state{{tanh(initial_hidden(mean)), tanh(initial_cell(mean))}, {}, {}};  // (1) [B, H]
    if (attention)
      state.memory = attention->prepare(a);
    else
      state.mean = mean;
    return state;
  }
  // last i64 [B] -> logits [B, V], and [B, ..] of the attention.
  SequenceOutput step(const Tensor& last, CaptionState& state, Generator& generator = default_generator()) const {
    const Tensor token = words(last);  // [B, D]
    SequenceOutput y = look(token, state, generator);
    y.logits = logits(y.logits, token);  // (6) [B, V]
    return y;
  }
  // One row an image. The captioner has to outlive its decoder.
  std::unique_ptr<IncrementalDecoder> decoder(const Tensor& a) const {
    const NoGrad quiet;
    return make_decoder(begin(a), a.size(0),
                        [this](const Tensor& last, CaptionState& state) { return step(last, state).logits; });
  }

  Embedding words;                      // E: N(0, 1) at the start
  Linear initial_hidden, initial_cell;  // W_h, b_h; W_c, b_c
  std::optional<AnyAttention> attention;
  Linear gate;  // w_β, b_β
  LSTMCell lstm;
  Linear reads, output;  // L_h and L_z, L_o; each with a bias

 private:
  // (2) to (5): [h_t ; ẑ_t] [B, H + Da] in the place of logits.
  SequenceOutput look(const Tensor& token, CaptionState& state, Generator& generator) const {
    SequenceOutput y;
    Tensor context = state.mean;  // [B, Da]
    if (attention) {
      const auto [c, alpha] = (*attention)(state.lstm.hidden, state.memory, {.generator = generator});  // (2) [B, L]
      y = with_alignment(c, alpha);
      context = c;
    }
    const Tensor beta = sigmoid(gate(state.lstm.hidden));                            // (3) [B, 1]
    const Tensor z = beta * context;                                                 // (4) [B, Da]
    state.lstm = lstm.step(lstm.input_gates(cat({token, z}, 1)), state.lstm).state;  // (5) [B, H]
    y.logits = cat({dropout_(state.lstm.hidden, generator), z}, 1);
    return y;
  }
  Tensor logits(const Tensor& hidden_and_context, const Tensor& tokens) const {
    return output(tanh(tokens + reads(hidden_and_context)));  // (6)
  }

  Dropout dropout_;
};

}  // namespace fovea
