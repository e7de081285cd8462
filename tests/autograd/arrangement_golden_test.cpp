// Shape, join, index, sort and choose ops, and comparisons, against PyTorch.
#include <fovea/autograd/embedding_bag.h>
#include <tests/autograd/golden_cases.h>

#include <cmath>

using namespace fovea;
using fovea::test::GoldenCall;
using fovea::test::GoldenFile;

namespace {

using X = const std::vector<Tensor>&;

Tensor unequal_parts(X x) {
  const std::vector<Tensor> parts = split(x[0], {2, 1, 4}, 1);
  return cat({parts[2], parts[0] * parts[0]}, 1);
}

const std::map<std::string, GoldenCall> kCalls = {
    {"reshape",
     [](X x) {
       return reshape(transpose(x[0], 0, 1), {2, 6});
     }},
    {"permute",
     [](X x) {
       return permute(x[0], {2, 0, 1});
     }},
    {"slice", [](X x) { return slice(slice(x[0], 0, -6, 6, 2), 1, 1, -1); }},
    {"select", [](X x) { return select(x[0], 1, -2); }},
    {"expand",
     [](X x) {
       return expand(x[0], {2, 3, 4});
     }},
    {"squeeze", [](X x) { return unsqueeze(squeeze(x[0], 0), 1); }},
    {"unfold", [](X x) { return unfold(x[0], 0, 4, 2); }},
    {"cat", [](X x) { return cat(x, 1); }},
    {"stack", [](X x) { return stack(x, -1); }},
    {"split", unequal_parts},
    {"chunk", [](X x) { return chunk(x[0], 3, 0)[2] * 2.0; }},
    {"unbind", [](X x) { return unbind(x[0], 1)[0] * unbind(x[0], 1)[2]; }},
    {"pad",
     [](X x) {
       return pad(x[0], {1, 2, 0, 3}, 0.5);
     }},
    {"roll", [](X x) { return roll(x[0], -7, 1); }},
    {"flip", [](X x) { return flip(x[0], 0); }},
    {"gather", [](X x) { return gather(x[0], 0, x[1]); }},
    {"scatter_add", [](X x) { return scatter_add(x[0], 1, x[1], x[2]); }},
    {"index_select", [](X x) { return index_select(x[0], 1, x[1]); }},
    {"embedding", [](X x) { return embedding(x[0], x[1]); }},
    {"embedding_padding", [](X x) { return embedding(x[0], x[1], 2); }},
    {"sort", [](X x) { return sort(x[0], 1).first; }},
    {"sort_descending", [](X x) { return sort(x[0], 0, true).first; }},
    {"argsort", [](X x) { return sort(x[0], 1).second; }},
    {"argsort_descending", [](X x) { return argsort(x[0], 0, true); }},
    {"argsort_nan", [](X x) { return argsort(x[0], 0); }},
    {"topk", [](X x) { return topk(x[0], 4, 1).first; }},
    {"topk_positions", [](X x) { return topk(x[0], 4, 0).second; }},
    {"where", [](X x) { return where(x[0], x[1], x[2]); }},
    {"masked_fill", [](X x) { return masked_fill(x[0], x[1], -0.5); }},
    {"to", [](X x) { return to(to(x[0], f32), f64); }},
    {"embedding_bag", [](X x) { return embedding_bag(x[0], x[1]); }},
    {"embedding_bag_weighted", [](X x) { return embedding_bag(x[0], x[1], x[2]); }},
    {"embedding_bag_padding", [](X x) { return embedding_bag(x[0], x[1], x[2], 1); }},
};

// Equal, NaN in the same places, zeros of the same sign.
void require_identical_numbers(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  for (int64_t i = 0; i < a.numel(); ++i) {
    const double p = a.at({i}), q = b.at({i});
    INFO("element " << i << ": " << p << " and " << q);
    REQUIRE((std::isnan(p) ? std::isnan(q) : p == q && std::signbit(p) == std::signbit(q)));
  }
}

}  // namespace

TEST_CASE("ops that arrange elements agree with PyTorch", "[golden]") {
  check_golden(GoldenFile("arrangement"), kCalls, 1e-12);
}

TEST_CASE("comparisons agree with PyTorch", "[golden]") {
  const GoldenFile file("compare");
  for (const std::string type : {"f32", "f64", "i64"}) {
    INFO(type);
    const Tensor a = file[type + "/a"], b = file[type + "/b"];
    REQUIRE(equal(eq(a, b), file[type + "/eq"]));
    REQUIRE(equal(ne(a, b), file[type + "/ne"]));
    REQUIRE(equal(lt(a, b), file[type + "/lt"]));
    REQUIRE(equal(le(a, b), file[type + "/le"]));
    REQUIRE(equal(gt(a, b), file[type + "/gt"]));
    REQUIRE(equal(ge(a, b), file[type + "/ge"]));
    REQUIRE(equal(logical_and(a, b), file[type + "/logical_and"]));
    REQUIRE(equal(logical_or(a, b), file[type + "/logical_or"]));
  }
}

TEST_CASE("whole-number division agrees with PyTorch", "[golden]") {
  const GoldenFile file("compare");
  for (const std::string type : {"f32", "f64"}) {
    INFO(type);
    const Tensor a = file[type + "/a"], b = file[type + "/b"];
    require_identical_numbers(floor_divide(a, b), file[type + "/floor_divide"]);
    require_identical_numbers(remainder(a, b), file[type + "/remainder"]);
  }
  const Tensor a = file["i64/division_a"], b = file["i64/division_b"];
  REQUIRE(equal(floor_divide(a, b), file["i64/floor_divide"]));
  REQUIRE(equal(remainder(a, b), file["i64/remainder"]));
}
