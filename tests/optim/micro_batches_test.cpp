// Micro-batches and ranks: the gradient is that of the whole batch, its bits do not depend on the number of ranks, and
// neither do a run's files.
#include <fovea/fovea.h>
#include <tests/catch.h>
#include <tests/optim/thread_ranks.h>

#include <cmath>

#include "tests/scratch.h"

using namespace fovea;
using namespace fovea::test;

namespace {

std::vector<Tensor> some_parameters() {
  Generator generator(1);
  std::vector<Tensor> all;
  for (const Shape& shape : {Shape{3, 5}, Shape{}, Shape{7}, Shape{40, 2}}) {
    all.push_back(normal(shape, 0, 1, generator));
    all.back().requires_grad_();
  }
  all.push_back(normal({6}, 0, 1, generator, f64));
  all.back().requires_grad_();
  return all;
}

// Of micro-batch i: each parameter gets a gradient of its own; the second none from odd ones.
Tensor loss_of(const std::vector<Tensor>& parameters, int64_t i) {
  Generator generator = Generator(2).fork(static_cast<uint64_t>(i));
  Tensor loss = zeros({});
  for (size_t k = 0; k < parameters.size(); ++k) {
    if (k == 1 && i % 2 == 1) continue;
    const Tensor factor = normal(parameters[k].shape(), 0, 1, generator, parameters[k].dtype());
    loss = loss + to(sum(factor * exp(parameters[k])), f32);
  }
  return loss;
}

using Gradients = std::vector<Tensor>;

Gradients tree(int64_t first, int64_t count) {
  if (count == 1) {
    const std::vector<Tensor> parameters = some_parameters();
    loss_of(parameters, first).backward();
    Gradients all;
    for (const Tensor& p : parameters) all.push_back(p.grad().defined() ? p.grad() : zeros_like(p.detach()));
    return all;
  }
  const Gradients left = tree(first, count / 2), right = tree(first + count / 2, count / 2);
  Gradients all;
  for (size_t k = 0; k < left.size(); ++k) all.push_back(left[k] + right[k]);
  return all;
}

Gradients summed(Ranks& ranks, const GradientSum::Options& options, double* number) {
  const std::vector<Tensor> parameters = some_parameters();
  GradientSum sum(parameters, 8, ranks, 1, options);
  for (int64_t step = 0; step < 2; ++step) {  // nothing of a step is left in the next
    sum.begin();
    for (int64_t i = sum.first(); i < sum.first() + sum.count(); ++i)
      sum.add(loss_of(parameters, i), 1, {static_cast<double>(i)});
    *number = sum.finish().front();
    sum.give(1);
  }
  Gradients all;
  for (const Tensor& p : parameters) all.push_back(p.grad());
  return all;
}

bool same(const Gradients& a, const Gradients& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Tensor& x, const Tensor& y) { return equal(x, y); });
}

}  // namespace

TEST_CASE("gradients are summed in one order on any number of ranks", "[ranks][threads]") {
  const Gradients wanted = tree(0, 8);
  for (const GradientSum::Options options : {GradientSum::Options{},
                                             {.bucket_bytes = 30, .halve_bytes = 1},
                                             {.bucket_bytes = 1, .early = false},
                                             {.halve_bytes = 1}}) {
    for (const int64_t count : {1, 2, 4, 8}) {
      std::vector<Gradients> found(static_cast<size_t>(count));
      std::vector<double> numbers(found.size());
      ThreadRanks::run(count, [&](Ranks& ranks) {
        const auto rank = static_cast<size_t>(ranks.rank());
        found[rank] = summed(ranks, options, &numbers[rank]);
      });
      for (size_t rank = 0; rank < found.size(); ++rank) {
        CAPTURE(count, rank, options.bucket_bytes);
        CHECK(same(found[rank], wanted));
        CHECK(numbers[rank] == 28);
      }
    }
  }
}

TEST_CASE("micro-batches and ranks are powers of two, and each rank has one", "[ranks]") {
  for (const int64_t count : {0, 3, 6})
    CHECK_THROWS_WITH(GradientSum(some_parameters(), count, one_rank(), 0, {}), contains("powers of two"));
  CHECK_THROWS_WITH(ThreadRanks::run(4, [](Ranks& ranks) { GradientSum(some_parameters(), 2, ranks, 0, {}); }),
                    contains("2 micro-batches on 4 ranks"));
}

