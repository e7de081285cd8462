// x[...]: views made by select, slice and unsqueeze, copies by index_select: gradients come with them.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>

#include <algorithm>

namespace fovea {

Tensor Tensor::operator[](const Index& index) const { return (*this)[{index}]; }

Tensor Tensor::operator[](std::initializer_list<Index> index) const {
  const auto count = [&](auto&& is) {
    return static_cast<int>(std::count_if(index.begin(), index.end(), [&](const Index& i) { return is(i.kind); }));
  };
  const int taken = count([](Index::Kind kind) { return kind == Index::position || kind == Index::slice; });
  const int ellipses = count([](Index::Kind kind) { return kind == Index::ellipsis; });
  if (taken > dim() || ellipses > 1)
    throw IndexError(
        fmt::format("[]: {} positions and slices and {} Ellipsis for {}; need at most one per dimension, and "
                    "one Ellipsis",
                    taken, ellipses, describe(*this)));
  Tensor part = *this;
  int d = 0;
  for (const Index& at : index) {
    if (at.kind == Index::position)
      part = part.select(d, at.range.begin);
    else if (at.kind == Index::slice)
      part = part.slice(d++, at.range.begin, at.range.end, at.range.step);
    else if (at.kind == Index::none)
      part = part.unsqueeze(d++);
    else
      d += dim() - taken;
  }
  return part;
}

// With ids the first dimension goes, with a mask as many as it has; what they name comes in their place.
Tensor Tensor::operator[](const Tensor& places) const {
  check::defined("[]", places);
  const int count = places.dtype() == boolean ? places.dim() : 1;
  bool fits = dim() >= count;
  if (places.dtype() == boolean)
    for (int d = 0; fits && d < count; ++d) fits = places.shape()[d] == shape()[d];
  if (!fits)
    check::shape_error(
        "[]", fmt::format("{} by {}; need i64 ids, or a mask of its first sizes", describe(*this), describe(places)));
  if (places.dtype() == boolean) {
    Shape rows{places.numel()};
    for (int d = count; d < dim(); ++d) rows.append(shape()[d]);
    return reshape(rows).index_select(0, places.reshape({-1}).nonzero().reshape({-1}));
  }
  check::dtype("[]", "ids", places, i64);
  Shape rows = places.shape();
  for (int d = 1; d < dim(); ++d) rows.append(shape()[d]);
  return index_select(0, places.reshape({-1})).reshape(rows);
}

}  // namespace fovea
