// train FOLDER STEPS: a stranger's training program, from data in memory to a run that can be stopped and gone on with.
#include <fovea/fovea.h>

#include <cstdio>
#include <cstdlib>
using namespace fovea;

struct Counter : Module {
  explicit Counter(Generator& g) : lstm({.input_size = 1, .hidden_size = 8}, g), output(8, 1, true, g) {}
  void members(Members& m) override { m("lstm", lstm)("output", output); }
  Tensor operator()(const Batch& batch) const {
    return output(select(lstm(batch.fields[0], {}, batch.lengths[0]).state.hidden, 0, 0));
  }
  LSTM lstm;
  Linear output;
};

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const Generator root(1);
  Generator weights = root.fork(1), numbers = root.fork(2);
  std::vector<Example> items;  // sequences of 1 to 9 bits, and how many of them are set
  for (int i = 0; i < 200; ++i) {
    const Tensor bits = bernoulli({numbers.randint(1, 10), 1}, 0.5, numbers);
    items.push_back({bits, sum(bits, 0)});
  }
  const ListDataset data(items);
  Batches batches(data, {.batch = 16, .pool = 4}, root.fork(3));
  Counter counter(weights);
  Adam adam(parameters(counter), {.lr = 0.01});
  Trainer trainer(counter, adam, {.steps = std::atoll(argv[2]), .clip = 1, .validate_every = 20});
  trainer.folder(RunFolder::open(argv[1]));
  const auto loss = [&](const Batch& batch) { return mse_loss(counter(batch), batch.fields[1]); };
  const auto validate = [&] { return loss(collate({items.begin(), items.begin() + 50})).item(); };
  trainer.run(batches, loss, validate);
  std::printf("step %d: %.4f, best at %d\n", int(trainer.step()), validate(), int(trainer.best_step()));
  return 0;
}