TEST_CASE("backward tells of a leaf as soon as its gradient is complete", "[ranks]") {
  Generator generator(4);
  std::vector<Tensor> leaves;
  for (int i = 0; i < 4; ++i) leaves.push_back(normal({3, 3}, 0, 1, generator).requires_grad_());
  const auto loss = [&] {  // the last leaf is used twice, at both ends
    Tensor y = tanh(matmul(leaves[3], leaves[0]));
    y = tanh(matmul(y, leaves[1]));
    return sum(matmul(y, leaves[3]));
  };
  loss().backward();
  Gradients wanted;
  for (Tensor& leaf : leaves) {
    wanted.push_back(leaf.grad());
    leaf.set_grad(Tensor());
  }
  std::vector<size_t> told;
  bool complete = true;
  const Tensor output = loss();
  backward({&output, 1}, {}, leaves, [&](size_t leaf) {
    told.push_back(leaf);
    complete = complete && equal(leaves[leaf].grad(), wanted[leaf]);
    if (leaf == 1) complete = complete && !leaves[0].grad().defined();  // while the rest is still to come
  });
  CHECK(complete);
  CHECK(told.front() == 1);
  CHECK(told.size() == 3);  // not of the one that nothing depends on
  for (size_t i = 0; i < leaves.size(); ++i)
    CHECK((i == 2 ? !leaves[i].grad().defined() : equal(leaves[i].grad(), wanted[i])));
}

namespace {

NamedTensors clone_state(const Module& module) {
  NamedTensors all;
  for (const auto& [name, tensor] : state(module)) all.emplace_back(name, clone(tensor.detach()));
  return all;
}

struct Net : Module {
  Net(Generator& generator, double dropped)
      : first(4, 6, true, generator), drop(dropped), last(6, 5, true, generator) {}
  void members(Members& m) override { m("first", first)("drop", drop)("last", last); }
  Tensor operator()(const Tensor& x, Generator& noise) const { return last(drop(tanh(first(x)), noise)); }
  Linear first;
  Dropout drop;
  Linear last;
};

// Rows of unlike numbers of targets, whose mean the loss is.
struct Run {
  Run(TrainerOptions options, Ranks& ranks, const std::string& folder = {}, double dropped = 0.2)
      : net(weights, dropped), adam(parameters(net), {.lr = 0.02}), trainer(net, adam, std::move(options)) {
    trainer.ranks(ranks).state()("noise", noise)("data", data);
    if (!folder.empty()) trainer.folder(RunFolder::open(folder, ranks));
  }
  StepOutput step() {
    const int64_t rows = 5 + trainer.step() % 4;  // fewer than four micro-batches need, at times
    const Tensor x = normal({rows, 3, 4}, 0, 1, data), y = randint({rows, 3}, -2, 5, data);
    return trainer.micro_batches(rows, [&](MicroBatch& part) {
      const Tensor targets = part.rows(y), asked = ge(targets, scalar(0, i64));
      StepOutput output{
          cross_entropy(net(part.rows(x), part.stream(noise)), where(asked, targets, full({}, -100, i64))),
          {static_cast<double>(part.size())}};
      output.count = sum(to(asked, f64)).item();
      if (trainer.step() == poisoned && part.begin == 0) output.loss = output.loss * NAN;
      return output;
    });
  }
  Trainer::Ended train() {
    return trainer.run([&] { return step(); }, [&] { return sum(abs(net.last.weight)).item(); });
  }

  Generator weights{1}, noise{3}, data{2};
  int64_t poisoned = -1;
  Net net;
  Adam adam;
  Trainer trainer;
};

TrainerOptions options_of(int64_t steps, int64_t micro_batches) {
  return {.steps = steps,
          .clip = 1,
          .figures = {"rows"},
          .log_every = 4,
          .validate_every = 5,
          .micro_batches = micro_batches};
}

std::string all_files(const std::filesystem::path& folder) {
  return read_text(folder / "last.safetensors") + read_text(folder / "best.safetensors") +
         read_text(folder / "metrics.csv");
}

}  // namespace

