#include <fmt/format.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/seq2seq/encoder_decoder.h>

namespace fovea {
namespace {

// Each row's valid ids in the opposite order; what is past its length stays where it is.
Tensor reversed_within(const Tensor& ids, const Tensor& lengths) {
  if (!lengths.defined()) return flip(ids, 1);
  const Tensor j = unsqueeze(arange(ids.size(1)), 0);              // [1, T]
  const Tensor mirrored = add(sub(unsqueeze(lengths, 1), j), -1);  // [B, T]
  const Tensor valid = squeeze(query_padding_mask(lengths, ids.size(1)), 2);
  return gather(ids, 1, where(valid, mirrored, expand(j, ids.shape())));
}

}  // namespace

EncoderDecoder::EncoderDecoder(const EncoderDecoderOptions& o, Generator& generator)
    : source_embedding(o.source_vocabulary, o.embedding, -1, generator),
      target_embedding(o.target_vocabulary == 0 ? o.source_vocabulary : o.target_vocabulary, o.embedding, -1,
                       generator),
      encoder(o.cell, {.inputs = o.embedding, .hidden = o.hidden, .layers = o.layers}, generator),
      decoder_stack(o.cell, o.embedding + (o.constant_context ? o.hidden : 0), o.hidden, o.layers, generator),
      output(o.hidden, target_embedding.weight->size(0), true, generator),
      options_(o) {}

void EncoderDecoder::members(Members& m) {
  m("source_embedding", source_embedding)("target_embedding", target_embedding);
  m("encoder", encoder)("decoder", decoder_stack)("output", output);
}

DecoderState EncoderDecoder::begin(const Tensor& source, const Tensor& lengths) const {
  const Tensor read = options_.reverse_source ? reversed_within(source, lengths) : source;
  const State last = encoder(source_embedding(read), {}, lengths).state;  // (1) [layers, B, H]
  DecoderState state;
  state.layers = decoder_stack.states_from(last);                         // (2) [B, H] each
  if (options_.constant_context) state.fed = state.layers.back().hidden;  // (2) [B, H]
  return state;
}

Tensor EncoderDecoder::heard_with_context(const Tensor& ids, const DecoderState& state) const {
  Tensor token = target_embedding(ids);  // [B, U, D]
  if (!state.fed.defined()) return token;
  const Tensor context = expand(unsqueeze(state.fed, 1), {ids.size(0), ids.size(1), state.fed.size(1)});
  return cat({token, context}, 2);  // [B, U, D + H]
}

Taught EncoderDecoder::all(const Tensor& heard, DecoderState& state, Generator&) const {
  const Tensor s = decoder_stack.run(heard_with_context(heard, state), state.layers);  // (3) [B, U, H]
  return {output(s), {}, {}};                                                          // (4) [B, U, V]
}

Taught EncoderDecoder::step(const Tensor& last, DecoderState& state, Generator& generator) const {
  ++state.step;
  return {squeeze(all(unsqueeze(last, 1), state, generator).logits, 1), {}, {}};  // [B, V]
}

}  // namespace fovea
