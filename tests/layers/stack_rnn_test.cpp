// The stack-augmented network: the golden step, what each action does, lists about their HEAD, rounding, and the
// contract of a layer.
#include <fovea/autograd/mode.h>
#include <fovea/core/array.h>
#include <fovea/layers/memory/stack_rnn.h>
#include <tests/catch.h>
#include <tests/layers/contract.h>
#include <tests/layers/golden_layers.h>

using namespace fovea;
using namespace fovea::test;

namespace {

// Weights of POP, NO-OP, PUSH; of RIGHT, LEFT, INSERT.
Tensor actions(double first, double second, double third) { return tensor({first, second, third}, {1, 1, 3}); }
Tensor pushed(double v) { return tensor({v}, {1, 1, 1}); }
const Tensor& some_stacks() {
  static const Tensor s = [] {
    Generator generator(4);
    return uniform({1, 1, 6}, 0, 1, generator, f64);
  }();
  return s;
}
bool same(const Tensor& a, const Tensor& b) { return equal(array::contiguous(a), array::contiguous(b)); }

StackRnnOptions small(bool list, bool no_op, bool recurrent) {
  return {.input_size = 3,
          .hidden_size = 4,
          .stacks = 2,
          .capacity = 5,
          .no_op = no_op,
          .list = list,
          .recurrent = recurrent};
}

}  // namespace

TEST_CASE("a step of a stack gives the golden cells", "[layers][stack_rnn]") {
  const Tensor before = tensor({0.5, 0.2, -1.0, -1.0}, {1, 1, 4});
  const Tensor after = stack_update(before, pushed(0.9), actions(0.3, 0.1, 0.6));
  REQUIRE(allclose(after, tensor({0.65, 0.02, -0.28, -1.0}, {1, 1, 4}), 1e-14, 1e-14));
}

TEST_CASE("PUSH moves a stack down by one cell and puts the new value on top", "[layers][stack_rnn]") {
  const Tensor& s = some_stacks();
  const Tensor after = stack_update(s, pushed(0.7), actions(0, 0, 1));
  REQUIRE(after.at({0, 0, 0}) == 0.7);
  REQUIRE(same(slice(after, 2, 1), slice(s, 2, 0, 5)));  // the lowest cell is driven out
}

TEST_CASE("PUSH and then POP restore a stack, but for the cell that was driven out", "[layers][stack_rnn]") {
  const Tensor& s = some_stacks();
  const Tensor after = stack_update(stack_update(s, pushed(0.7), actions(0, 0, 1)), pushed(0.1), actions(1, 0, 0));
  REQUIRE(same(slice(after, 2, 0, 5), slice(s, 2, 0, 5)));
  REQUIRE(after.at({0, 0, 5}) == -1);
  // Below its last cell a stack is empty, however often it is popped.
  Tensor popped = s;
  for (int i = 0; i < 8; ++i) popped = stack_update(popped, pushed(0.1), actions(1, 0, 0));
  REQUIRE(same(popped, full(s.shape(), -1, f64)));
}

TEST_CASE("NO-OP leaves a stack as it was", "[layers][stack_rnn]") {
  REQUIRE(same(stack_update(some_stacks(), pushed(0.7), actions(0, 1, 0)), some_stacks()));
}

TEST_CASE("two actions are three of which NO-OP has no weight", "[layers][stack_rnn]") {
  const Tensor two = tensor({0.3, 0.7}, {1, 1, 2});
  REQUIRE(same(stack_update(some_stacks(), pushed(0.7), two),
               stack_update(some_stacks(), pushed(0.7), actions(0.3, 0, 0.7))));
}

TEST_CASE("a list moves about its HEAD, and INSERT moves what stood there and before", "[layers][stack_rnn]") {
  const Tensor list = tensor({0.0, 0.1, 0.2, 0.3, 0.4, 0.5}, {1, 1, 6}), v = pushed(0.9);  // HEAD at 3
  const auto is = [](const Tensor& x, std::initializer_list<double> cells) {
    REQUIRE(same(reshape(x, {6}), tensor(cells)));
  };
  is(list_step(list, v, actions(1, 0, 0)), {0.1, 0.2, 0.3, 0.4, 0.5, -1});
  is(list_step(list, v, actions(0, 1, 0)), {-1, 0.0, 0.1, 0.2, 0.3, 0.4});
  is(list_step(list, v, actions(0, 0, 1)), {0.1, 0.2, 0.3, 0.9, 0.4, 0.5});
  const Tensor mixed = list_step(list, v, actions(0.5, 0.3, 0.2));
  REQUIRE(mixed.at({0, 0, 3}) == Approx(0.5 * 0.4 + 0.3 * 0.2 + 0.2 * 0.9));
  REQUIRE(mixed.at({0, 0, 1}) == Approx(0.5 * 0.2 + 0.3 * 0.0 + 0.2 * 0.2));
  REQUIRE(mixed.at({0, 0, 5}) == Approx(0.5 * -1 + 0.3 * 0.4 + 0.2 * 0.5));
}

TEST_CASE("a sequence is the plain loop over cells", "[layers][stack_rnn][golden]") {
  const GoldenFile golden("stack_rnn");
  for (const bool list : {false, true})
    for (const bool recurrent : {false, true})
      for (const bool no_op : {true, false}) {
        if (list && !no_op) continue;
        const std::string name = std::string(list ? "list" : no_op ? "stack" : "two") + (recurrent ? "_recurrent" : "");
        StackRnnOptions options = small(list, no_op, recurrent);
        options.capacity = 7;
        for (const DType dtype : {f64, f32}) {
          StackRnn layer(options);
          check_case(golden, name, layer, dtype, [&](const Named& in) {
            const Stepped<StackRnn::State> y = layer(in.at("x"), {zeros({2, 4}, dtype), in.at("stacks")});
            return Named{{"hidden", y.output}, {"stacks", y.state.stacks}};
          });
        }
      }
}

