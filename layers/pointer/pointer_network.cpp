#include <fovea/layers/pointer/pointer_network.h>

namespace fovea {

PointerNetwork::PointerNetwork(const PointerNetworkOptions& o, Generator& generator)
    : PointerModel({.inputs = o.hidden, .hidden = o.hidden, .stop = o.stop, .revisit = o.revisit, .glimpse = o.glimpse},
                   generator),
      embed_(o.inputs, o.hidden, true, generator),
      encoder_({.input_size = o.hidden, .hidden_size = o.hidden}, generator) {}

PointerSource PointerNetwork::read(const Tensor& points, const Tensor& lengths) const {
  const Tensor p = embed_(checked_points("PointerNetwork", points, embed_.weight->size(1), lengths));  // (1) [B, T, H]
  const RecurrentOutput e = encoder_(p, {}, lengths);                                                  // (2) [B, T, H]
  return {p, e.output, e.state, lengths};
}

}  // namespace fovea
