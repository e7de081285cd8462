// The op specs of gru.cpp.
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/sequence_spec.h>

namespace fovea {
namespace {

using namespace detail;
using Inputs = std::vector<Tensor>;

SequenceCall sample_call(bool reset_before) {
  return [reset_before](const Inputs& x, const SequenceOptions& options) {
    const RecurrentWeights weights{x[kIh], x[kHh], x[kBiasIh], x[kBiasHh]};
    const HiddenSequence y = gru_sequence(x[kX], x[kHidden], weights, options, reset_before);
    return Inputs{y.output, y.hidden};
  };
}

std::vector<OpSample> samples_of_gru(SampleMaker& make) {
  std::vector<OpSample> samples = sequence_samples(make, 3, 1, sample_call(false));
  for (const SequenceSample& sample : {SequenceSample{"reset before", {2, 3, 2}, 2},
                                       SequenceSample{"reset before, lengths", {2, 3, 2}, 2, false, {1, 3}},
                                       SequenceSample{"reset before, no steps", {2, 0, 2}, 2}})
    samples.push_back(sequence_sample(make, 3, 1, sample_call(true), sample));
  return samples;
}

const OpSpec gru_sequence_spec = OpSpec::add({
    .name = "gru_sequence",
    .formula = "h = GRU(x_t, h) for t in 1..T",
    .samples = samples_of_gru,
    .invalid =
        {{"scalar",
          [] {
            gru_sequence(scalar(1), {}, {ones({6, 3}), ones({6, 2}), {}, {}});
          }},
         {"4-D",
          [] {
            gru_sequence(ones({1, 2, 3, 3}), {}, {ones({6, 3}), ones({6, 2}), {}, {}});
          }},
         {"column broadcast",
          [] {
            gru_sequence(ones({2, 3, 3}), {}, {ones({6, 1}), ones({6, 2}), {}, {}});
          }},
         {"x of rank 2",
          [] {
            gru_sequence(ones({2, 3}), {}, {ones({6, 3}), ones({6, 2}), {}, {}});
          }},
         {"weights of an LSTM",
          [] {
            gru_sequence(ones({2, 3, 3}), {}, {ones({8, 3}), ones({8, 2}), {}, {}});
          }},
         {"bias",
          [] {
            gru_sequence(ones({2, 3, 3}), {}, {ones({6, 3}), ones({6, 2}), ones({2}), {}});
          }},
         {"lengths of another batch",
          [] {
            gru_sequence(ones({2, 3, 3}), {}, {ones({6, 3}), ones({6, 2}), {}, {}}, {.lengths = tensor<int64_t>({3})});
          }},
         {"negative length",
          [] {
            gru_sequence(ones({2, 3, 3}), {}, {ones({6, 3}), ones({6, 2}), {}, {}},
                         {.lengths = tensor<int64_t>({3, -1})});
          }}},
});

const OpSpec gru_cell_spec = OpSpec::add({
    .name = "gru_cell",
    .formula = "h' = (1 - z) n + z h",
    .samples =
        [](SampleMaker& make) {
          std::vector<OpSample> samples;
          for (const Shape& shape : {Shape{3, 2}, Shape{1, 1}, Shape{2, 17}, Shape{0, 3}}) {
            const Shape gates{shape[0], 3 * shape[1]};
            samples.push_back({shape.str(),
                               {make.uniform(gates, -2, 2), make.uniform(gates, -2, 2), make.uniform(shape, -2, 2)},
                               [](const Inputs& x) { return gru_cell(x[0], x[1], x[2]); }});
          }
          return samples;
        },
    .invalid = {{"scalar", [] { gru_cell(scalar(1), scalar(1), scalar(1)); }},
                {"1-D", [] { gru_cell(ones({6}), ones({6}), ones({2})); }},
                {"4-D",
                 [] {
                   gru_cell(ones({1, 1, 2, 6}), ones({1, 1, 2, 6}), ones({1, 1, 2, 2}));
                 }},
                {"row broadcast",
                 [] {
                   gru_cell(ones({6}), ones({2, 6}), ones({2, 2}));
                 }},
                {"column broadcast",
                 [] {
                   gru_cell(ones({2, 6}), ones({2, 1}), ones({2, 2}));
                 }},
                {"gates of 4H",
                 [] {
                   gru_cell(ones({2, 8}), ones({2, 6}), ones({2, 2}));
                 }},
                {"hidden gates of 2H",
                 [] {
                   gru_cell(ones({2, 6}), ones({2, 4}), ones({2, 2}));
                 }},
                {"hidden of rank 3",
                 [] {
                   gru_cell(ones({2, 6}), ones({2, 6}), ones({1, 2, 2}));
                 }},
                {"two types",
                 [] {
                   gru_cell(ones({2, 6}), ones({2, 6}, f64), ones({2, 2}));
                 }}},
});

}  // namespace
}  // namespace fovea
