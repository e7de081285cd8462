// The moving average of a module's weights: the formula, its state, what it refuses.
#include <fovea/layers/linear.h>
#include <fovea/optim/weight_average.h>
#include <tests/optim/golden_values.h>

using namespace fovea;
using namespace fovea::test;

namespace {

double first_of(const Linear& layer) { return layer.weight->at({0, 0}); }

void set(Linear& layer, double value) { layer.weight->detach().fill_(value); }

}  // namespace

TEST_CASE("WeightAverage follows equation (1), first quickly and then at its decay", "[optim]") {
  Linear model(1, 1, true);
  to(model, f64);
  set(model, 1);
  Linear averaged = clone(model);
  WeightAverage average(model, averaged, 0.25);
  double expected = 1;
  for (int t = 0; t < 6; ++t) {
    set(model, 2.0 + t);
    average.update();
    const double d = std::min(0.25, (1.0 + t) / (10.0 + t));
    expected = d * expected + (1 - d) * (2.0 + t);
    CHECK(first_of(averaged) == Approx(expected).epsilon(1e-14));
    CHECK(first_of(model) == 2.0 + t);
  }
  average.restart();
  CHECK(first_of(averaged) == first_of(model));
  set(model, 0);
  average.update();  // t is 0 again: d = 1/10
  CHECK(first_of(averaged) == Approx(0.1 * 7).epsilon(1e-14));
}

TEST_CASE("WeightAverage: a decay of 0 is the module itself, and what is saved goes on where it stopped", "[optim]") {
  Linear model(2, 3, true), averaged = clone(model);
  WeightAverage none(model, averaged, 0);
  set(model, 3);
  none.update();
  CHECK(first_of(averaged) == 3);

  Linear one = clone(model), two = clone(model);
  WeightAverage whole(model, one, 0.9), first_part(model, two, 0.9);
  for (int t = 0; t < 3; ++t) {
    set(model, t);
    whole.update();
    first_part.update();
  }
  WeightAverage second_part(model, two, 0.9);
  second_part.load_state(first_part.saved_state());
  set(model, 9);
  whole.update();
  second_part.update();
  CHECK(first_of(one) == first_of(two));
}

TEST_CASE("WeightAverage refuses modules that differ, decays out of range and corrupt states", "[optim]") {
  Linear model(2, 3, true), other(3, 2, true), same = clone(model);
  CHECK_THROWS_AS(WeightAverage(model, other, 0.9), ValueError);
  CHECK_THROWS_AS(WeightAverage(model, same, 1.0), ValueError);
  CHECK_THROWS_AS(WeightAverage(model, same, -0.1), ValueError);
  WeightAverage average(model, same, 0.9);
  CHECK_THROWS_AS(average.load_state({}), FileError);
  CHECK_THROWS_AS(average.load_state({{}, {{"weight_average.updates", "-1"}}}), FileError);
}
