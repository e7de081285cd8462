// Random numbers: known answers of Philox, golden values, the distributions, and that threads do not matter.
#include <fovea/core/creation.h>
#include <fovea/core/kernels/random.h>
#include <fovea/core/parallel.h>
#include <tests/catch.h>

#include <cmath>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

namespace fovea {
namespace {

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::memcmp(a.raw(), b.raw(), static_cast<size_t>(a.numel() * item_size(a.dtype()))) == 0;
}

struct Moments {
  double mean, variance, skewness, kurtosis;
};
Moments moments_of(const Tensor& x) {
  const double n = static_cast<double>(x.numel());
  double mean = 0, m2 = 0, m3 = 0, m4 = 0;
  for (int64_t i = 0; i < x.numel(); ++i) mean += x.at({i}) / n;
  for (int64_t i = 0; i < x.numel(); ++i) {
    const double d = x.at({i}) - mean;
    m2 += d * d / n;
    m3 += d * d * d / n;
    m4 += d * d * d * d / n;
  }
  return {mean, m2, m3 / std::pow(m2, 1.5), m4 / (m2 * m2)};
}

}  // namespace

TEST_CASE("Philox gives the known answers of Random123's test vectors", "[random]") {
  using Words = std::array<uint32_t, 4>;
  const uint64_t ones = ~uint64_t{0};
  CHECK(kernels::philox({0, 0}, 0) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(kernels::philox({ones, ones}, ones) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(kernels::philox({0x299f31d0a4093822, 0x85a308d3243f6a88}, 0x0370734413198a2e) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a tile holds sixteen blocks, word by word", "[random]") {
  const uint64_t near_carry = 0xfffffff8;  // the counter's lower word overflows inside the tile
  for (const uint64_t counter : {uint64_t{0}, near_carry, ~uint64_t{3}}) {
    uint32_t words[64];
    kernels::philox_tile({0x0123456789abcdef, counter}, words);
    for (uint64_t j = 0; j < 16; ++j) {
      const auto block = kernels::philox({0x0123456789abcdef, counter + j});
      for (size_t w = 0; w < 4; ++w) CHECK(words[16 * w + j] == block[w]);
    }
  }
}

TEST_CASE("golden values: the same numbers on every machine and in every version", "[random]") {
  Generator g(1234);
  const Tensor u = uniform({70}, 0, 1, g), ud = uniform({70}, 0, 1, g, f64);
  const Tensor n = normal({70}, 0, 1, g), nd = normal({70}, 0, 1, g, f64);
  const Tensor b = bernoulli({70}, 0.3, g, i64), r = randint({70}, -5, 1000, g), p = permutation(10, g);
  CHECK(u.at({0}) == 0x1.048598p-3);
  CHECK(u.at({69}) == 0x1.c1d6c2p-1);
  CHECK(ud.at({0}) == 0x1.ea1a6db76b47ap-2);
  CHECK(ud.at({69}) == 0x1.58466bba83c17p-1);
  CHECK(n.at({0}) == 0x1.3187aep+0);
  CHECK(n.at({69}) == 0x1.3b47d2p-2);
  CHECK(nd.at({0}) == 0x1.57b33f0eef55bp+0);
  CHECK(nd.at({69}) == -0x1.219c521857f85p-2);
  CHECK((b.at({0}) == 1 && b.at({2}) == 0 && b.at({68}) == 1 && b.at({69}) == 0));
  CHECK((r.at({0}) == 149 && r.at({69}) == 201));
  CHECK((p.at({0}) == 9 && p.at({1}) == 5 && p.at({9}) == 3));
  CHECK(g.uniform() == 0x1.1f9bd91ce2ea1p-1);
  CHECK(g.randint(0, 1000) == 139);
  CHECK(g.counter() == 258);
  CHECK(g.fork(3).key() == 0x29580851e39fc1a5);
}

TEST_CASE("normal is Box and Muller's formula", "[random]") {
  uint32_t w[64];
  kernels::philox_tile({7, 0}, w);
  Generator g(7);
  const Tensor x = normal({64}, 2, 3, g);
  for (int64_t j = 0; j < 16; ++j) {
    const double radius = std::sqrt(-2 * std::log(w[j] * 0x1p-32 + 0x1p-33));
    const double angle = w[16 + j] * 0x1p-32 * 2 * 3.14159265358979323846;
    CHECK(x.at({j}) == test::Approx(2 + 3 * radius * std::cos(angle)).epsilon(0).margin(5e-6));
    CHECK(x.at({16 + j}) == test::Approx(2 + 3 * radius * std::sin(angle)).epsilon(0).margin(5e-6));
  }
  g.set_state(7, 0);
  const Tensor y = normal({32}, 2, 3, g, f64);
  for (int64_t j = 0; j < 16; ++j) {
    const uint64_t a = static_cast<uint64_t>(w[j]) << 32 | w[16 + j],
                   b = static_cast<uint64_t>(w[32 + j]) << 32 | w[48 + j];
    const double radius = std::sqrt(-2 * std::log(static_cast<double>((a >> 11) + 1) * 0x1p-53));
    const double angle = static_cast<double>(b) * 0x1p-64 * 2 * 3.14159265358979323846;
    CHECK(y.at({j}) == test::Approx(2 + 3 * radius * std::cos(angle)).epsilon(0).margin(2e-14));
  }
}

TEST_CASE("an element depends on its index only: prefixes agree, threads do not matter", "[random][threads]") {
  const int threads = num_threads();
  const int64_t n = 200'003;
  const auto draw = [&](int64_t count) {
    Generator g(42);
    std::vector<Tensor> drawn = {uniform({count}, -1, 1, g), normal({count}, 0, 1, g, f64), randint({count}, 0, 9, g),
                                 bernoulli({count}, 0.5, g, boolean), bernoulli(full({count}, 0.25), g)};
    return drawn;
  };
  set_num_threads(1);
  const std::vector<Tensor> alone = draw(n);
  for (const int team : {2, 4, 7}) {
    set_num_threads(team);
    const std::vector<Tensor> together = draw(n);
    for (size_t k = 0; k < alone.size(); ++k) CHECK(same_bits(alone[k], together[k]));
  }
  set_num_threads(threads);
  for (const int64_t count : {1, 31, 64, 65, 1000}) {
    Generator g(42);
    const Tensor part = uniform({count}, -1, 1, g);
    CHECK(std::memcmp(part.raw(), alone[0].raw(), static_cast<size_t>(count) * sizeof(float)) == 0);
  }
}

TEST_CASE("moments of a million draws", "[random]") {
  const int64_t n = 1'000'000;
  for (const DType dtype : {f32, f64}) {
    Generator g(9);
    const Moments u = moments_of(uniform({n}, 0, 1, g, dtype));
    CHECK(std::abs(u.mean - 0.5) < 0.0015);  // five standard errors
    CHECK(std::abs(u.variance - 1.0 / 12) < 0.0004);
    const Moments z = moments_of(normal({n}, 0, 1, g, dtype));
    CHECK(std::abs(z.mean) < 0.005);
    CHECK(std::abs(z.variance - 1) < 0.0075);
    CHECK(std::abs(z.skewness) < 0.0125);
    CHECK(std::abs(z.kurtosis - 3) < 0.025);
    const Moments b = moments_of(bernoulli({n}, 0.1, g, dtype));
    CHECK(std::abs(b.mean - 0.1) < 0.0015);
  }
  Generator g(10);
  std::vector<int> counts(10);
  const Tensor r = randint({n}, 0, 10, g);
  for (int64_t i = 0; i < n; ++i) ++counts[static_cast<size_t>(r.data<int64_t>()[i])];
  for (const int count : counts) CHECK(std::abs(count - 100'000) < 1500);
}

TEST_CASE("ranges: low is reached, high never", "[random]") {
  Generator g(3);
  for (const DType dtype : {f32, f64}) {
    const double high = dtype == f32 ? std::nextafter(1.f, 2.f) : std::nextafter(1., 2.);
    const Tensor x = uniform({1000}, 1, high, g, dtype);
    for (int64_t i = 0; i < 1000; ++i) CHECK(x.at({i}) == 1);
    CHECK(uniform({}, 2, 2, g, dtype).item() == 2);
    CHECK(normal({}, 2, 0, g, dtype).item() == 2);
    const Tensor none = bernoulli({1000}, 0, g, dtype), sure = bernoulli({1000}, 1, g, dtype);
    CHECK(same_bits(none, zeros({1000}, dtype)));
    CHECK(same_bits(sure, ones({1000}, dtype)));
  }
  const int64_t least = std::numeric_limits<int64_t>::min(), most = std::numeric_limits<int64_t>::max();
  CHECK(kernels::integer_below(0, least, most) == least);
  CHECK(kernels::integer_below(~uint64_t{0}, least, most) == most - 1);
  CHECK(kernels::integer_below(~uint64_t{0}, -3, 4) == 3);
  CHECK(kernels::integer_below(uint64_t{1} << 63, 0, 6) == 3);
  CHECK(g.randint(5, 6) == 5);
}

TEST_CASE("a permutation holds every number once and moves them evenly", "[random]") {
  Generator g(5);
  const Tensor p = permutation(1000, g);
  std::set<int64_t> seen;
  for (int64_t i = 0; i < 1000; ++i) seen.insert(p.data<int64_t>()[i]);
  CHECK((seen.size() == 1000 && *seen.begin() == 0 && *seen.rbegin() == 999));
  int counts[3][3] = {};
  for (int trial = 0; trial < 9000; ++trial) {
    const Tensor q = permutation(3, g);
    for (int64_t i = 0; i < 3; ++i) ++counts[i][q.data<int64_t>()[i]];
  }
  for (const auto& row : counts)
    for (const int count : row) CHECK(std::abs(count - 3000) < 225);
  CHECK(permutation(0, g).numel() == 0);
}

TEST_CASE("generators: state, seed, forks, consecutive draws", "[random]") {
  Generator g(11);
  const Tensor first = randn({10});
  const Tensor a = normal({100}, 0, 1, g);
  const uint64_t key = g.key(), counter = g.counter();
  const Tensor b = normal({100}, 0, 1, g);
  CHECK_FALSE(same_bits(a, b));
  Generator resumed;
  resumed.set_state(key, counter);
  CHECK(same_bits(b, normal({100}, 0, 1, resumed)));
  CHECK(g.fork(0).key() != g.fork(1).key());
  CHECK(g.fork(0).key() != g.key());
  CHECK(g.fork(1).key() == resumed.fork(1).key());
  CHECK(g.counter() == resumed.counter());
  manual_seed(77);
  const Tensor seeded = randn({10});
  manual_seed(77);
  CHECK(same_bits(seeded, randn({10})));
  CHECK_FALSE(same_bits(seeded, first));
  CHECK(default_generator().key() == 77);
  const double u = g.uniform();
  CHECK((u >= 0 && u < 1));
}

TEST_CASE("every thread has a default generator of its own, which begins as Generator(0)", "[random]") {
  manual_seed(77);
  const auto draw = [] { return default_generator().uniform(); };
  double unseeded = 0, seeded = 0;
  std::thread([&] {
    unseeded = draw();
    manual_seed(5);
    seeded = draw();
  }).join();
  CHECK(unseeded == Generator(0).uniform());
  CHECK(seeded == Generator(5).uniform());
  CHECK(draw() == Generator(77).uniform());  // what other threads seed and draw is nothing to this one
  CHECK(Generator(0).fork(0).uniform() != Generator(0).fork(1).uniform());
}

TEST_CASE("random draws refuse bad arguments", "[random]") {
  Generator g;
  CHECK_THROWS_AS(uniform({2}, 1, 0, g), ValueError);
  CHECK_THROWS_AS(uniform({2}, 0, INFINITY, g), ValueError);
  CHECK_THROWS_AS(uniform({2}, 0, 1, g, i64), DTypeError);
  CHECK_THROWS_AS(normal({2}, 0, -1, g), ValueError);
  CHECK_THROWS_AS(normal({2}, NAN, 1, g), ValueError);
  CHECK_THROWS_AS(normal({2}, 0, 1, g, boolean), DTypeError);
  CHECK_THROWS_AS(bernoulli({2}, 1.5, g), ValueError);
  CHECK_THROWS_AS(bernoulli({2}, NAN, g), ValueError);
  CHECK_THROWS_AS(bernoulli(tensor({0.5f, NAN}), g), ValueError);
  CHECK_THROWS_AS(bernoulli(tensor({0.5, -0.1}), g), ValueError);
  CHECK_THROWS_AS(bernoulli(tensor<int64_t>({0, 1}), g), DTypeError);
  CHECK_THROWS_AS(bernoulli(Tensor(), g), ValueError);
  CHECK_THROWS_AS(randint({2}, 3, 3, g), ValueError);
  CHECK_THROWS_AS(g.randint(4, 3), ValueError);
  CHECK_THROWS_AS(permutation(-1, g), ShapeError);
  CHECK_THROWS_WITH(uniform({2}, 1, 0, g), test::contains("[1, 0)"));
}

}  // namespace fovea
