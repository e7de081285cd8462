// Elementwise ops and matmul against PyTorch: drawn values, and the points where a formula could go wrong.
#include <tests/autograd/golden_cases.h>

using namespace fovea;
using fovea::test::GoldenCall;
using fovea::test::GoldenFile;

namespace {

using X = const std::vector<Tensor>&;

const GoldenCall kMatmul = [](X x) { return matmul(x[0], x[1]); };
const GoldenCall kMinimum = [](X x) { return minimum(x[0], x[1]); };
const GoldenCall kMaximum = [](X x) { return maximum(x[0], x[1]); };

const std::map<std::string, GoldenCall> kCalls = {
    {"neg", [](X x) { return -x[0]; }},
    {"exp", [](X x) { return exp(x[0]); }},
    {"log", [](X x) { return log(x[0]); }},
    {"sqrt", [](X x) { return sqrt(x[0]); }},
    {"tanh", [](X x) { return tanh(x[0]); }},
    {"sigmoid", [](X x) { return sigmoid(x[0]); }},
    {"relu", [](X x) { return relu(x[0]); }},
    {"leaky_relu", [](X x) { return leaky_relu(x[0], 0.2); }},
    {"gelu", [](X x) { return gelu(x[0]); }},
    {"softplus", [](X x) { return softplus(x[0]); }},
    {"abs", [](X x) { return abs(x[0]); }},
    {"sin", [](X x) { return sin(x[0]); }},
    {"cos", [](X x) { return cos(x[0]); }},
    {"erf", [](X x) { return erf(x[0]); }},
    {"square", [](X x) { return square(x[0]); }},
    {"clamp", [](X x) { return clamp(x[0], -0.5, 1); }},
    {"add", [](X x) { return x[0] + x[1]; }},
    {"sub", [](X x) { return x[0] - x[1]; }},
    {"mul", [](X x) { return x[0] * x[1]; }},
    {"mul_column", [](X x) { return x[0] * x[1]; }},
    {"div", [](X x) { return x[0] / x[1]; }},
    {"div_by_number", [](X x) { return x[0] / 3.0; }},
    {"number_by", [](X x) { return 2.0 / x[0]; }},
    {"pow", [](X x) { return pow(x[0], x[1]); }},
    {"pow_number", [](X x) { return pow(x[0], -1.5); }},
    {"cube", [](X x) { return pow(x[0], 3); }},
    {"minimum", kMinimum},
    {"maximum", kMaximum},
    {"minimum_ties", kMinimum},
    {"maximum_ties", kMaximum},
    {"matmul", kMatmul},
    {"matmul_batches", kMatmul},
    {"matmul_vectors", kMatmul},
    {"matmul_vector_right", kMatmul},
    {"matmul_vector_left", kMatmul},
    {"matmul_nothing", kMatmul},
    {"matmul_no_batch", kMatmul},
};

TEST_CASE("elementwise ops and matmul agree with PyTorch in f64") {
  check_golden(GoldenFile("elementwise"), kCalls, 1e-12);
}

TEST_CASE("elementwise ops and matmul agree with PyTorch in f32") {
  check_golden(GoldenFile("elementwise_f32"), kCalls, 1.3e-6);
}

TEST_CASE("a product over nothing has its shape") {  // pytorch#63352
  REQUIRE(matmul(ones({3, 0, 0}), ones({0, 0})).shape() == Shape{3, 0, 0});
  REQUIRE(equal(matmul(ones({3, 0}), ones({0, 2})), zeros({3, 2})));
}

}  // namespace
