#include <fovea/layers/seq2seq/encoder_decoder.h>

namespace fovea {

Tensor EncoderDecoder::reversed_within(const Tensor& ids, const Tensor& lengths) {
  if (!lengths.defined()) return flip(ids, 1);
  const Tensor j = unsqueeze(arange(ids.size(1)), 0);              // [1, T]
  const Tensor mirrored = add(sub(unsqueeze(lengths, 1), j), -1);  // [B, T]
  const Tensor valid = squeeze(query_padding_mask(lengths, ids.size(1)), 2);
  return gather(ids, 1, where(valid, mirrored, expand(j, ids.shape())));
}

}  // namespace fovea
