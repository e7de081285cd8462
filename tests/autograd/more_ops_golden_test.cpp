// Rounding, activations, products, order, writing by position, einsum, normalisation and the losses on probabilities
// against PyTorch.
#include <fovea/core/array.h>
#include <tests/autograd/golden_cases.h>

#include <cmath>

using namespace fovea;
using fovea::test::GoldenCall;
using fovea::test::GoldenFile;

namespace {

using X = const std::vector<Tensor>&;

GoldenCall by(const char* equation) {
  return [equation](X x) { return einsum(equation, x); };
}

const std::map<std::string, GoldenCall> kElementwise = {
    {"sign", [](X x) { return sign(x[0]); }},        {"floor", [](X x) { return floor(x[0]); }},
    {"ceil", [](X x) { return ceil(x[0]); }},        {"round", [](X x) { return round(x[0]); }},
    {"log1p", [](X x) { return log1p(x[0]); }},      {"expm1", [](X x) { return expm1(x[0]); }},
    {"log2", [](X x) { return log2(x[0]); }},        {"reciprocal", [](X x) { return reciprocal(x[0]); }},
    {"rsqrt", [](X x) { return rsqrt(x[0]); }},      {"silu", [](X x) { return silu(x[0]); }},
    {"elu", [](X x) { return elu(x[0], 0.7); }},     {"glu", [](X x) { return glu(x[0]); }},
    {"glu_first", [](X x) { return glu(x[0], 0); }}, {"logsigmoid", [](X x) { return logsigmoid(x[0]); }},
    {"isnan", [](X x) { return isnan(x[0]); }},      {"isinf", [](X x) { return isinf(x[0]); }},
};

const std::map<std::string, GoldenCall> kReductions = {
    {"all", [](X x) { return all(x[0], 1); }},
    {"any", [](X x) { return any(x[0], 0, true); }},
    {"prod", [](X x) { return prod(x[0]); }},
    {"prod_dim", [](X x) { return prod(x[0], 1); }},
    {"cumprod", [](X x) { return cumprod(x[0], 1); }},
    {"cumprod_zeros", [](X x) { return cumprod(x[0], -1); }},
    {"max_with_indices", [](X x) { return max_with_indices(x[0], 1).first; }},
    {"max_indices", [](X x) { return max_with_indices(x[0], 1).second; }},
    {"max_nan", [](X x) { return isnan(max_with_indices(x[0], 1).first); }},
    {"max_nan_indices", [](X x) { return max_with_indices(x[0], 1).second; }},
    {"min_with_indices", [](X x) { return min_with_indices(x[0], 0, true).first; }},
    {"min_indices", [](X x) { return min_with_indices(x[0], 0, true).second; }},
    {"median_odd", [](X x) { return median(x[0], 1).first; }},
    {"median_even", [](X x) { return median(x[0], 0).first; }},
    {"median_indices", [](X x) { return median(x[0], 1, true).second; }},
    {"median_nan", [](X x) { return isnan(median(x[0], 1).first); }},
    {"median_nan_indices", [](X x) { return median(x[0], 1).second; }},
    {"median_of_all", [](X x) { return median(x[0]); }},
};

const std::map<std::string, GoldenCall> kArrangements = {
    {"tril", [](X x) { return tril(x[0], -1); }},
    {"triu", [](X x) { return triu(x[0], 1); }},
    {"repeat",
     [](X x) {
       return repeat(x[0], {2, 1, 3});
     }},
    {"repeat_interleave", [](X x) { return repeat_interleave(x[0], 2, 1); }},
    {"repeat_interleave_all", [](X x) { return repeat_interleave(x[0], 3); }},
    {"repeat_interleave_counts", [](X x) { return repeat_interleave(x[0], x[1], 0); }},
    {"outer", [](X x) { return outer(x[0], x[1]); }},
    {"meshgrid_ij", [](X x) { return meshgrid(x)[0]; }},
    {"meshgrid_xy", [](X x) { return meshgrid(x, "xy")[1]; }},
    {"einsum_matmul", by("ij,jk->ki")},
    {"einsum_implicit", by("bA,AC")},
    {"einsum_diagonal", by("bii->ib")},
    {"einsum_trace", by("ii")},
    {"einsum_ellipsis", by("...ij,...jk")},
    {"einsum_ellipsis_summed", by("i...,...->i")},
    {"einsum_heads", by("bqhd,bkhd->bhqk")},
    {"einsum_bilinear", by("bn,anm,bm->ba")},
    {"einsum_size_1", by("ij,ij->i")},
    {"scatter", [](X x) { return scatter(x[0], 0, x[1], x[2]); }},
    {"scatter_value", [](X x) { return scatter(x[0], 1, x[1], 0.25); }},
    {"index_add", [](X x) { return index_add(x[0], 0, x[1], x[2], -0.5); }},
    {"slice_scatter", [](X x) { return slice_scatter(x[0], x[1], 1, 1, 7, 2); }},
    {"select_scatter", [](X x) { return select_scatter(x[0], x[1], 1, -2); }},
    {"masked_select", [](X x) { return masked_select(x[0], x[1]); }},
    {"nonzero", [](X x) { return nonzero(x[0]); }},
};

const std::map<std::string, GoldenCall> kLosses = {
    {"rms_norm", [](X x) { return rms_norm(x[0], x[1], 1e-5); }},
    {"rms_norm_default", [](X x) { return rms_norm(x[0], x[1]); }},
    {"group_norm", [](X x) { return group_norm(x[0], 3, x[1], x[2]); }},
    {"group_norm_vector", [](X x) { return group_norm(x[0], 2, Tensor(), Tensor(), 1e-3); }},
    {"l1", [](X x) { return l1_loss(x[0], x[1]); }},
    {"l1_none", [](X x) { return l1_loss(x[0], x[1], Reduction::none); }},
    {"bce", [](X x) { return binary_cross_entropy(x[0], x[1]); }},
    {"bce_edges", [](X x) { return binary_cross_entropy(x[0], x[1], Reduction::none); }},
    {"kl_div", [](X x) { return kl_div(x[0], x[1], Reduction::sum); }},
    {"kl_div_mean", [](X x) { return kl_div(x[0], x[1]); }},
    {"kl_div_log", [](X x) { return kl_div(x[0], x[1], Reduction::none, true); }},
    {"kl_div_zeros", [](X x) { return kl_div(x[0], x[1], Reduction::none); }},
};

std::map<std::string, GoldenCall> all_calls() {
  std::map<std::string, GoldenCall> calls;
  for (const auto* part : {&kElementwise, &kReductions, &kArrangements, &kLosses})
    calls.insert(part->begin(), part->end());
  return calls;
}

}  // namespace

