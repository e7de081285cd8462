// Batches: padding and masks, the order of an epoch, going on in the middle of one, and what does not fit.
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/optim/training/data.h>
#include <tests/optim/golden_values.h>

#include <set>

using namespace fovea;
using namespace fovea::test;

namespace {

// Item i is {i, i + 1, ...}, of 1 + i % 5 numbers, and the number i.
ListDataset ragged(int64_t count) {
  std::vector<Example> items;
  for (int64_t i = 0; i < count; ++i) items.push_back({arange(i, i + 1 + i % 5), scalar(static_cast<double>(i), i64)});
  return ListDataset(std::move(items));
}

std::vector<int64_t> firsts(const Batch& batch) {
  std::vector<int64_t> ids;
  for (int64_t b = 0; b < batch.size(); ++b) ids.push_back(batch.fields[1].at<int64_t>({b}));
  return ids;
}

bool same(const Batch& a, const Batch& b) {
  for (size_t k = 0; k < a.fields.size(); ++k)
    if (!equal(a.fields[k], b.fields[k]) || !equal(a.lengths[k], b.lengths[k])) return false;
  return a.fields.size() == b.fields.size();
}

TEST_CASE("rows of unlike length are padded, and masks say where", "[data]") {
  const ListDataset data = ragged(4);
  const Batch batch = collate({data.item(1), data.item(3), data.item(0)}, {-7});
  CHECK(equal(batch.fields[0], from(std::vector<int64_t>{1, 2, -7, -7, 3, 4, 5, 6, 0, -7, -7, -7}, {3, 4})));
  CHECK(equal(batch.lengths[0], from(std::vector<int64_t>{2, 4, 1}, {3})));
  CHECK(equal(batch.fields[1], from(std::vector<int64_t>{1, 3, 0}, {3})));
  CHECK(equal(sum(to(batch.mask(0), i64), 1), batch.lengths[0]));
  CHECK(batch.mask(0).at<bool>({0, 1}));
  CHECK_FALSE(batch.mask(0).at<bool>({0, 2}));
  CHECK(batch.mask(1).shape() == Shape{3, 1});
  CHECK_THROWS_AS(batch.mask(2), IndexError);

  const Tensor images = normal({5, 2, 3}, 0, 1, default_generator());
  const TensorDataset rows({images, arange(5)});
  CHECK(rows.size() == 5);
  const Batch all = Batches(rows, {.batch = 5, .shuffle = false}).next();
  CHECK(equal(all.fields[0], images));
  CHECK(equal(all.fields[1], arange(5)));
}

TEST_CASE("an epoch has every item once, in an order of its own", "[data]") {
  const ListDataset data = ragged(23);
  for (const int64_t pool : {0, 2}) {
    Batches batches(data, {.batch = 4, .pool = pool}, Generator(3));
    CHECK(batches.epoch_size() == 6);
    std::vector<std::vector<int64_t>> epochs(2);
    for (auto& epoch : epochs) {
      for (int64_t i = 0; i < 6; ++i)
        for (const int64_t id : firsts(batches.next())) epoch.push_back(id);
      CHECK(std::set<int64_t>(epoch.begin(), epoch.end()).size() == 23);
      CHECK(epoch.size() == 23);
    }
    CHECK(epochs[0] != epochs[1]);
  }
  Batches plain(data, {.batch = 10, .shuffle = false});
  CHECK(firsts(plain.next()).back() == 9);
}

TEST_CASE("a pool that is sorted by length needs less padding", "[data]") {
  const ListDataset data = ragged(200);
  const auto padded = [&](int64_t pool) {
    Batches batches(data, {.batch = 8, .pool = pool}, Generator(3));
    int64_t cells = 0;
    for (int64_t i = 0; i < batches.epoch_size(); ++i) cells += batches.next().fields[0].numel();
    return cells;
  };
  CHECK(padded(0) > 900);
  CHECK(padded(25) < 660);  // 600 numbers
}

TEST_CASE("a run resumed in the middle of an epoch gets the batches it would have got", "[data]") {
  const ListDataset data = ragged(30);
  const BatchesOptions options{.batch = 4, .pool = 3};
  Batches whole(data, options, Generator(9));
  for (int64_t i = 0; i < 11; ++i) whole.next();
  const SavedState saved = whole.saved_state();
  Batches resumed(data, options, Generator(1));
  resumed.next();
  resumed.load_state(saved);
  CHECK(resumed.position() == 11);
  for (int64_t i = 0; i < 20; ++i) CHECK(same(whole.next(), resumed.next()));

  const ListDataset fewer = ragged(29);
  Batches other(fewer, options, Generator(9));
  CHECK_THROWS_WITH(other.load_state(saved), contains("30 items") && contains("here are 29"));
}

TEST_CASE("workers read ahead and change nothing", "[data][threads]") {
  const ListDataset data = ragged(30);
  for (const int64_t workers : {1, 3, 20}) {
    Batches alone(data, {.batch = 4, .pool = 3}, Generator(9));
    Batches ahead(data, {.batch = 4, .pool = 3, .workers = workers}, Generator(9));
    for (int64_t i = 0; i < 30; ++i) CHECK(same(alone.next(), ahead.next()));
    const SavedState saved = ahead.saved_state();
    CHECK(ahead.position() == 30);
    ahead.next();
    ahead.load_state(saved);
    for (int64_t i = 0; i < 10; ++i) CHECK(same(alone.next(), ahead.next()));
  }
}

TEST_CASE("an item that fails fails in its batch, whoever reads it", "[data][threads]") {
  struct Failing final : Dataset {
    int64_t size() const override { return 12; }
    Example item(int64_t i) const override {
      if (i == 9) throw FileError("item 9 is broken");
      return {scalar(static_cast<double>(i))};
    }
  } data;
  for (const int64_t workers : {0, 2}) {
    Batches batches(data, {.batch = 4, .shuffle = false, .workers = workers});
    batches.next(), batches.next();
    CHECK_THROWS_WITH(batches.next(), "item 9 is broken");
    CHECK(batches.next().fields[0].at({0}) == 0);  // the next epoch
  }
  CHECK_THROWS_WITH(Batches(data, {.workers = -1}), contains("-1 workers"));
}

TEST_CASE("generated data go on with their generator", "[data]") {
  const auto make = [](Generator& g) { return normal({3}, 0, 1, g); };
  Generated<Tensor> first(Generator(4), make), second(Generator(5), make);
  first.next();
  second.load_state(first.saved_state());
  CHECK(equal(first.next(), second.next()));
  SavedState broken = first.saved_state();
  broken.metadata["counter"] = "-1";
  CHECK_THROWS_AS(second.load_state(broken), FileError);
}

TEST_CASE("items that do not fit are refused", "[data]") {
  CHECK_THROWS_AS(collate({}), ValueError);
  CHECK_THROWS_AS(collate({{zeros({2, 3})}, {zeros({2, 4})}}), ShapeError);
  CHECK_THROWS_AS(collate({{zeros({2})}, {zeros({2, 4})}}), ShapeError);
  CHECK_THROWS_AS(collate({{zeros({2})}, {zeros({2}), zeros({2})}}), ShapeError);
  CHECK_THROWS_AS(collate({{zeros({2})}, {zeros({2}, f64)}}), DTypeError);
  CHECK_THROWS_AS(TensorDataset({zeros({2}), zeros({3})}), ShapeError);
  CHECK_THROWS_AS(TensorDataset({zeros({})}), ShapeError);
  const ListDataset data = ragged(3);
  CHECK_THROWS_AS(data.item(3), IndexError);
  CHECK_THROWS_AS(data.item(-1), IndexError);
  CHECK_THROWS_AS(Batches(data, {.batch = 0}), ValueError);
  CHECK_THROWS_AS(Batches(ListDataset({}), {}), ValueError);
}

}  // namespace
