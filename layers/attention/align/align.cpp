#include <fovea/layers/attention/align/align.h>
#include <fovea/layers/attention/mask.h>

namespace fovea {

Tensor Align::last_position(const AlignInput& in) {
  const DType dtype = in.scores.dtype();
  if (!in.mask.defined()) return full({1, 1, 1}, static_cast<double>(in.scores.size(2) - 1), dtype);
  const Tensor mask = expand(in.mask, broadcast_shapes("align", in.mask.shape(), {1, 1, in.scores.size(2)}));
  return relu(to(attended_length(mask), dtype) - 1.0);
}

Tensor Align::one_at(const AlignInput& in, const Tensor& chosen) {
  const DType dtype = in.scores.dtype();
  const Tensor ones_there = one_hot(chosen, in.scores.size(2), dtype);
  return in.mask.defined() ? where(in.mask, ones_there, scalar(0, dtype)) : ones_there;
}

}  // namespace fovea