TEST_CASE("the further ops agree with PyTorch", "[golden]") {
  check_golden(GoldenFile("more_ops"), all_calls(), 1e-12);
}

TEST_CASE("the further elementwise ops agree with PyTorch in f32", "[golden]") {
  const GoldenFile file("more_ops");
  for (const auto& [name, call] : kElementwise) {
    INFO(name);
    const Tensor y = call({array::to(file[name + "/x0"], f32)});
    REQUIRE(allclose(array::to(y, f64), array::to(file[name + "/y"], f64), 1.3e-6, 1e-6));
  }
}

TEST_CASE("elu: far below 0 the gradient is alpha e^x, far above it no inf comes back", "[ops]") {
  const Tensor x = tensor({-50.0, 800.0}, {2}).requires_grad_();
  const Tensor first = grad({sum(elu(x, 1.5))}, {x}, {.create_graph = true})[0];
  REQUIRE(allclose(first, tensor({1.5 * std::exp(-50.0), 1.0}, {2}), 1e-12, 0));
  const Tensor second = grad({sum(first)}, {x})[0];
  REQUIRE(allclose(second, tensor({1.5 * std::exp(-50.0), 0.0}, {2}), 1e-12, 0));
}

TEST_CASE("whole numbers are rounded, multiplied and ordered as they are", "[ops]") {
  const Tensor x = tensor({3, -2, 7, 0, 4, -1}, {2, 3});
  REQUIRE(equal(floor(x), x));
  REQUIRE(equal(round(full({1}, 0x1p60 + 256, i64)), full({1}, 0x1p60 + 256, i64)));
  REQUIRE(equal(sign(x), tensor({1, -1, 1, 0, 1, -1}, {2, 3})));
  REQUIRE(equal(prod(x, 1), tensor({-42, 0})));
  REQUIRE(equal(prod(tensor({true, false})), tensor({0}, {})));
  REQUIRE(equal(cumprod(x, 1), tensor({3, -6, -42, 0, 0, 0}, {2, 3})));
  REQUIRE(equal(median(x, 1).first, tensor({3, 0})));
  REQUIRE(equal(max_with_indices(x, 1).second, tensor({2, 1})));
  REQUIRE(equal(triu(x), tensor({3, -2, 7, 0, 4, -1}, {2, 3})));
  REQUIRE(equal(tril(gt(x, 0)), tensor({true, false, false, false, true, false}, {2, 3})));
  REQUIRE(equal(scatter(x, 1, tensor({0, 0}, {2, 1}), 9), tensor({9, -2, 7, 9, 4, -1}, {2, 3})));
  REQUIRE(equal(index_add(x, 0, tensor({1}), ones({1, 3}, i64)), tensor({3, -2, 7, 1, 5, 0}, {2, 3})));
  REQUIRE(equal(nonzero(scalar(2)), zeros({1, 0}, i64)));
  REQUIRE(equal(nonzero(scalar(0)), zeros({0, 0}, i64)));
}

TEST_CASE("of equals the first wins, in values and in positions", "[ops]") {
  const Tensor x = tensor({1.0, 5.0, 5.0, 1.0}).requires_grad_();
  REQUIRE(max_with_indices(x, 0).second.item() == 1);
  REQUIRE(min_with_indices(x, 0).second.item() == 0);
  max_with_indices(x, 0).first.backward();
  REQUIRE(equal(x.grad(), tensor({0.0, 1.0, 0.0, 0.0})));
}

TEST_CASE("scatter keeps the last of equal positions, which alone has a gradient", "[ops]") {
  const Tensor x = zeros({3}, f64).requires_grad_(), source = tensor({1.0, 2.0, 3.0}).requires_grad_();
  const Tensor y = scatter(x, 0, tensor({1, 1, 0}), source);
  REQUIRE(equal(y.detach(), tensor({3.0, 2.0, 0.0})));
  sum(y).backward();
  REQUIRE(equal(x.grad(), tensor({0.0, 0.0, 1.0})));
  REQUIRE(equal(source.grad(), tensor({0.0, 1.0, 1.0})));
}

TEST_CASE("what a triangle leaves out is 0, whatever stood there", "[ops]") {
  const Tensor x = full({2, 2}, NAN, f64);
  REQUIRE(tril(x).at({0, 1}) == 0);
  REQUIRE(triu(x).at({1, 0}) == 0);
}

TEST_CASE("a malformed equation is shown", "[ops]") {
  REQUIRE_THROWS_WITH(einsum("ij,jk->iz", {ones({2, 3}), ones({3, 2})}), test::contains("\"ij,jk->iz\""));
  REQUIRE_THROWS_WITH(einsum("ij,jk", {ones({2, 3}), ones({4, 2})}), test::contains("\"ij,jk\": sizes 3 and 4"));
}
