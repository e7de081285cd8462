// Activations and losses as modules: each is the op of its name, with its defaults and its options.
#include <fovea/layers/activation.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/loss.h>
#include <fovea/layers/sequential.h>
#include <tests/layers/contract.h>

using namespace fovea;

namespace {

const Tensor& input() {
  static Generator generator(3);
  static const Tensor x = normal({4, 6}, 0, 2, generator, f64);
  return x;
}

void is_op(const auto& layer, const Tensor& wanted) { REQUIRE(equal(layer(input()), wanted)); }

}  // namespace

TEST_CASE("activations are the ops of their names", "[layers]") {
  const Tensor& x = input();
  is_op(ReLU(), relu(x)), is_op(GELU(), gelu(x)), is_op(SiLU(), silu(x)), is_op(Softplus(), softplus(x));
  is_op(Tanh(), tanh(x)), is_op(Sigmoid(), sigmoid(x)), is_op(LogSigmoid(), logsigmoid(x));
  is_op(LeakyReLU(), leaky_relu(x)), is_op(LeakyReLU(0.3), leaky_relu(x, 0.3));
  is_op(ELU(), elu(x)), is_op(ELU(2), elu(x, 2));
  is_op(GLU(), glu(x, -1)), is_op(GLU(0), glu(x, 0));
  is_op(Softmax(), softmax(x, -1)), is_op(Softmax(0), softmax(x, 0));
  is_op(LogSoftmax(), log_softmax(x, -1)), is_op(LogSoftmax(0), log_softmax(x, 0));
  const Tensor images = reshape(x, {2, 3, 2, 2});
  REQUIRE(Flatten()(images).shape() == Shape{2, 12});
  REQUIRE(Flatten(0, 1)(images).shape() == Shape{6, 2, 2});
}

TEST_CASE("activations stand in a Sequential between layers", "[layers]") {
  using Net = Sequential<Linear, Tanh, Linear, LeakyReLU, Softmax>;
  const auto faults = test::contract_faults<Net>(
      {.make =
           [](Generator& g) {
             return Net(Linear(6, 5, true, g), Tanh(), Linear(5, 3, true, g), LeakyReLU(0.2), Softmax());
           },
       .call = [](const Net& net, const auto& in) { return std::vector{net(in[0])}; },
       .inputs = {input()},
       .masked_inputs = {}});
  CAPTURE(faults);
  REQUIRE(faults.empty());
}

TEST_CASE("losses are the ops of their names, with their options", "[layers]") {
  const Tensor& x = input();
  Generator generator(4);
  const Tensor ids = randint({4}, 0, 6, generator), other = normal({4, 6}, 0, 1, generator, f64);
  const Tensor chances = sigmoid(x), wanted = sigmoid(other), logs = log_softmax(x, -1);
  const CrossEntropyOptions smooth{.ignore_index = 2, .label_smoothing = 0.1, .reduction = Reduction::sum};
  REQUIRE(equal(CrossEntropyLoss()(x, ids), cross_entropy(x, ids)));
  REQUIRE(equal(CrossEntropyLoss(smooth)(x, ids), cross_entropy(x, ids, smooth)));
  REQUIRE(equal(NLLLoss()(logs, ids), nll_loss(logs, ids)));
  REQUIRE(equal(NLLLoss(smooth)(logs, ids), nll_loss(logs, ids, smooth)));
  for (const Reduction reduction : {Reduction::none, Reduction::sum, Reduction::mean}) {
    REQUIRE(equal(BCEWithLogitsLoss(reduction)(x, wanted), binary_cross_entropy_with_logits(x, wanted, reduction)));
    REQUIRE(equal(BCELoss(reduction)(chances, wanted), binary_cross_entropy(chances, wanted, reduction)));
    REQUIRE(equal(KLDivLoss(reduction)(logs, wanted), kl_div(logs, wanted, reduction)));
    REQUIRE(equal(KLDivLoss(reduction, true)(logs, other), kl_div(logs, other, reduction, true)));
    REQUIRE(equal(L1Loss(reduction)(x, other), l1_loss(x, other, reduction)));
    REQUIRE(equal(MSELoss(reduction)(x, other), mse_loss(x, other, reduction)));
    REQUIRE(equal(HuberLoss(0.5, reduction)(x, other), huber_loss(x, other, 0.5, reduction)));
  }
  REQUIRE(equal(MSELoss()(x, other), mse_loss(x, other)));
  REQUIRE(equal(HuberLoss()(x, other), huber_loss(x, other)));
  REQUIRE_THROWS_AS(MSELoss()(x, ids), Error);
}
