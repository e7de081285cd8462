#include <fovea/layers/attention/mask.h>
#include <fovea/layers/seq2seq/luong.h>

namespace fovea {

LuongModel::LuongModel(const LuongOptions& o, Generator& generator)
    : source_embedding(o.source_vocabulary, o.embedding, -1, generator),
      target_embedding(o.target_vocabulary == 0 ? o.source_vocabulary : o.target_vocabulary, o.embedding, -1,
                       generator),
      encoder(o.cell, {.inputs = o.embedding, .hidden = o.hidden, .layers = o.layers}, generator),
      decoder_stack(o.cell, o.embedding + (o.input_feeding ? o.hidden : 0), o.hidden, o.layers, generator),
      attention(make_attention(o.attention, o.hidden, o.hidden, generator)),
      combine(2 * o.hidden, o.hidden, false, generator),
      output(o.hidden, target_embedding.weight->size(0), true, generator),
      options_(o) {}

void LuongModel::members(Members& m) {
  m("source_embedding", source_embedding)("target_embedding", target_embedding)("encoder", encoder);
  m("decoder", decoder_stack)("attention", attention)("combine", combine)("output", output);
}

DecoderState LuongModel::begin(const Tensor& source, const Tensor& lengths) const {
  const auto [h, last] = encoder(source_embedding(source), {}, lengths);  // (1) [B, T, H]
  DecoderState state;
  state.layers = decoder_stack.states_from(last);
  state.memory = attention.prepare(h, {}, lengths.defined() ? padding_mask(lengths, source.size(1)) : Tensor());
  if (options_.input_feeding) {
    state.fed = zeros({source.size(0), options_.hidden}, h.dtype());                        // h̃_0
    state.input_weights = decoder_stack.input_weight(options_.embedding, options_.hidden);  // of h̃  [G H, H]
  }
  return state;
}

Tensor LuongModel::gates_of(const Tensor& ids) const {
  return linear(target_embedding(ids), decoder_stack.input_weight(0, options_.embedding), decoder_stack.input_bias());
}

Tensor LuongModel::attend(const Tensor& gates, DecoderState& state, Generator& generator, AnyOutcome& alignment) const {
  const Tensor heard = options_.input_feeding ? gates + linear(state.fed, state.input_weights) : gates;  // [B, G H]
  const Tensor h = decoder_stack.step(heard, state.layers);                                              // (2) [B, H]
  const AttentionStep step{.offset = state.step++, .generator = generator, .previous = state.attended};
  const auto [context, found] = attention(h, state.memory, step);  // (3), (4) [B, H]
  alignment = found;
  state.attended = weights_of(found);
  Tensor attentional = tanh(combine(cat({context, h}, 1)));  // (5) [B, H]
  if (options_.input_feeding) state.fed = attentional;
  return attentional;
}

Taught LuongModel::step(const Tensor& last, DecoderState& state, Generator& generator) const {
  AnyOutcome alignment;
  const Tensor attentional = attend(gates_of(last), state, generator, alignment);
  return taught(output(attentional), alignment);  // (6) [B, V]
}

Taught LuongModel::all(const Tensor& heard, DecoderState& state, Generator& generator) const {
  if (!options_.input_feeding) {
    const Tensor h = decoder_stack.run(target_embedding(heard), state.layers);               // (2) [B, U, H]
    const auto [context, alignment] = attention(h, state.memory, {.generator = generator});  // (3), (4) [B, U, H]
    const Tensor attentional = tanh(combine(cat({context, h}, 2)));                          // (5) [B, U, H]
    return taught(output(attentional), alignment);                                           // (6) [B, U, V]
  }
  std::vector<Tensor> attentional;
  AlignmentSteps alignments;
  for (const Tensor& gates : unbind(gates_of(heard), 1)) {  // [B, G H]
    AnyOutcome alignment;
    attentional.push_back(attend(gates, state, generator, alignment));
    alignments.add(alignment);
  }
  return alignments.taught(output(stack(attentional, 1)));  // (6) [B, U, V]
}

}  // namespace fovea
