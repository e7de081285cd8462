// Pairs: images that obey the rule and the reader that says so, and what the networks can and cannot relate.
#include <tests/catch.h>

#include <set>

#include "examples/pairs/pictures.h"

using namespace fovea;
using namespace fovea::examples;
using fovea::test::contains;

namespace {

// A corner of one image in another: rows and columns of the lower right eight, or the upper left.
Tensor with_second_corner(const Tensor& image, const Tensor& other) {
  const Tensor lower = slice(slice(other, -2, 8), -1, 8);
  return slice_scatter(image, slice_scatter(slice(image, -2, 8), lower, -1, 8), -2, 8);
}

Tensor signs(const Shape& shape, Generator& generator) { return bernoulli(shape, 0.5, generator) * 2 - 1; }

// One in the middle of its training: every block says something, and no channel is dead.
template <class Network>
Network some_network(bool attention, Generator& generator) {
  Network network({.channels = 16, .noise = 3, .attention = attention}, generator);
  for (const auto& [name, parameter] : named_parameters(network))
    if (name.ends_with("gamma")) parameter.detach().fill_(2);
  network.eval();
  return network;
}

}  // namespace

TEST_CASE("images of pairs obey the rule, in every kind and colour", "[pairs]") {
  Generator generator(1);
  const auto [image, kind, colour] = draw_pairs(300, generator);
  REQUIRE(image.shape() == Shape{300, 3, 16, 16});
  REQUIRE(min(image).item() == -1);
  REQUIRE(max(image).item() == 1);
  std::set<std::pair<int64_t, int64_t>> seen;
  for (int64_t i = 0; i < 300; ++i) {
    const ReadPair read = read_pair(image[i]);
    REQUIRE(read.stray == 0);
    for (const auto& corner : read.corners) {
      REQUIRE(corner.has_value());
      REQUIRE(corner->kind == kind.at<int64_t>({i}));
      REQUIRE(corner->colour == colour.at<int64_t>({i}));
      seen.emplace(corner->kind, corner->colour);
    }
  }
  REQUIRE(seen.size() == 12);
  const PairShares shares = shares_of(image, kind);
  REQUIRE(shares.drawn == Approx(100));
  REQUIRE(shares.obeyed == Approx(100));
  REQUIRE(shares.colours[0] + shares.colours[1] + shares.colours[2] + shares.colours[3] == Approx(100));
  // Corners of independent images agree by chance alone.
  const auto other = draw_pairs(300, generator);
  const PairShares mixed = shares_of(with_second_corner(image, other.image), kind);
  REQUIRE(mixed.drawn == Approx(33).margin(10));
  REQUIRE(mixed.obeyed == Approx(33 / 4.0).margin(6));
}

TEST_CASE("a pair is read as it looks: what is a little off counts, what is not does not", "[pairs]") {
  Generator generator(2);
  const PairImages drawn = draw_pairs(40, generator);
  const auto& [image, kind, colour] = drawn;
  const auto obeyed = [&kinds = drawn.kind](const Tensor& images) { return shares_of(images, kinds).obeyed; };
  REQUIRE(obeyed(image * 0.7 + 0.2 * uniform(image.shape(), -1, 1, generator)) == Approx(100));
  REQUIRE(obeyed(image * 0.1) == 0);  // no pure colour
  REQUIRE(obeyed(-ones_like(image)) == 0);
  REQUIRE(obeyed(ones_like(image)) == 0);
  REQUIRE(shares_of(image, remainder(kind + 1, full({40}, 3, i64))).drawn == 0);  // of another kind than asked
  REQUIRE(shares_of(roll(image, 2, 3), kind).drawn == 0);                         // not in the corners
  Tensor stray = clone(image);
  slice(slice(stray, 2, 0, 1), 3, 10, 15).fill_(1);
  REQUIRE(obeyed(stray) == Approx(100));
  slice(slice(stray, 2, 0, 2), 3, 10, 13).fill_(1);
  REQUIRE(obeyed(stray) == 0);
  // Red and blue in one image: drawn, but the rule is broken.
  const Tensor swapped = index_select(image, 1, tensor({2, 1, 0}));
  const Tensor broken = with_second_corner(image, swapped);
  for (int64_t i = 0; i < 40; ++i) {
    const PairShares one = shares_of(slice(broken, 0, i, i + 1), slice(kind, 0, i, i + 1));
    const int64_t of = colour.at<int64_t>({i});
    if (of == 0 || of == 2) REQUIRE((one.drawn == 100 && one.obeyed == 0));
    if (of == 1) REQUIRE(one.obeyed == 100);
  }
}

