// The op specs of repeat.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;

const OpSpec repeat_spec = OpSpec::add({
    .name = "repeat",
    .formula = "y[i] = x[i mod n]",
    .samples =
        [](SampleMaker& make) {
          auto samples = layout_samples(
              make,
              [](const Inputs& x) {
                Shape counts = Shape::filled(x[0].dim(), 1);
                counts[0] = 2;
                counts[x[0].dim() - 1] = 3;
                return repeat(x[0], counts);
              },
              -2, 2);
          const auto more = [&](const char* label, const Shape& shape, const Shape& counts) {
            samples.push_back(
                {label, {make.uniform(shape, -2, 2)}, [=](const Inputs& x) { return repeat(x[0], counts); }});
          };
          more("scalar", {}, {3});
          more("scalar, once", {}, {});
          more("more dimensions", {2, 3}, {2, 1, 2});
          more("never", {2, 3}, {0, 1});
          more("rank 8", {1, 2, 1, 1, 2, 1, 1, 2}, {2, 1, 1, 1, 2, 1, 1, 3});
          return samples;
        },
    .invalid = {{"too few counts",
                 [] {
                   repeat(ones({2, 3}), {2});
                 }},
                {"negative count", [] { repeat(ones({2}), {-1}); }},
                {"too large", [] { repeat(ones({4}), {int64_t{1} << 62}); }},
                {"undefined", [] { repeat(Tensor(), {1}); }}},
});

const OpSpec repeat_interleave_spec = OpSpec::add({
    .name = "repeat_interleave",
    .formula = "y[i] = x[i / repeats]",
    .samples =
        [](SampleMaker& make) {
          auto samples = layout_samples(
              make, [](const Inputs& x) { return repeat_interleave(x[0], 3, -1); }, -2, 2);
          for (OpSample& sample : layout_samples(
                   make, [](const Inputs& x) { return repeat_interleave(x[0], 2, 0); }, -2, 2))
            samples.push_back(std::move(sample));
          const auto flat = [](const Inputs& x) { return repeat_interleave(x[0], 2); };
          samples.push_back({"scalar", {make.uniform({}, -2, 2)}, flat});
          samples.push_back({"all elements", {make.uniform({2, 3}, -2, 2)}, flat});
          samples.push_back({"a count for each", {make.uniform({2, 3}, -2, 2), make.ids({3}, 4)}, [](const Inputs& x) {
                               return repeat_interleave(x[0], x[1], 1);
                             }});
          samples.push_back({"a count for each element",
                             {make.uniform({2, 3}, -2, 2), make.ids({6}, 3)},
                             [](const Inputs& x) { return repeat_interleave(x[0], x[1]); }});
          return samples;
        },
    .invalid = {{"negative count", [] { repeat_interleave(ones({2}), -1); }},
                {"negative count of one", [] { repeat_interleave(ones({1}), full({1}, -1, i64)); }},
                {"too large", [] { repeat_interleave(ones({4}), int64_t{1} << 62); }},
                {"too large, of one", [] { repeat_interleave(ones({1}), full({1}, 0x1p62, i64)); }},
                {"other number of counts", [] { repeat_interleave(ones({3}), ones({2}, i64), 0); }},
                {"counts of f32", [] { repeat_interleave(ones({3}), ones({3}), 0); }},
                {"no such dimension", [] { repeat_interleave(ones({3}), 2, 1); }},
                {"undefined", [] { repeat_interleave(Tensor(), 2); }}},
});

// The classes that vectors do not come in.
std::vector<InvalidCall> of_vectors_alone(void (*f)(const Tensor& a, const Tensor& b)) {
  return {{"4-D",
           [f] {
             f(ones({1, 2, 1, 2}), ones({2}));
           }},
          {"transposed",
           [f] {
             f(transpose(ones({2, 3}), 0, 1), ones({2}));
           }},
          {"row broadcast",
           [f] {
             f(ones({3, 2}), ones({2}));
           }},
          {"column broadcast",
           [f] {
             f(ones({3, 2}), ones({3, 1}));
           }},
          {"types", [f] { f(ones({2}), ones({2}, f64)); }},
          {"undefined", [f] { f(ones({2}), Tensor()); }}};
}

std::vector<OpSample> vector_samples(SampleMaker& make, const SampleCall& call) {
  std::vector<OpSample> samples;
  for (const auto& [a, b] : {std::pair{5, 3}, {4, 4}, {1, 3}, {3, 1}, {0, 3}, {23, 11}})
    samples.push_back({"vectors", {make.uniform({a}, -2, 2), make.uniform({b}, -2, 2)}, call});
  return samples;
}

const OpSpec outer_spec = OpSpec::add([] {
  OpSpec spec;
  spec.name = "outer";
  spec.formula = "y_ij = a_i b_j";
  spec.samples = [](SampleMaker& make) {
    return vector_samples(make, [](const Inputs& x) { return outer(x[0], x[1]); });
  };
  spec.invalid = of_vectors_alone([](const Tensor& a, const Tensor& b) { outer(a, b); });
  spec.invalid.push_back({"scalar", [] { outer(ones({2}), scalar(1)); }});
  spec.invalid.push_back({"bool", [] { outer(ones({2}, boolean), ones({2}, boolean)); }});
  return spec;
}());

const OpSpec meshgrid_spec = OpSpec::add([] {
  const auto call = [](const char* indexing) {
    return [indexing](const Inputs& x) {
      const std::vector<Tensor> grids = meshgrid(x, indexing);
      return grids[0] * grids[1] + grids.back();
    };
  };
  OpSpec spec;
  spec.name = "meshgrid";
  spec.formula = "y_k[i_0, i_1, ..] = x_k[i_k]";
  spec.samples = [call](SampleMaker& make) {
    auto samples = vector_samples(make, call("ij"));
    for (OpSample& sample : vector_samples(make, call("xy"))) samples.push_back(std::move(sample));
    samples.push_back(
        {"three", {make.uniform({2}, -2, 2), make.uniform({3}, -2, 2), make.uniform({4}, -2, 2)}, call("xy")});
    samples.push_back({"scalar", {make.uniform({}, -2, 2), make.uniform({3}, -2, 2)}, call("ij")});
    return samples;
  };
  spec.invalid = of_vectors_alone([](const Tensor& a, const Tensor& b) { meshgrid(Inputs{a, b}); });
  spec.invalid.push_back({"no tensors", [] { meshgrid(Inputs{}); }});
  spec.invalid.push_back({"unknown indexing", [] { meshgrid(Inputs{ones({2})}, "ji"); }});
  return spec;
}());

}  // namespace
}  // namespace fovea
