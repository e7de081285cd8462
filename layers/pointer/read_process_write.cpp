#include <fmt/format.h>
#include <fovea/autograd/shared_weights.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/pointer/read_process_write.h>

namespace fovea {

ReadProcessWrite::ReadProcessWrite(const ReadProcessWriteOptions& o, Generator& generator)
    : PointerModel({.inputs = o.hidden, .hidden = o.hidden, .stop = o.stop, .revisit = o.revisit, .glimpse = o.glimpse},
                   generator),
      process_steps_(o.process_steps),
      first_(o.inputs, o.hidden, true, generator),
      second_(o.hidden, o.hidden, true, generator) {
  if (o.process_steps < 0)
    throw ValueError(fmt::format("ReadProcessWrite: process_steps {}; need at least 0", o.process_steps));
  if (o.process_steps > 0) lstm_.emplace(CellOptions{o.hidden, o.hidden}, generator);
}

void ReadProcessWrite::members(Members& m) {
  m("first", first_)("second", second_)("lstm", lstm_)("attention", attention_)("decoder", write);
}

PointerSource ReadProcessWrite::read(const Tensor& points, const Tensor& lengths) const {
  const Tensor x = checked_points("ReadProcessWrite", points, first_.weight->size(1), lengths);
  const Tensor m = second_(relu(first_(x)));  // (1) [B, T, H]
  const AttentionMemory memory =
      attention_.prepare(m, {}, lengths.defined() ? padding_mask(lengths, x.size(1)) : Tensor());
  const SharedWeights shared;
  Tensor r = zeros({x.size(0), m.size(2)}, x.dtype());
  State q{r, r};
  for (int64_t t = 0; t < process_steps_; ++t) {
    // The LSTM's own state is q, so that q* reaches it whole.
    q = (*lstm_)(r, q).state;                  // (3), (7) [B, H]
    r = attention_(q.hidden, memory).context;  // (4)-(6) [B, H]
  }
  return {m, m, {unsqueeze(q.hidden, 0), unsqueeze(r, 0)}, lengths};  // (8)
}

}  // namespace fovea
