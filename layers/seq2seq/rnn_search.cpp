#include <fovea/layers/attention/mask.h>
#include <fovea/layers/seq2seq/rnn_search.h>

namespace fovea {
namespace {

int64_t encoder_size(const RnnSearchOptions& o) { return o.encoder == 0 ? o.hidden : o.encoder; }
int64_t context_size(const RnnSearchOptions& o) { return o.read_embeddings ? o.embedding : 2 * encoder_size(o); }

}  // namespace

RnnSearch::RnnSearch(const RnnSearchOptions& o, Generator& generator)
    : source_embedding(o.source_vocabulary, o.embedding, -1, generator),
      target_embedding(o.target_vocabulary == 0 ? o.source_vocabulary : o.target_vocabulary, o.embedding, -1,
                       generator),
      encoder(o.cell, {.inputs = o.embedding, .hidden = encoder_size(o), .bidirectional = true}, generator),
      bridge((o.start_from_both_ends ? 2 : 1) * encoder_size(o), o.hidden, true, generator),
      attention(make_attention(o.attention, o.hidden, 2 * encoder_size(o), generator)),
      decoder_stack(o.cell, o.embedding + context_size(o), o.hidden, 1, generator),
      output(o.hidden + context_size(o) + (o.output_hears ? o.embedding : 0), target_embedding.weight->size(0), true,
             generator),
      options_(o) {}

void RnnSearch::members(Members& m) {
  m("source_embedding", source_embedding)("target_embedding", target_embedding);
  m("encoder", encoder)("bridge", bridge)("attention", attention)("decoder", decoder_stack)("output", output);
}

DecoderState RnnSearch::begin(const Tensor& source, const Tensor& lengths) const {
  const Tensor words = source_embedding(source);
  const auto [h, last] = encoder(words, {}, lengths);       // (1) [B, T, 2N]
  const std::vector<Tensor> ends = unbind(last.hidden, 0);  // →h_T, ←h_1  [B, N] each
  const Tensor first =
      tanh(bridge(options_.start_from_both_ends ? cat({ends[0], ends[1]}, 1) : ends[1]));  // (2) [B, H]
  DecoderState state;
  const bool has_cell = options_.cell == Recurrent::Kind::lstm;
  state.layers = {{first, has_cell ? zeros_like(first) : Tensor()}};
  state.encoded = options_.read_embeddings ? words : h;
  const Tensor columns = decoder_stack.input_weight(options_.embedding, context_size(options_));  // C
  const Tensor heard = linear(state.encoded, columns);                                            // C h_j  [B, T, G H]
  state.memory = attention.prepare(h, heard, lengths.defined() ? padding_mask(lengths, source.size(1)) : Tensor());
  return state;
}

Tensor RnnSearch::gates_of(const Tensor& tokens) const {
  return linear(tokens, decoder_stack.input_weight(0, options_.embedding), decoder_stack.input_bias());
}

Tensor RnnSearch::search(const Tensor& gates, DecoderState& state, Generator& generator, AnyOutcome& alignment) const {
  const AttentionStep step{.offset = state.step++, .generator = generator, .previous = state.attended};
  const auto [context, found] = attention(state.layers[0].hidden, state.memory, step);  // (3) [B, T], C c_i [B, G H]
  alignment = found;
  state.attended = weights_of(found);
  return decoder_stack.step(gates + context, state.layers);  // (5) [B, H]
}

Tensor RnnSearch::say(const Tensor& s, const Tensor& context, const Tensor& tokens) const {
  return output(options_.output_hears ? cat({s, context, tokens}, -1) : cat({s, context}, -1));  // (6)
}

Taught RnnSearch::step(const Tensor& last, DecoderState& state, Generator& generator) const {
  const Tensor token = target_embedding(last);  // [B, D]
  AnyOutcome alignment;
  const Tensor s = search(gates_of(token), state, generator, alignment);
  const Tensor context = squeeze(matmul(unsqueeze(weights_of(alignment), 1), state.encoded), 1);  // (4) [B, 2N]
  return taught(say(s, context, token), alignment);                                               // (6) [B, V]
}

Taught RnnSearch::all(const Tensor& heard, DecoderState& state, Generator& generator) const {
  const Tensor tokens = target_embedding(heard);  // [B, U, D]
  std::vector<Tensor> states;
  AlignmentSteps alignments;
  for (const Tensor& gates : unbind(gates_of(tokens), 1)) {  // [B, G H]
    AnyOutcome alignment;
    states.push_back(search(gates, state, generator, alignment));
    alignments.add(alignment);
  }
  const Tensor context = matmul(alignments.weights(), state.encoded);  // (4) [B, U, 2N]
  return alignments.taught(say(stack(states, 1), context, tokens));    // (6) [B, U, V]
}

}  // namespace fovea
