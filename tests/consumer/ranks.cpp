// ranks FOLDER: a stranger's training program on the ranks of mpirun, or alone to the same bits.
#include <fovea/fovea.h>
#include <fovea/optim/mpi/session.h>

using namespace fovea;

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  mpi::Session ranks(argc, argv);
  Generator generator(1);
  Linear linear(3, 1, true, generator);
  const Tensor x = normal({200, 3}, 0, 1, generator);
  const TensorDataset data({x, sum(x, {1}, true)});
  Batches batches(data, {.batch = 16}, generator);
  Adam adam(parameters(linear), {.lr = 0.01});
  Trainer trainer(linear, adam, {.steps = 30, .micro_batches = 4});
  trainer.ranks(ranks);
  trainer.folder(RunFolder::open(argv[1], ranks));
  trainer.run(batches, [&](const Batch& batch) { return mse_loss(linear(batch.fields[0]), batch.fields[1]); });
}