TEST_CASE("both blocks have as many parameters", "[pairs]") {
  for (const int64_t channels : {2, 8, 24, 64}) {
    Generator generator(1);
    const WithAndWithout<PairGenerator> generators(channels, 4, generator);
    const WithAndWithout<PairDiscriminator> discriminators(channels, 4, generator);
    REQUIRE(parameter_count(generators.with) == parameter_count(generators.without));
    REQUIRE(parameter_count(discriminators.with) == parameter_count(discriminators.without));
  }
}

TEST_CASE("a generated shape depends on another quarter's noise through attention alone", "[pairs]") {
  for (const bool attention : {false, true}) {
    Generator generator(3);
    const auto network = some_network<PairGenerator>(attention, generator);
    const Tensor kind = tensor({0, 1, 2, 0}), z = signs({4, 3, 2, 2}, generator);
    Tensor other = clone(z);
    select(select(other, 2, 0), 2, 0).mul_(-1);  // the upper left quarter's
    const auto corner = [](const Tensor& image, int64_t first) {
      return contiguous(slice(slice(image, 2, first, first + kShapeSide), 3, first, first + kShapeSide));
    };
    const Tensor image = network(z, kind), changed = network(other, kind);
    REQUIRE(!equal(corner(image, 0), corner(changed, 0)));
    const Tensor far = corner(image, kSide - kShapeSide);
    REQUIRE(equal(far, corner(changed, kSide - kShapeSide)) == !attention);
  }
}

TEST_CASE("a discriminator relates far shapes through attention alone", "[pairs]") {
  for (const bool attention : {false, true}) {
    Generator generator(4);
    const auto network = some_network<PairDiscriminator>(attention, generator);
    const PairImages a = draw_pairs(20, generator), b = draw_pairs(20, generator);
    // φ is a sum over windows, so what the second corner adds to a score is the same beside any first corner.
    const auto added = [&](const Tensor& image) {
      return network(with_second_corner(image, b.image), a.kind) - network(with_second_corner(image, a.image), a.kind);
    };
    const double most = max(abs(added(a.image) - added(-ones_like(a.image)))).item();
    REQUIRE((most < 1e-4) == !attention);
  }
}

TEST_CASE("where pixels look is drawn for each kind", "[pairs]") {
  Generator generator(5);
  const auto network = some_network<PairGenerator>(true, generator);
  const ImagePicture looks = looks_of(network, signs({kKinds, 3, 2, 2}, generator));
  REQUIRE(looks.panels.size() == 9);
  for (const ImagePanel& panel : looks.panels) {
    REQUIRE(panel.weights.shape() == Shape{8, 8});
    REQUIRE(sum(panel.weights).item() == Approx(1));
    REQUIRE(panel.boxes.size() == 1);
  }
  REQUIRE(looks.panels[0].boxes[0].box.x == 2);
  REQUIRE(looks.panels[1].boxes[0].box.y == 12);
  const PairImages real = draw_pairs(2, generator);
  const ImagePicture samples = samples_of(real, real.image, -real.image);
  REQUIRE(samples.panels.size() == 6);
  REQUIRE(samples.panels[2].note == "obeys");
  REQUIRE(samples.panels[4].note == "does not");
}
