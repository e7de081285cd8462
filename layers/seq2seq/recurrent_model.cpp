#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/shared_weights.h>
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

}  // namespace

SequenceOutput RecurrentModel::operator()(const Tensor& source, const Tensor& lengths, const Tensor& input_ids,
                                          const TeacherForcing& forcing) const {
  check_source(source, lengths);
  check_ids("input_ids", input_ids, source);
  if (!(forcing.ratio >= 0 && forcing.ratio <= 1))
    throw ValueError(fmt::format("SequenceModel: a ratio of teacher forcing of {}; need 0 to 1", forcing.ratio));
  const SharedWeights shared;
  DecoderState state = begin(source, lengths);                              // (1)
  if (forcing.ratio == 1) return all(input_ids, state, forcing.generator);  // (3)
  std::vector<SequenceOutput> steps;
  for (const Tensor& next : unbind(input_ids, 1)) {
    const Tensor last =
        steps.empty() ? next : scheduled_input(next, steps.back().logits, forcing.ratio, forcing.generator);  // [B]
    steps.push_back(step(last, state, forcing.generator));  // (2) [B, V]
  }
  return over_steps(steps);
}

std::unique_ptr<IncrementalDecoder> RecurrentModel::decoder(const Tensor& source, const Tensor& lengths) const {
  check_source(source, lengths);
  const NoGrad quiet;
  return make_decoder(begin(source, lengths), source.size(0), [this](const Tensor& last, DecoderState& state) {
    return step(last, state, default_generator()).logits;
  });
}

SequenceOutput with_alignment(const Tensor& logits, const AnyOutcome& alignment) {
  const auto* drawn = std::get_if<Drawn>(&alignment);
  return {logits, drawn != nullptr ? drawn->log_probability : Tensor(), drawn != nullptr ? drawn->entropy : Tensor(),
          weights_of(alignment)};
}

SequenceOutput over_steps(const std::vector<SequenceOutput>& steps) {
  const auto stacked = [&](Tensor SequenceOutput::*part) {
    std::vector<Tensor> all;
    for (const SequenceOutput& step : steps)
      if ((step.*part).defined()) all.push_back(step.*part);
    return all.empty() ? Tensor() : stack(all, 1);
  };
  return {stacked(&SequenceOutput::logits), stacked(&SequenceOutput::log_probability),
          stacked(&SequenceOutput::entropy), stacked(&SequenceOutput::weights)};
}

}  // namespace fovea
