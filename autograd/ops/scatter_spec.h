// The samples that scatter and scatter_add share: what is written where is the op's own.
#pragma once

#include <fovea/autograd/op_spec.h>

namespace fovea {

// op(x, dim, index, source).
template <class Op>
std::vector<OpSample> scatter_samples(SampleMaker& make, Op op) {
  const auto sample = [&](const char* label, const Shape& x, const Shape& index, const Shape& source, int64_t dim) {
    return OpSample{label,
                    {make.uniform(x, -2, 2), make.ids(index, x[static_cast<int>(dim)]), make.uniform(source, -2, 2)},
                    [=](const std::vector<Tensor>& in) { return op(in[0], dim, in[1], in[2]); }};
  };
  return {
      sample("more than once", {5}, {9}, {9}, 0),
      sample("rows", {4, 3}, {6, 3}, {6, 3}, 0),
      sample("columns", {4, 3}, {4, 5}, {4, 5}, 1),
      sample("source larger than index", {4, 3}, {2, 2}, {3, 4}, 1),
      sample("no elements", {4, 3}, {0, 3}, {0, 3}, 0),
      sample("many", {16, 8}, {16, 20}, {16, 20}, 1),
      sample("4-D", {2, 1, 3, 2}, {2, 1, 4, 2}, {2, 1, 4, 2}, 2),
      sample("one shape", {4, 3}, {4, 3}, {4, 3}, 0),
  };
}

}  // namespace fovea