TEST_CASE("micro-batches give the gradient of the whole batch, but for rounding", "[ranks]") {
  for (const uint64_t seed : {11, 12, 13}) {
    const auto gradients = [&](int64_t micro_batches) {
      Run run(options_of(1, micro_batches), one_rank(), {}, 0);
      run.data = Generator(seed);
      run.train();
      Gradients all;
      for (const Tensor& p : parameters(run.net)) all.push_back(p.grad());
      return all;
    };
    const Gradients whole = gradients(1);
    for (const int64_t count : {2, 4, 8}) {
      const Gradients parts = gradients(count);
      for (size_t i = 0; i < whole.size(); ++i) CHECK(allclose(parts[i], whole[i], 1e-5, 1e-6));
    }
  }
}

TEST_CASE("a run's files are the same on 1, 2 and 4 ranks, and when it goes on on others", "[ranks][threads]") {
  const Scratch scratch;
  const auto train = [&](const std::string& name, int64_t steps, int64_t count) {
    std::vector<NamedTensors> weights(static_cast<size_t>(count));
    ThreadRanks::run(count, [&](Ranks& ranks) {
      Run run(options_of(steps, 4), ranks, (scratch / name).string());
      run.train();
      weights[static_cast<size_t>(ranks.rank())] = clone_state(run.net);
    });
    for (const NamedTensors& other : weights)  // those that are kept
      for (size_t i = 0; i < other.size(); ++i) CHECK(equal(other[i].second, weights.front()[i].second));
  };
  train("one", 22, 1);
  const std::string wanted = all_files(scratch / "one");
  train("two", 22, 2);
  CHECK(all_files(scratch / "two") == wanted);
  train("four", 22, 4);
  CHECK(all_files(scratch / "four") == wanted);
  train("parts", 7, 2);
  train("parts", 12, 4);
  train("parts", 22, 1);
  CHECK(all_files(scratch / "parts") == wanted);
}

TEST_CASE("what ends one rank ends all", "[ranks][threads]") {
  SECTION("a stop that one was asked for") {
    std::vector<int64_t> steps(4);
    ThreadRanks::run(4, [&](Ranks& ranks) {
      Run run(options_of(40, 4), ranks);
      run.trainer.events().subscribe("test", [&](const Event& e) {
        if (e.kind == Event::Kind::step && e.step == 3 && ranks.rank() == 2) run.trainer.stop();
      });
      run.train();
      steps[static_cast<size_t>(ranks.rank())] = run.trainer.step();
    });
    CHECK(steps == std::vector<int64_t>(4, 3));
  }
  SECTION("a loss that is not finite, and whose it is") {
    const auto poisoned = [](Ranks& ranks) {
      Run run(options_of(10, 4), ranks);
      run.poisoned = 6;
      run.train();
    };
    CHECK_THROWS_AS(ThreadRanks::run(2, poisoned), NonFiniteError);
    CHECK_THROWS_WITH(ThreadRanks::run(2, poisoned), contains("step 7: the loss of rows 1 to 1 of the batch is"));
  }
  SECTION("weights of its own") {
    CHECK_THROWS_WITH(ThreadRanks::run(2,
                                       [](Ranks& ranks) {
                                         Run run(options_of(10, 2), ranks);
                                         if (ranks.rank() == 1) run.net.first.bias->detach().zero_();
                                         run.train();
                                       }),
                      contains("has other weights than rank"));
  }
  SECTION("a step that knows no micro-batches") {
    Run run(options_of(10, 2), one_rank());
    CHECK_THROWS_WITH(run.trainer.run([&]() -> StepOutput {
      return {sum(run.net.last.weight.tensor()), {1}};
    }),
                      contains("micro_batches"));
  }
}

TEST_CASE("a trainer cuts the batches of its data by itself", "[ranks]") {
  const auto weights_after = [](int64_t micro_batches) {
    Generator generator(1);
    Linear linear(3, 1, true, generator);
    Adam adam(parameters(linear), {.lr = 0.02});
    const Tensor x = normal({40, 3}, 0, 1, generator);
    const TensorDataset items({x, sum(x, {1}, true)});
    Batches batches(items, {.batch = 12});
    Trainer trainer(linear, adam, {.steps = 9, .micro_batches = micro_batches});
    int64_t most = 0;
    trainer.run(batches, [&](const Batch& batch) {
      most = std::max(most, batch.size());
      return StepOutput{mse_loss(linear(batch.fields[0]), batch.fields[1])};
    });
    CHECK(most == 12 / micro_batches);
    return linear.weight.tensor().detach();
  };
  CHECK(allclose(weights_after(4), weights_after(1), 1e-4, 1e-5));
}
