// The op specs of lstm.cpp.
#include <fovea/autograd/ops.h>
#include <fovea/autograd/ops/sequence_spec.h>

namespace fovea {
namespace {

using namespace detail;
using Inputs = std::vector<Tensor>;

std::vector<OpSample> samples_of_lstm(SampleMaker& make) {
  return sequence_samples(make, 4, 2, [](const Inputs& x, const SequenceOptions& options) {
    const RecurrentWeights weights{x[kIh], x[kHh], x[kBiasIh], x[kBiasHh]};
    const LstmSequence y = lstm_sequence(x[kX], x[kHidden], x[kCell], weights, options);
    return Inputs{y.output, y.hidden, y.cell};
  });
}

const OpSpec lstm_sequence_spec = OpSpec::add({
    .name = "lstm_sequence",
    .formula = "h, c = LSTM(x_t, h, c) for t in 1..T",
    .samples = samples_of_lstm,
    .invalid = {{"scalar",
                 [] {
                   lstm_sequence(scalar(1), {}, {}, {ones({8, 3}), ones({8, 2}), {}, {}});
                 }},
                {"4-D",
                 [] {
                   lstm_sequence(ones({1, 2, 3, 3}), {}, {}, {ones({8, 3}), ones({8, 2}), {}, {}});
                 }},
                {"column broadcast",
                 [] {
                   lstm_sequence(ones({2, 3, 3}), {}, {}, {ones({8, 1}), ones({8, 2}), {}, {}});
                 }},
                {"x of rank 2",
                 [] {
                   lstm_sequence(ones({2, 3}), {}, {}, {ones({8, 3}), ones({8, 2}), {}, {}});
                 }},
                {"weight_ih",
                 [] {
                   lstm_sequence(ones({2, 3, 3}), {}, {}, {ones({8, 2}), ones({8, 2}), {}, {}});
                 }},
                {"state",
                 [] {
                   lstm_sequence(ones({2, 3, 3}), ones({3, 2}), {}, {ones({8, 3}), ones({8, 2}), {}, {}});
                 }},
                {"two types",
                 [] {
                   lstm_sequence(ones({2, 3, 3}), {}, {}, {ones({8, 3}, f64), ones({8, 2}), {}, {}});
                 }},
                {"length above T",
                 [] {
                   lstm_sequence(ones({2, 3, 3}), {}, {}, {ones({8, 3}), ones({8, 2}), {}, {}},
                                 {.lengths = tensor<int64_t>({3, 4})});
                 }}},
});

const OpSpec lstm_cell_spec = OpSpec::add({
    .name = "lstm_cell",
    .formula = "c' = s(f) c + s(i) tanh(g), h' = s(o) tanh(c')",
    .samples =
        [](SampleMaker& make) {
          const SampleCall both = [](const Inputs& x) {
            const LstmStep y = lstm_cell(x[0], x[1]);
            return cat({y.hidden, y.cell}, 1);
          };
          std::vector<OpSample> samples;
          for (const Shape& shape : {Shape{3, 2}, Shape{1, 1}, Shape{2, 17}, Shape{0, 3}})
            samples.push_back(
                {shape.str(), {make.uniform({shape[0], 4 * shape[1]}, -2, 2), make.uniform(shape, -2, 2)}, both});
          samples.push_back(
              {"hidden alone", samples[0].inputs, [](const Inputs& x) { return lstm_cell(x[0], x[1]).hidden; }});
          samples.push_back(
              {"cell alone", samples[0].inputs, [](const Inputs& x) { return lstm_cell(x[0], x[1]).cell; }});
          return samples;
        },
    .invalid = {{"scalar", [] { lstm_cell(scalar(1), scalar(1)); }},
                {"1-D", [] { lstm_cell(ones({8}), ones({2})); }},
                {"4-D",
                 [] {
                   lstm_cell(ones({1, 1, 2, 8}), ones({1, 1, 2, 2}));
                 }},
                {"row broadcast",
                 [] {
                   lstm_cell(ones({8}), ones({2, 2}));
                 }},
                {"column broadcast",
                 [] {
                   lstm_cell(ones({2, 8}), ones({2, 1}));
                 }},
                {"same tensor twice",
                 [] {
                   const Tensor x = ones({2, 8});
                   lstm_cell(x, x);
                 }},
                {"gates of 3H",
                 [] {
                   lstm_cell(ones({2, 6}), ones({2, 2}));
                 }},
                {"two types",
                 [] {
                   lstm_cell(ones({2, 8}), ones({2, 2}, f64));
                 }}},
});

}  // namespace
}  // namespace fovea
