// What a self-attention GAN is made of besides its attention (layers/attention/image_attention.h), its weights
// (layers/spectral_norm.h) and its conditional batch norm (layers/conditional_batch_norm.h): the hinge loss and the
// projection discriminator's head. Zhang, Goodfellow, Metaxas, Odena 2018, arXiv 1805.08318, section 3, equation 4.
//
//   L_D = mean max(0, 1 - D(x)) + mean max(0, 1 + D(G(z)))                       (1)
//   L_G = - mean D(G(z))                                                         (2)
//   D(x, c) = wᵀ φ(x) + b + e_cᵀ φ(x)                                            (3)
//
// (1): Lim, Ye 2017, arXiv 1705.02894. (3): Miyato, Koyama 2018, "cGANs with Projection Discriminator", arXiv
// 1802.05637; w and the rows e_c are spectrally normalised, as in the paper.
//
//   symbol   shape     meaning
//   D        [B]       scores: above 0 for what looks real
//   φ        [B, C]    what the discriminator's convolutions make of an image, its pixels summed
//   c        i64 [B]   the image's class, of K
//
// Errors: ShapeError for φ of another width, a class for each image missing; IndexError for a class outside; ValueError
// for sizes below 1.
#pragma once

#include <fovea/layers/embedding.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/spectral_norm.h>

namespace fovea {

inline Tensor hinge_discriminator_loss(const Tensor& real, const Tensor& generated) {
  return mean(relu(1 - real)) + mean(relu(1 + generated));  // (1) []
}
inline Tensor hinge_generator_loss(const Tensor& generated) { return -mean(generated); }  // (2) []

class ProjectionHead final : public Module {
 public:
  ProjectionHead(int64_t channels, int64_t classes, Generator& generator = default_generator())
      : w_(Linear(channels, 1, true, generator), generator),
        e_(Embedding(classes, channels, -1, generator), generator) {}
  void members(Members& m) override { m("w", w_)("e", e_); }

  Tensor operator()(const Tensor& phi, const Tensor& label) const {
    if (phi.dim() != 2 || label.dim() != 1 || label.size(0) != phi.size(0))
      throw ShapeError(place(*this, "ProjectionHead") + ": phi is " + describe(phi) + ", label " + describe(label) +
                       "; need [B, C] and [B]");
    return squeeze(w_(phi), 1) + sum(e_(label) * phi, 1);  // (3) [B]
  }

 private:
  SpectralNorm<Linear> w_;
  SpectralNorm<Embedding> e_;
};

}  // namespace fovea
