// Data parallel training over MPI, in three lines: the library fovea::mpi, which is there where CMake found MPI.
//
//   int main(int argc, char** argv) {
//     mpi::Session ranks(argc, argv);                                        // 1
//     ...
//     Trainer trainer(model, adam, {.steps = 2000, .micro_batches = 8});
//     trainer.ranks(ranks);                                                  // 2
//     trainer.folder(RunFolder::open("runs/lookup", ranks));                 // 3
//     trainer.run(batches, [&](const Batch& batch) { return loss_of(model, batch); });
//   }
//   mpirun -n 4 ./lookup
//
// The job ends as a whole: a rank that is killed is noticed by mpirun, which ends the others; one that an exception
// leaves says so and ends all. What was saved stays whole. A call of MPI that fails ends the job too. Each rank gets
// its share of its machine's cores as threads, unless OMP_NUM_THREADS says otherwise. Waiting yields the core. Once a
// program. Threads: all calls from the one that made it.
#pragma once

#include <fovea/optim/training/ranks.h>

#include <memory>

namespace fovea::mpi {

class Session final : public Ranks {
 public:
  Session(int& argc, char**& argv);
  ~Session() override;  // waits for all ranks; while an exception passes it ends them instead

  int64_t rank() const override { return rank_; }
  int64_t count() const override { return count_; }
  int64_t begin(int64_t partner, int64_t tag, std::span<const std::byte> mine, std::span<std::byte> theirs) override;
  bool done(int64_t swap, bool wait) override;
  [[noreturn]] void end_all(int code) override;

 private:
  struct Swaps;
  std::unique_ptr<Swaps> swaps_;
  int64_t rank_ = 0, count_ = 1;
  int exceptions_;
};

}  // namespace fovea::mpi