TEST_CASE("the stack RNN keeps the contract", "[layers][stack_rnn][contract]") {
  Generator generator(5);
  for (const bool list : {false, true})
    for (const bool recurrent : {false, true})
      for (const bool no_op : {true, false}) {
        const StackRnnOptions options = small(list, no_op, recurrent);
        require_contract<StackRnn>({.make = [=](Generator& own) { return StackRnn(options, own); },
                                    .call =
                                        [](const StackRnn& layer, const std::vector<Tensor>& in) {
                                          const Stepped<StackRnn::State> y = layer(in[0]);
                                          return std::vector{y.output, y.state.stacks};
                                        },
                                    .inputs = {uniform({2, 6, 3}, 0, 1, generator, f64)},
                                    .masked_inputs = {}});
      }
}

TEST_CASE("a sequence is its steps, and a state carries on with one of another capacity", "[layers][stack_rnn]") {
  Generator generator(6);
  const StackRnn layer(small(false, true, true), generator);
  const Tensor x = uniform({2, 4, 3}, 0, 1, generator);
  const Stepped<StackRnn::State> whole = layer(x);
  StackRnn::State state = layer(slice(x, 1, 0, 2)).state;
  REQUIRE(equal(state.hidden, select(layer(slice(x, 1, 0, 2)).output, 1, 1)));
  REQUIRE(equal(layer(slice(x, 1, 2), state).state.stacks, whole.state.stacks));
  // Nothing has come down to the fifth cell yet: a deeper stack holds the same above it.
  const Tensor deep = layer(x, layer.initial_state(2, 9)).state.stacks;
  REQUIRE(allclose(slice(deep, 2, 0, 5), whole.state.stacks));
  // A capacity exceeded: the first push is gone from a stack of two cells, and so is what would be read of it.
  const Tensor shallow = layer(x, layer.initial_state(2, 2)).state.stacks;
  REQUIRE_FALSE(allclose(shallow, slice(whole.state.stacks, 2, 0, 2)));
}

TEST_CASE("rounding makes actions one-hot in eval mode alone", "[layers][stack_rnn]") {
  Generator generator(7);
  StackRnnOptions options = small(false, true, false);
  options.rounding = true;
  StackRnn layer(options, generator);
  const Tensor x = uniform({2, 3, 3}, 0, 1, generator);
  const auto one_hot = [&] {
    const WeightCollector collected;
    layer(x);
    const Tensor a = collected.over_time("");  // [B, S, T, A]
    REQUIRE(a.shape() == Shape{2, 2, 3, 3});
    REQUIRE(allclose(sum(a, 3), ones({2, 2, 3})));
    return min(max(a, 3)).item() == 1;
  };
  REQUIRE_FALSE(one_hot());
  const Tensor soft = layer(x).state.stacks;
  layer.eval();
  REQUIRE(one_hot());
  REQUIRE_FALSE(allclose(layer(x).state.stacks, soft));
  layer.rounding = false;
  REQUIRE(equal(layer(x).state.stacks, soft));
}

TEST_CASE("noise changes actions in training mode alone, as its generator says", "[layers][stack_rnn]") {
  Generator generator(8), first(9), again(9), other(10);
  StackRnnOptions options = small(false, true, false);
  options.noise = 1;
  StackRnn layer(options, generator);
  const Tensor x = uniform({2, 3, 3}, 0, 1, generator);
  const Tensor noisy = layer(x, {}, first).state.stacks;
  REQUIRE(equal(layer(x, {}, again).state.stacks, noisy));
  REQUIRE_FALSE(equal(layer(x, {}, other).state.stacks, noisy));
  layer.eval();
  const Tensor quiet = layer(x, {}, first).state.stacks;
  REQUIRE(equal(layer(x, {}, other).state.stacks, quiet));
  REQUIRE_FALSE(equal(quiet, noisy));
}

TEST_CASE("the stack RNN refuses what does not fit", "[layers][stack_rnn]") {
  const StackRnn layer(small(false, true, false));
  const StackRnn::State two = layer.initial_state(2), none;
  REQUIRE_THROWS_AS(layer(ones({2, 4, 5})), ShapeError);
  REQUIRE_THROWS_WITH(layer(ones({2, 0, 3})), contains("StackRnn") && contains("T >= 1"));
  REQUIRE_THROWS_WITH(layer(Tensor()), contains("StackRnn: x is undefined"));
  REQUIRE_THROWS_WITH(layer.step(ones({1, 3}), two), contains("StackRnn: x is f32[1, 3]"));
  REQUIRE_THROWS_WITH(layer.step(ones({2, 2}), two), contains("need [B, 3]"));
  REQUIRE_THROWS_WITH(layer.step(ones({2, 3}), none), contains("initial_state(B)"));
  REQUIRE_THROWS_WITH(layer.initial_state(2, 1), contains("capacity is 1; need at least 2"));
  REQUIRE_THROWS_WITH(StackRnn(small(true, true, false)).initial_state(2, 3), contains("need at least 4"));
  REQUIRE_THROWS_AS(StackRnn({.input_size = 3, .stacks = 0}), ValueError);
  REQUIRE_THROWS_AS(StackRnn({.input_size = 0}), ValueError);
  REQUIRE_THROWS_AS(StackRnn({.input_size = 3, .read = 0}), ValueError);
  REQUIRE_THROWS_AS(StackRnn({.input_size = 3, .noise = -1}), ValueError);
}
