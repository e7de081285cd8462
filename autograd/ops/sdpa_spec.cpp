// The op specs of sdpa.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/sdpa.h>

namespace fovea {
namespace {

// No row is masked wholly by chance alone: samples with such rows say so.
std::vector<OpSample> sdpa_samples(SampleMaker& make) {
  std::vector<OpSample> samples;
  const auto sizes = [&](std::string label, const Shape& s, const SdpaOptions& options = {}) {  // B H Tq Tk d dv
    std::vector<Tensor> inputs{make.uniform({s[0], s[1], s[2], s[4]}, -1, 1),
                               make.uniform({s[0], s[1], s[3], s[4]}, -1, 1),
                               make.uniform({s[0], s[1], s[3], s[5]}, -1, 1)};
    if (options.mask.defined()) inputs.push_back(options.mask);
    samples.push_back(
        {std::move(label), inputs, [options](const std::vector<Tensor>& x) {
           const Tensor mask = x.size() > 3 ? x[3] : Tensor();
           return scaled_dot_product_attention(x[0], x[1], x[2], {mask, options.causal, options.offset, options.scale});
         }});
  };
  const auto mask = [](std::initializer_list<bool> values, const Shape& shape) { return tensor<bool>(values, shape); };
  sizes("one of each", {1, 1, 1, 1, 1, 1});
  sizes("one query", {2, 1, 1, 3, 2, 3});
  sizes("more keys than queries", {1, 2, 2, 4, 3, 2});
  sizes("more queries than the few", {1, 1, 6, 3, 2, 1});
  sizes("past a vector", {1, 1, 5, 2, 17, 1});
  sizes("past a tile of keys", {1, 1, 1, 66, 1, 1});
  sizes("past a tile of queries", {1, 1, 66, 2, 1, 1});
  sizes("causal", {1, 2, 5, 5, 2, 2}, {.causal = true});
  sizes("causal, later queries", {1, 1, 2, 4, 2, 1}, {.causal = true, .offset = 2});
  sizes("causal, queries that see nothing", {1, 1, 5, 3, 2, 1}, {.causal = true, .offset = -2});
  sizes("a scale of its own", {1, 2, 5, 3, 3, 2}, {.causal = true, .scale = 2.5});
  sizes("masked keys", {2, 1, 5, 3, 2, 2}, {.mask = mask({true, false, true, true, true, false}, {2, 1, 1, 3})});
  sizes("a mask of queries and keys", {1, 2, 2, 3, 2, 1},
        {.mask = mask({true, false, true, false, true, true}, {2, 3})});
  sizes("a mask of each head, causal", {1, 2, 5, 2, 1, 2},
        {.mask = mask({true, false, true, true}, {1, 2, 1, 2}), .causal = true});
  sizes("a row masked wholly", {1, 1, 5, 2, 2, 2},
        {.mask = mask({true, true, false, false, true, false, false, true, true, true}, {5, 2})});
  sizes("no keys", {1, 2, 2, 0, 2, 2});
  sizes("no queries", {1, 1, 0, 2, 2, 2});
  sizes("no batch", {0, 1, 2, 2, 2, 2});
  samples.push_back(
      {"large scores",
       {make.uniform({1, 1, 5, 2}, -30, 30), make.uniform({1, 1, 3, 2}, -30, 30), make.uniform({1, 1, 3, 1}, -1, 1)},
       [](const std::vector<Tensor>& x) { return scaled_dot_product_attention(x[0], x[1], x[2]); },
       false});
  samples.push_back({"the same tensor three times",
                     {make.uniform({1, 2, 5, 2}, -1, 1)},
                     [](const std::vector<Tensor>& x) { return scaled_dot_product_attention(x[0], x[0], x[0]); }});
  return samples;
}

InvalidCall wrong(std::string label, const Shape& q, const Shape& k, const Shape& v, const Tensor& mask = {}) {
  return {std::move(label), [=] { scaled_dot_product_attention(ones(q), ones(k), ones(v), {.mask = mask}); }};
}

const OpSpec sdpa_spec = OpSpec::add({
    .name = "scaled_dot_product_attention",
    .formula = "y = softmax(q kᵀ / √d) v",
    .samples = sdpa_samples,
    .invalid = {wrong("scalar", {}, {}, {}),
                wrong("1-D", {4}, {4}, {4}),
                wrong("rank", {2, 3, 4}, {2, 3, 4}, {2, 3, 4}),
                wrong("rank of the keys", {1, 1, 3, 4}, {1, 3, 4}, {1, 1, 3, 4}),
                wrong("rank of the values", {1, 1, 3, 4}, {1, 1, 3, 4}, {1, 3, 4}),
                wrong("batch of the values", {1, 1, 3, 4}, {1, 1, 3, 4}, {2, 1, 3, 4}),
                wrong("heads of the values", {1, 1, 3, 4}, {1, 1, 3, 4}, {1, 2, 3, 4}),
                wrong("no features of the values", {1, 1, 3, 4}, {1, 1, 3, 4}, {1, 1, 3, 0}),
                wrong("mask of rank 5", {1, 1, 3, 4}, {1, 1, 2, 4}, {1, 1, 2, 4}, zeros({1, 1, 1, 3, 2}, boolean)),
                wrong("heads", {1, 2, 3, 4}, {1, 1, 3, 4}, {1, 1, 3, 4}),
                wrong("batch", {2, 1, 3, 4}, {1, 1, 3, 4}, {1, 1, 3, 4}),
                wrong("width", {1, 1, 3, 4}, {1, 1, 3, 5}, {1, 1, 3, 4}),
                wrong("keys and values", {1, 1, 3, 4}, {1, 1, 3, 4}, {1, 1, 2, 4}),
                wrong("no features", {1, 1, 3, 0}, {1, 1, 3, 0}, {1, 1, 3, 1}),
                wrong("mask of numbers", {1, 1, 3, 4}, {1, 1, 2, 4}, {1, 1, 2, 4}, ones({3, 2})),
                wrong("mask of another size", {1, 1, 3, 4}, {1, 1, 2, 4}, {1, 1, 2, 4}, zeros({3, 3}, boolean)),
                wrong("mask that is larger", {1, 1, 3, 4}, {1, 1, 1, 4}, {1, 1, 1, 4}, zeros({3, 3}, boolean)),
                {"types",
                 [] { scaled_dot_product_attention(ones({1, 1, 1, 1}), ones({1, 1, 1, 1}, f64), ones({1, 1, 1, 1})); }},
                {"undefined", [] { scaled_dot_product_attention(Tensor(), ones({1, 1, 1, 1}), ones({1, 1, 1, 1})); }}},
    .also_records = {},
});

}  // namespace
}  // namespace fovea
