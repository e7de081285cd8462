// Spatial transformer: a network looks at an image and says where to look, and the image is sampled there. Jaderberg,
// Simonyan, Zisserman, Kavukcuoglu 2015, "Spatial Transformer Networks", arXiv 1506.02025, section 3.
//
//   θ = W_θ f(U) + b_θ                                localisation; f is any network that is given           (1)
//   (x_s, y_s) = T_θ(x_t, y_t)                        grid: transformation.h                                 (2)
//   V_c(i, j) = Σ_n,m U_c(n, m) max(0, 1 - |x_s - m|) max(0, 1 - |y_s - n|)        sampling, x_s, y_s in pixels    (3)
//
//   symbol   shape              meaning
//   U, V     [B, C, H, W]       image; what is sampled of it, [B, C, H', W']
//   f(U)     [B, features]      what the localisation network sees
//   θ        [B, .]             parameters of the transformation
//   grid     [B, H', W', 2]     places of U, (x, y), an image from -1 to 1
//
// W_θ starts as 0 and b_θ as the identity, so that training begins with the whole image. Beside the image there is 0,
// and a place more than a pixel away has no gradient: a window that has left the image does not find back. A low rate
// for (1) keeps it there; the paper's is a tenth. What is beside the image is counted by outside(grid).
//
// Errors: ShapeError; ValueError where θ is not finite, which a rate too high leads to. Cost: the network's, and 4 B C
// H' W' reads.
#pragma once

#include <fovea/layers/linear.h>
#include <fovea/layers/vision/transformation.h>

#include <utility>

namespace fovea {

template <class Localisation>
class SpatialTransformer final : public Module {
 public:
  // features: of what the network gives.
  template <std::derived_from<Transformation> T>
  SpatialTransformer(Localisation network, int64_t features, T transformation,
                     Generator& generator = default_generator())
      : localisation(std::move(network)),
        output(features, transformation.size(), true, generator),
        transformation_(std::move(transformation)) {
    output.weight->detach().fill_(0);
    output.bias->detach().copy_(to(transformation_->identity(), f32));
  }
  void members(Members& m) override {
    m("localisation", localisation)("output", output)("transformation", transformation_);
  }

  Tensor operator()(const Tensor& image) const { return sample(image, grid(image)); }
  Tensor theta(const Tensor& image) const { return output(localisation(image)); }  // (1) [B, .]
  Tensor grid(const Tensor& image) const {
    const Tensor found = theta(image);
    if (!all(isfinite(found.detach())))
      throw ValueError(place(*this, "SpatialTransformer") + ": theta is " + describe(found) +
                       " and not finite; need finite images and weights: a lower rate for the localisation network");
    return transformation_->grid(found);  // (2) [B, H', W', 2]
  }
  Tensor sample(const Tensor& image, const Tensor& grid) const {
    return grid_sample(image, grid, {.align_corners = transformation_->align_corners()});  // (3) [B, C, H', W']
  }

  Localisation localisation;
  Linear output;

 private:
  Box<Transformation> transformation_;
};

// The share of a grid's places that lie beside the image.
inline double outside(const Tensor& grid) { return mean(to(any(gt(abs(grid.detach()), 1), {-1}), f64)).item(); }

}  // namespace fovea
