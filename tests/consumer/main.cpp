// Everything through one header: a value, a gradient, and the version that was linked.
#include <fovea/fovea.h>

#include <cstdio>

int main() {
  if (fovea::library_version() != FOVEA_VERSION) return 1;
  const fovea::Tensor x = fovea::full({3}, 2.0).requires_grad_();
  fovea::sum(fovea::tanh(x)).backward();
  const double gradient = x.grad().at({0});
  std::printf("tanh'(2) = %.6f\n", gradient);
  return gradient > 0.0706 && gradient < 0.0707 ? 0 : 1;
}
