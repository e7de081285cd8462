// Transformations: where each pixel of an output is looked up in an image, a grid made of a few parameters. Jaderberg,
// Simonyan, Zisserman, Kavukcuoglu 2015, "Spatial Transformer Networks", arXiv 1506.02025, section 3.2. Thin plate
// spline: Bookstein 1989, "Principal Warps: Thin-Plate Splines and the Decomposition of Deformations".
//
//   affine             (x_s, y_s) = A_θ (x_t, y_t, 1),  A_θ = [[θ_1 θ_2 θ_3] [θ_4 θ_5 θ_6]]                      (1)
//   attention          A_θ = [[s 0 t_x] [0 s t_y]]                                                              (2)
//   thin plate spline  (x_s, y_s) = a_0 + a_1 x_t + a_2 y_t + Σ_k w_k φ(|(x_t, y_t) - c_k|),  φ(r) = r² ln r²    (3)
//                      so that c_k goes to θ_k, and Σ_k w_k = Σ_k w_k c_k = 0                                     (4)
//
//   symbol      shape                 meaning
//   θ           [B, size()]           parameters of each image: (θ_1 .. θ_6), (s, t_x, t_y), (θ_1x, θ_1y, θ_2x, ..)
//   x_t, y_t    H' W' places          of the output, x to the right, y down; an image reaches from -1 to 1
//   x_s, y_s    grid [B, H', W', 2]   of the image, for grid_sample
//   c           [K, 2]                control points: a square grid from -1 to 1, row by row
//
// (4) is a linear system that depends on c alone, so (3) is linear in θ: a matrix [H' W', K], solved for when the layer
// is made, in f64. The paper writes neither (3) nor (4) out; θ_k are the places themselves, not what c_k moves by.
// Errors: ShapeError, ValueError. Cost: affine and attention B H' W', the spline K times that.
#pragma once

#include <fovea/autograd/conv.h>
#include <fovea/autograd/grid_sample.h>
#include <fovea/autograd/parts.h>
#include <fovea/layers/check.h>

#include <string>
#include <string_view>

namespace fovea {

struct GridOptions {
  RowsColumns size;  // H', W'
  bool align_corners = false;
};

class Transformation : public Module {
 public:
  virtual int64_t size() const = 0;  // of θ
  virtual Tensor identity() const = 0;
  virtual Tensor grid(const Tensor& theta) const = 0;
  bool align_corners() const { return options_.align_corners; }

 protected:
  Transformation(std::string_view type, const GridOptions& o) : type_(type), options_(o) {
    check_sizes(type, {{"rows", o.size.rows}, {"columns", o.size.columns}});
  }
  void check(const Tensor& theta) const {
    if (!theta.defined() || theta.dim() != 2 || theta.size(1) != size())
      throw ShapeError(place(*this, type_) + ": theta is " + describe(theta) + "; need [B, " + std::to_string(size()) +
                       "]");
  }
  // matrices [B, 2, 3]
  Tensor affine(const Tensor& matrices) const {
    return affine_grid(matrices, {matrices.size(0), 1, options_.size.rows, options_.size.columns},
                       options_.align_corners);
  }

  std::string type_;
  GridOptions options_;
};

namespace detail {
// X of A X = B, f64, by elimination with the largest element of what is left of a column as its pivot.
inline Tensor solve(const Tensor& a, const Tensor& b) {
  Tensor both = cat({a, b}, 1);
  const int64_t n = a.size(0);
  for (int64_t k = 0; k < n; ++k) {
    const int64_t pivot = k + argmax(abs(slice(select(both, 1, k), 0, k))).item<int64_t>();
    Tensor order = arange(n);
    order.set({k}, static_cast<double>(pivot)), order.set({pivot}, static_cast<double>(k));
    both = index_select(both, 0, order);
    const Tensor row = select(both, 0, k) / both.at({k, k}), unit = to(eq(arange(n), static_cast<double>(k)), f64);
    both = both - outer(select(both, 1, k) - unit, row);
  }
  return slice(both, 1, n);
}
}  // namespace detail

class Affine final : public Transformation {
 public:
  explicit Affine(const GridOptions& o) : Transformation("Affine", o) {}
  int64_t size() const override { return 6; }
  Tensor identity() const override { return tensor({1.0, 0.0, 0.0, 0.0, 1.0, 0.0}); }
  Tensor grid(const Tensor& theta) const override {
    check(theta);
    return affine(reshape(theta, {theta.size(0), 2, 3}));  // (1) [B, H', W', 2]
  }
};

class AttentionWindow final : public Transformation {
 public:
  explicit AttentionWindow(const GridOptions& o) : Transformation("AttentionWindow", o) {}
  int64_t size() const override { return 3; }
  Tensor identity() const override { return tensor({1.0, 0.0, 0.0}); }
  Tensor grid(const Tensor& theta) const override {
    check(theta);
    const auto [s, x, y] = unbind<3>(theta, 1);
    const Tensor none = zeros_like(s);
    return affine(reshape(stack({s, none, x, none, s, y}, 1), {theta.size(0), 2, 3}));  // (2) [B, H', W', 2]
  }
};

class ThinPlateSpline final : public Transformation {
 public:
  // Control points: side².
  explicit ThinPlateSpline(const GridOptions& o, int64_t side = 4) : Transformation("ThinPlateSpline", o) {
    if (side < 2) throw ValueError("ThinPlateSpline: side is " + std::to_string(side) + "; need 2 and above");
    control_ = Buffer(points({side, side}, true));
    const Tensor c = control_, t = points(o.size, o.align_corners), corner = zeros({3, 3}, f64);
    const int64_t K = c.size(0);
    const Tensor a = cat({cat({bending(c, c), plane(c)}, 1), cat({transpose(plane(c), 0, 1), corner}, 1)}, 0);
    const Tensor from_points = detail::solve(a, pad(eye(K, f64), {0, 0, 0, 3}));  // (4) [K + 3, K]
    matrix_ = Buffer(matmul(cat({bending(t, c), plane(t)}, 1), from_points));     // [H' W', K]
  }
  void members(Members& m) override { m("control", control_)("matrix", matrix_); }
  int64_t size() const override { return 2 * control_->size(0); }
  Tensor identity() const override { return flatten(control_); }
  Tensor grid(const Tensor& theta) const override {
    check(theta);
    const Tensor to_points = reshape(theta, {theta.size(0), control_->size(0), 2});
    return reshape(matmul(to(matrix_, theta.dtype()), to_points),
                   {theta.size(0), options_.size.rows, options_.size.columns, 2});  // (3) [B, H', W', 2]
  }

 private:
  // (x, y) of the places of a grid, f64 [H W, 2].
  static Tensor points(const RowsColumns& size, bool align_corners) {
    const Tensor one = reshape(tensor({1.0, 0.0, 0.0, 0.0, 1.0, 0.0}), {1, 2, 3});
    return reshape(affine_grid(one, {1, 1, size.rows, size.columns}, align_corners), {-1, 2});
  }
  // φ of the distances, [P, K].
  static Tensor bending(const Tensor& places, const Tensor& c) {
    const Tensor r2 = sum(square(unsqueeze(places, 1) - unsqueeze(c, 0)), {2});
    return r2 * log(where(gt(r2, 0), r2, ones_like(r2)));
  }
  static Tensor plane(const Tensor& places) { return cat({ones({places.size(0), 1}, f64), places}, 1); }

  Buffer control_, matrix_;  // f64 unless the module is converted
};

}  // namespace fovea
