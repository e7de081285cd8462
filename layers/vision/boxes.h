// Boxes around objects: how far two agree, and losses of it, as in Kosiorek, Bewley, Posner 2017, "Hierarchical
// Attentive Recurrent Tracking", arXiv 1706.09262, section 3.5.
//
//   |b| = h w,   |a ∩ b| = overlap of the rows times overlap of the columns                       (1)
//   IoU(a, b) = |a ∩ b| / (|a| + |b| - |a ∩ b|)                                                   (2)
//   box loss     -log IoU(a, b)                                                                   (3)
//   window loss  -log(|a ∩ b| / |b|) - log(1 - IoU(a, image))                                     (4)
//   mask(a, b)[i, j] = the share of cell i, j of the window a that b covers                       (5)
//   b ⊕ δ = (y + h δ_y, x + w δ_x, h exp(δ_h), w exp(δ_w))                                        (6)
//
//   symbol   shape        meaning
//   a, b     [.., 4]      boxes: y and x of the centre, height h, width w, in pixels; (0, 0) is the image's corner
//   IoU      [..]         1 for equal boxes, 0 for disjoint ones
//   mask     [.., R, C]   a window cut into R x C cells
//   δ        [.., 4]      a move, in sizes of the box
//
// A height or width below 0 counts as 0; the IoU with an empty box is 0. The logarithms are of 1e-4 at least: of boxes
// that do not touch (3) is 9.2, without a gradient. The paper leaves that open. Boxes may lie anywhere, also outside of
// the image. Errors: ShapeError unless boxes are [.., 4] and broadcast; ValueError for fewer than one cell.
#pragma once

#include <fovea/autograd/parts.h>
#include <fovea/layers/check.h>

#include <limits>

namespace fovea {

namespace detail {
struct Extent {  // along one side of the image
  Tensor begin, end;
  Tensor size() const { return end - begin; }
};
struct Extents {
  Extent rows, columns;
};

inline Extents extents(std::string_view what, const Tensor& box) {
  if (!box.defined() || box.dim() < 1 || box.size(-1) != 4)
    throw ShapeError(std::string(what) + ": a box is " + describe(box) + "; need [.., 4]: centre y, centre x, " +
                     "height, width");
  const auto along = [&](int64_t side) -> Extent {
    const Tensor centre = select(box, -1, side), half = relu(select(box, -1, side + 2)) * 0.5;
    return {centre - half, centre + half};
  };
  return {along(0), along(1)};
}
inline Tensor common(const Extent& a, const Extent& b) {
  return relu(minimum(a.end, b.end) - maximum(a.begin, b.begin));
}
inline Tensor area(const Extents& box) { return box.rows.size() * box.columns.size(); }
// -log x, of 1e-4 at least.
inline Tensor surprise(const Tensor& x) { return neg(log(clamp(x, 1e-4, 1))); }
// a / b, 0 where b is 0.
inline Tensor share(const Tensor& a, const Tensor& b) { return a / clamp(b, 1e-12, std::numeric_limits<float>::max()); }
}  // namespace detail

inline Tensor overlap(const Tensor& a, const Tensor& b) {
  const auto of_a = detail::extents("overlap", a), of_b = detail::extents("overlap", b);
  return detail::common(of_a.rows, of_b.rows) * detail::common(of_a.columns, of_b.columns);  // (1) [..]
}

inline Tensor iou(const Tensor& a, const Tensor& b) {
  const auto of_a = detail::extents("iou", a), of_b = detail::extents("iou", b);
  const Tensor both = detail::common(of_a.rows, of_b.rows) * detail::common(of_a.columns, of_b.columns);
  return detail::share(both, detail::area(of_a) + detail::area(of_b) - both);  // (2) [..]
}

inline Tensor iou_loss(const Tensor& a, const Tensor& b) { return mean(detail::surprise(iou(a, b))); }  // (3) []

inline Tensor window_loss(const Tensor& window, const Tensor& box, int64_t height, int64_t width) {
  const auto H = static_cast<double>(height), W = static_cast<double>(width);
  const Tensor image = to(tensor({H / 2, W / 2, H, W}), window.dtype());
  const Tensor covered = detail::share(overlap(window, box), detail::area(detail::extents("window_loss", box)));
  return mean(detail::surprise(covered) + detail::surprise(1 - iou(window, image)));  // (4) []
}

inline Tensor box_mask(const Tensor& window, const Tensor& box, int64_t rows, int64_t columns) {
  check_sizes("box_mask", {{"rows", rows}, {"columns", columns}});
  const auto of_window = detail::extents("box_mask", window), of_box = detail::extents("box_mask", box);
  const auto covered = [](const detail::Extent& a, const detail::Extent& b, int64_t cells) {
    const Tensor size = unsqueeze(a.size(), -1) / static_cast<double>(cells);
    const Tensor begin = unsqueeze(a.begin, -1) + arange(0, cells, 1, size.dtype()) * size;
    return detail::share(detail::common({begin, begin + size}, {unsqueeze(b.begin, -1), unsqueeze(b.end, -1)}), size);
  };
  const Tensor down = covered(of_window.rows, of_box.rows, rows);
  const Tensor across = covered(of_window.columns, of_box.columns, columns);
  return clamp(unsqueeze(down, -1) * unsqueeze(across, -2), 0, 1);  // (5) [.., R, C]
}

inline Tensor moved(const Tensor& box, const Tensor& delta) {
  const auto [place, size] = chunk<2>(box, -1);
  const auto [shift, growth] = chunk<2>(delta, -1);
  return cat({place + size * shift, size * exp(growth)}, -1);  // (6) [.., 4]
}

// With its centre in the image, at least a pixel and at most twice the image high and wide: a box that is moved again
// and again stays finite.
inline Tensor bounded(const Tensor& box, int64_t height, int64_t width) {
  const auto H = static_cast<double>(height), W = static_cast<double>(width);
  const auto [y, x, h, w] = chunk<4>(box, -1);
  return cat({clamp(y, 0, H), clamp(x, 0, W), clamp(h, 1, 2 * H), clamp(w, 1, 2 * W)}, -1);
}

}  // namespace fovea
