// Elementwise kernels: accuracy of f32 against f64 over wide ranges, special values, and the same bits for the same
// value wherever it stands.
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <tests/catch.h>

#include <cfloat>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

using namespace fovea;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kTiny = 1e-40F;  // the f32 nearest to it, a denormal

struct Function {
  std::string name;
  Tensor (*f32_op)(const Tensor&);
  double (*exact)(double);
  double low, high;
  double ulps;      // of the result, in f32
  double absolute;  // for results near zero, where a sum has cancelled
};

double sigmoid_of(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
double gelu_of(double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }
double softplus_of(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

const Function kFunctions[] = {
    {"exp", exp, std::exp, -103, 88.7, 4, 0},
    {"log", log, std::log, 1e-38, 1e38, 4, 0},
    {"log near 1", log, std::log, 0.5, 2, 4, 0},
    {"sqrt", sqrt, std::sqrt, 0, 1e38, 1, 0},
    {"tanh", tanh, std::tanh, -20, 20, 4, 0},
    {"tanh near 0", tanh, std::tanh, -1e-3, 1e-3, 4, 0},
    {"sigmoid", sigmoid, sigmoid_of, -87, 30, 6, 0},
    {"sin", sin, std::sin, -100, 100, 4, 2e-7},
    {"cos", cos, std::cos, -100, 100, 4, 2e-7},
    {"erf", erf, std::erf, -5, 5, 4, 0},
    {"gelu", gelu, gelu_of, -10, 10, 8, 1.5e-6},
    {"softplus", softplus, softplus_of, -80, 80, 6, 0},
    {"square", square, [](double x) { return x * x; }, -1e15, 1e15, 1, 0},
    {"neg", neg, [](double x) { return -x; }, -1e30, 1e30, 0, 0},
    {"abs", abs, [](double x) { return std::abs(x); }, -1e30, 1e30, 0, 0},
    {"relu", relu, [](double x) { return std::max(x, 0.0); }, -5, 5, 0, 0},
};

double ulp_of(double x) {
  const auto y = static_cast<float>(std::abs(x));
  return std::max<double>(std::nextafter(y, std::numeric_limits<float>::max()), FLT_MIN) - std::max(y, FLT_MIN) +
         FLT_TRUE_MIN;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.numel() == b.numel() && std::memcmp(a.raw(), b.raw(), static_cast<size_t>(a.numel()) * 4) == 0;
}

Tensor floats(const std::vector<double>& values) {
  return array::to(from(values, {static_cast<int64_t>(values.size())}), f32);
}

}  // namespace

TEST_CASE("f32 against f64 over wide ranges", "[elementwise]") {
  Generator generator(11);
  for (const Function& function : kFunctions) {
    INFO(function.name);
    const Tensor x = uniform({20011}, function.low, function.high, generator);
    const Tensor y = function.f32_op(x);
    double worst = 0, where = 0;
    for (int64_t i = 0; i < x.numel(); ++i) {
      const double at = x.data<float>()[i], wanted = function.exact(at);
      const double error = std::abs(y.data<float>()[i] - wanted);
      const double excess = error - function.ulps * ulp_of(wanted) - function.absolute;
      if (excess > worst) worst = excess, where = at;
    }
    INFO("at " << where);
    REQUIRE(worst == 0);
  }
}

TEST_CASE("infinities, NaN, zeros and denormals", "[elementwise]") {
  const Tensor x = floats({kInf, -kInf, kNan, 0.0, -0.0, kTiny, -kTiny, 3e38, -3e38});
  const auto check = [&](const char* name, const Tensor& y, const std::vector<double>& wanted) {
    INFO(name);
    for (size_t i = 0; i < wanted.size(); ++i) {
      INFO("element " << i);
      const double got = y.at({static_cast<int64_t>(i)});
      if (std::isnan(wanted[i]))
        REQUIRE(std::isnan(got));
      else if (std::isinf(wanted[i]))
        REQUIRE(got == wanted[i]);
      else
        REQUIRE(got == test::Approx(wanted[i]).epsilon(1e-6).margin(1e-39));
    }
  };
  check("exp", exp(x), {kInf, 0, kNan, 1, 1, 1, 1, kInf, 0});
  check("tanh", tanh(x), {1, -1, kNan, 0, 0, 0, 0, 1, -1});
  check("sigmoid", sigmoid(x), {1, 0, kNan, 0.5, 0.5, 0.5, 0.5, 1, 0});
  check("log", log(x), {kInf, kNan, kNan, -kInf, -kInf, std::log(kTiny), kNan, std::log(3e38), kNan});
  check("sqrt", sqrt(x), {kInf, kNan, kNan, 0, 0, std::sqrt(kTiny), kNan, std::sqrt(3e38), kNan});
  check("erf", erf(x), {1, -1, kNan, 0, 0, 0, 0, 1, -1});
  check("softplus", softplus(x), {kInf, 0, kNan, std::log(2), std::log(2), std::log(2), std::log(2), 3e38, 0});
  check("relu", relu(x), {kInf, 0, kNan, 0, 0, 0, 0, 3e38, 0});
  check("abs", abs(x), {kInf, kInf, kNan, 0, 0, 0, 0, 3e38, 3e38});
  check("sin", sin(x), {kNan, kNan, kNan, 0, 0, 0, 0});
  REQUIRE(std::signbit(tanh(x).at({4})));
  REQUIRE(exp(x).at({5}) == 1);
  REQUIRE((x * 1.0).at({5}) > 0);  // denormals are not flushed
  const Tensor nan = floats({kNan}), one = floats({1});
  REQUIRE(std::isnan(maximum(nan, one).item()));
  REQUIRE(std::isnan(maximum(one, nan).item()));
  REQUIRE(std::isnan(minimum(nan, one).item()));
  REQUIRE(std::isnan(minimum(one, nan).item()));
}

TEST_CASE("the same value has the same bits at any position, of any length, in any layout", "[elementwise]") {
  Generator generator(12);
  const Tensor values = cat({uniform({40}, -6, 6, generator), floats({kInf, -kInf, 0, -0.0, 1e-40, 90, -90, 1e30})}, 0);
  for (const Function& function : kFunctions) {
    INFO(function.name);
    const Tensor whole = function.f32_op(values);
    for (int64_t i = 0; i < values.numel(); ++i) {
      const Tensor alone = function.f32_op(array::slice(values, 0, i, i + 1));
      REQUIRE(same_bits(alone, array::slice(whole, 0, i, i + 1)));
    }
    for (const int64_t n : {2, 7, 15, 16, 17, 31, 33, 47})
      for (const int64_t first : {0, 1})
        REQUIRE(same_bits(function.f32_op(array::slice(values, 0, first, first + n)),
                          array::slice(whole, 0, first, first + n)));
    const Tensor apart = empty({values.numel(), 3});
    Tensor middle = array::select(apart, 1, 1);
    middle.copy_(values);
    REQUIRE(same_bits(function.f32_op(middle), whole));
  }
}

TEST_CASE("binary ops: the same bits at any position and in any layout", "[elementwise]") {
  Generator generator(13);
  const Tensor a = uniform({47}, -3, 3, generator), b = uniform({47}, 0.5, 3, generator);
  using Op = Tensor (*)(const Tensor&, const Tensor&);
  for (const Op op : {Op{add}, Op{sub}, Op{mul}, Op{div}, Op{minimum}, Op{maximum},
                      Op{[](const Tensor&x, const Tensor&y) { return pow(abs(x), y); }}}) {
    const Tensor whole = op(a, b);
    for (int64_t i = 0; i < a.numel(); ++i) {
      const Tensor x = array::slice(a, 0, i, i + 1), y = array::slice(b, 0, i, i + 1);
      REQUIRE(same_bits(op(x, y), array::slice(whole, 0, i, i + 1)));
      REQUIRE(array::slice(op(a, y), 0, i, i + 1).item() == whole.at({i}));  // one operand broadcast
      REQUIRE(array::slice(op(x, b), 0, i, i + 1).item() == whole.at({i}));
    }
    Tensor apart = array::select(empty({47, 2}), 1, 1);
    apart.copy_(a);
    REQUIRE(same_bits(op(apart, b), whole));
  }
}

TEST_CASE("integers: arithmetic that f64 cannot hold", "[elementwise]") {
  const int64_t large = (int64_t{1} << 53) + 1;
  const Tensor a = tensor({large, int64_t{-7}}), b = tensor({int64_t{2}, int64_t{3}});
  REQUIRE(array::select(a + b, 0, 0).item<int64_t>() == large + 2);
  REQUIRE(array::select(a - b, 0, 0).item<int64_t>() == large - 2);
  REQUIRE(array::select(a * b, 0, 0).item<int64_t>() == large * 2);
  REQUIRE(equal(maximum(a, b), tensor({large, int64_t{3}})));
  REQUIRE(equal(minimum(a, b), tensor({int64_t{2}, int64_t{-7}})));
  REQUIRE(equal(array::transpose(array::expand(a, {20, 2}), 0, 1) * 2.0,
                array::clone(array::transpose(array::expand(a * 2.0, {20, 2}), 0, 1))));
  // Beyond the last one they wrap around, as PyTorch's do.
  const int64_t last = std::numeric_limits<int64_t>::max(), first = std::numeric_limits<int64_t>::min();
  Tensor ends = tensor({last, first});
  REQUIRE(equal(ends + tensor({int64_t{1}, int64_t{-1}}), tensor({first, last})));
  REQUIRE(equal(ends - tensor({int64_t{-1}, int64_t{1}}), tensor({first, last})));
  REQUIRE(equal(ends * 2, tensor({int64_t{-2}, int64_t{0}})));
  REQUIRE(equal(cumsum(tensor({last, last}), 0), tensor({last, int64_t{-2}})));
  REQUIRE(sum(full({40}, 0x1p62, i64)).item<int64_t>() == 0);
  ends.add_(ends).mul_(3);
  REQUIRE(equal(ends, tensor({int64_t{-6}, int64_t{0}})));
  REQUIRE_THROWS_AS(a / b, DTypeError);
  REQUIRE_THROWS_AS(tanh(a), DTypeError);
  REQUIRE_THROWS_AS(a + ones({2}), DTypeError);
}
