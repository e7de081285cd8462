// WeightAverage pairs parameters by name as well as by shape.
#include <fovea/layers/module.h>
#include <fovea/optim/weight_average.h>
#include <tests/catch.h>

using namespace fovea;

namespace {

struct First : Module {
  void members(Members& m) override { m("first", weight); }
  Parameter weight{zeros({2})};
};
struct Second : Module {
  void members(Members& m) override { m("second", weight); }
  Parameter weight{zeros({2})};
};

}  // namespace

TEST_CASE("WeightAverage refuses a module whose parameters have other names", "[optim]") {
  First model, same;
  Second other;
  CHECK_NOTHROW(WeightAverage(model, same, 0.5));
  CHECK_THROWS_AS(WeightAverage(model, other, 0.5), ValueError);
}
