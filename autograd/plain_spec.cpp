// The spec of the op that plain_vjp puts on the tape.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/plain.h>

namespace fovea {
namespace {

const OpSpec alias_spec = OpSpec::add({
    .name = "alias",
    .formula = "y = x",
    .samples =
        [](SampleMaker& make) {
          return elementwise_samples(
              make, [](const std::vector<Tensor>& x) { return detail::alias(x[0]); }, 1, -1, 1);
        },
    .invalid = {{"undefined", [] { detail::alias(Tensor()); }}},
    .second_derivative = false,
});

}  // namespace
}  // namespace fovea
