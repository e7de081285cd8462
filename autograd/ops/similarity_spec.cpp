// The op specs of similarity.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;

std::vector<OpSample> cosine_samples(SampleMaker& make) {
  std::vector<OpSample> samples;
  const auto more = [&](const char* label, const Shape& a, const Shape& b, int64_t dim) {
    samples.push_back({label, {make.uniform(a, 0.2, 2), make.uniform(b, -2, -0.2)}, [dim](const Inputs& x) {
                         return cosine_similarity(x[0], x[1], dim);
                       }});
  };
  more("scalars", {}, {}, 0);
  more("vectors", {19}, {19}, 0);
  more("rows", {3, 4}, {3, 4}, -1);
  more("columns", {3, 4}, {3, 4}, 0);
  more("a key and slots", {2, 1, 4}, {2, 5, 4}, -1);
  more("vector and rows", {4}, {3, 4}, 1);
  more("size 1 along the dimension", {3, 1}, {3, 4}, 1);
  more("4-D", {2, 1, 2, 3}, {1, 3, 2, 3}, 2);
  more("no rows", {0, 3}, {0, 3}, 1);
  more("the same size 1", {3, 1}, {3, 1}, 1);
  samples.push_back({"the same tensor twice", {make.uniform({2, 3}, 0.2, 2)}, [](const Inputs& x) {
                       return cosine_similarity(x[0], x[0], 1);
                     }});
  samples.push_back({"transposed and sliced", {make.uniform({4, 5}, 0.2, 2)}, [](const Inputs& x) {
                       return cosine_similarity(transpose(slice(x[0], 1, 0, 4), 0, 1), slice(x[0], 1, 1, 5), 0);
                     }});
  samples.push_back({"shorter than eps",
                     {make.uniform({2, 3}, 0.1, 0.2), make.uniform({2, 3}, 1, 2)},
                     [](const Inputs& x) { return cosine_similarity(x[0], x[1], 1, 0.9); }});
  return samples;
}

std::vector<OpSample> convolution_samples(SampleMaker& make) {
  const SampleCall call = [](const Inputs& x) { return circular_convolution(x[0], x[1]); };
  std::vector<OpSample> samples;
  const auto more = [&](const char* label, const Shape& w, const Shape& s) {
    samples.push_back({label, {make.uniform(w, -1, 1), make.uniform(s, -1, 1)}, call});
  };
  more("one row", {7}, {3});
  more("rows", {3, 40}, {3, 5});
  more("4-D", {2, 1, 2, 5}, {2, 1, 2, 3});
  more("one shift", {2, 4}, {2, 1});
  more("one slot", {2, 1}, {2, 3});
  more("more shifts than slots", {2, 3}, {2, 7});
  more("shifts broadcast", {3, 5}, {3});
  more("weights broadcast", {5}, {2, 3, 3});
  more("no rows", {0, 5}, {0, 3});
  more("no slots", {2, 0}, {2, 3});
  more("one shape", {2, 3}, {2, 3});
  samples.push_back({"transposed", {make.uniform({5, 2}, -1, 1), make.uniform({3, 2}, -1, 1)}, [](const Inputs& x) {
                       return circular_convolution(transpose(x[0], 0, 1), transpose(x[1], 0, 1));
                     }});
  return samples;
}

const OpSpec cosine_spec = OpSpec::add({
    .name = "cosine_similarity",
    .formula = "y = a.b / (|a| |b|)",
    .samples = cosine_samples,
    .invalid = {{"shapes", [] { cosine_similarity(ones({3}), ones({2}), 0); }},
                {"no such dimension", [] { cosine_similarity(ones({3}), ones({3}), 1); }},
                {"negative eps", [] { cosine_similarity(ones({3}), ones({3}), 0, -1); }},
                {"types", [] { cosine_similarity(ones({3}), ones({3}, f64), 0); }},
                {"undefined", [] { cosine_similarity(ones({3}), Tensor(), 0); }}},
});

const OpSpec circular_convolution_spec = OpSpec::add({
    .name = "circular_convolution",
    .formula = "y(i) = sum_j s(j) w((i - j) mod N)",
    .samples = convolution_samples,
    .invalid = {{"even number of shifts", [] { circular_convolution(ones({4}), ones({2})); }},
                {"leading sizes",
                 [] {
                   circular_convolution(ones({2, 4}), ones({3, 3}));
                 }},
                {"scalar", [] { circular_convolution(scalar(1), ones({3})); }},
                {"shifts of rank 0", [] { circular_convolution(ones({3}), scalar(1)); }},
                {"types", [] { circular_convolution(ones({4}), ones({3}, f64)); }},
                {"undefined", [] { circular_convolution(Tensor(), ones({3})); }}},
    .also_records = {"circular_correlation"},
});

}  // namespace
}  // namespace fovea
