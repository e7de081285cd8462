#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/layers/decoding/scheduled_sampling.h>
#include <fovea/layers/seq2seq/recurrent_model.h>

namespace fovea {
namespace {

void check_ids(const char* what, const Tensor& ids, const Tensor& source) {
  if (!ids.defined() || ids.dim() != 2 || ids.size(1) < 1 || ids.size(0) != source.size(0))
    throw ShapeError(fmt::format("SequenceModel: {} is {}, source {}; need i64 [B, >= 1] each", what, describe(ids),
                                 describe(source)));
  if (ids.dtype() != i64) throw DTypeError(fmt::format("SequenceModel: {} is {}; need i64", what, describe(ids)));
}

void check_source(const Tensor& source, const Tensor& lengths) {
  check_ids("source", source, source);
  if (lengths.defined() && (lengths.dim() != 1 || lengths.size(0) != source.size(0)))
    throw ShapeError(
        fmt::format("SequenceModel: lengths are {}, source {}; need i64 [B]", describe(lengths), describe(source)));
}

Tensor over_steps(const std::vector<Tensor>& steps) { return steps.empty() ? Tensor() : stack(steps, 1); }

}  // namespace

Taught RecurrentModel::teach(const Tensor& source, const Tensor& lengths, const Tensor& heard,
                             const TeachingOptions& options) const {
  check_source(source, lengths);
  check_ids("heard", heard, source);
  if (!(options.truth >= 0 && options.truth <= 1))
    throw ValueError(fmt::format("SequenceModel: a share of truth of {}; need 0 to 1", options.truth));
  DecoderState state = begin(source, lengths);                          // (1)
  if (options.truth == 1) return all(heard, state, options.generator);  // (3)
  const std::vector<Tensor> truth = unbind(heard, 1);
  std::vector<Tensor> logits, log_probability, entropy;
  for (const Tensor& next : truth) {
    const Tensor last =
        logits.empty() ? next : fovea::heard(next, logits.back(), options.truth, options.generator);  // [B]
    const Taught said = step(last, state, options.generator);                                         // (2) [B, V]
    logits.push_back(said.logits);
    if (said.log_probability.defined()) log_probability.push_back(said.log_probability);
    if (said.entropy.defined()) entropy.push_back(said.entropy);
  }
  return {over_steps(logits), over_steps(log_probability), over_steps(entropy)};
}

std::unique_ptr<IncrementalDecoder> RecurrentModel::decoder(const Tensor& source, const Tensor& lengths) const {
  check_source(source, lengths);
  const NoGrad quiet;
  return make_decoder(begin(source, lengths), source.size(0), [this](const Tensor& last, DecoderState& state) {
    return step(last, state, default_generator()).logits;
  });
}

void AlignmentSteps::add(const AnyOutcome& alignment) {
  weights_.push_back(weights_of(alignment));
  const auto* drawn = std::get_if<Drawn>(&alignment);
  if (drawn == nullptr) return;
  log_probability_.push_back(drawn->log_probability);
  entropy_.push_back(drawn->entropy);
}

Taught taught(const Tensor& logits, const AnyOutcome& alignment) {
  const auto* drawn = std::get_if<Drawn>(&alignment);
  return {logits, drawn != nullptr ? drawn->log_probability : Tensor(), drawn != nullptr ? drawn->entropy : Tensor(),
          weights_of(alignment)};
}

Tensor AlignmentSteps::weights() const { return over_steps(weights_); }

Taught AlignmentSteps::taught(const Tensor& logits) const {
  return {logits, over_steps(log_probability_), over_steps(entropy_), over_steps(weights_)};
}

}  // namespace fovea
