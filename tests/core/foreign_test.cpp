// Tensors over memory of another: values, views, who keeps it, when it is let go of, what is refused.
#include <fovea/autograd/ops.h>
#include <fovea/core/foreign.h>
#include <tests/catch.h>

#include <array>

using namespace fovea;

TEST_CASE("a foreign tensor reads and writes its owner's memory", "[foreign]") {
  std::array<double, 6> memory{0, 1, 2, 3, 4, 5};
  const Tensor x = foreign(memory.data(), {2, 3}, {3, 1}, f64, [] {});
  REQUIRE(x.is_contiguous());
  REQUIRE(x.at({1, 2}) == 5);
  x.set({0, 1}, 9);
  REQUIRE(memory[1] == 9);
  memory[0] = 7;
  REQUIRE(x.sum().item() == 7 + 9 + 2 + 3 + 4 + 5);
  const Tensor turned = foreign(memory.data(), {3, 2}, {1, 3}, f64, [] {});
  REQUIRE(!turned.is_contiguous());
  REQUIRE(turned.at({2, 1}) == 5);
  REQUIRE(equal(turned.t().contiguous(), x));
}

TEST_CASE("the owner is let go of once, after the last handle, view and tape", "[foreign]") {
  std::array<float, 4> memory{1, 2, 3, 4};
  int released = 0;
  const auto wrapped = [&](const Shape& strides) {
    return foreign(memory.data(), {2, 2}, strides, f32, [&] { ++released; });
  };
  for (const Shape& strides : {Shape{2, 1}, Shape{1, 2}}) {
    released = 0;
    Tensor x = wrapped(strides);
    Tensor row = x[0];
    x = Tensor();
    REQUIRE(released == 0);
    REQUIRE(row.at({0}) == 1);
    row = Tensor();
    REQUIRE(released == 1);
  }
  released = 0;
  {
    Tensor weight = tensor({1.f, 1.f});
    weight.requires_grad_();
    const Tensor y = matmul(wrapped({2, 1}), weight).sum();
    REQUIRE(released == 0);
    y.backward();
    REQUIRE(weight.grad().at({1}) == 6);
  }
  REQUIRE(released == 1);
}

TEST_CASE("foreign memory that no tensor can lie over is refused, and not let go of", "[foreign]") {
  std::array<double, 4> memory{};
  int released = 0;
  const auto count = [&] { ++released; };
  auto* const odd = reinterpret_cast<std::byte*>(memory.data()) + 4;
  REQUIRE_THROWS_AS(foreign(memory.data(), {4}, {-1}, f64, count), ShapeError);
  REQUIRE_THROWS_AS(foreign(memory.data(), {4}, {1, 1}, f64, count), ShapeError);
  REQUIRE_THROWS_AS(foreign(memory.data(), {-4}, {1}, f64, count), ShapeError);
  REQUIRE_THROWS_AS(foreign(odd, {2}, {1}, f64, count), ValueError);
  REQUIRE_THROWS_AS(foreign(nullptr, {2}, {1}, f64, count), ValueError);
  REQUIRE(released == 0);
  REQUIRE(foreign(nullptr, {0}, {1}, f64, count).numel() == 0);
  REQUIRE(released == 1);
}
