// Micro-batches: a step's batch in M parts of a fixed order, each with a forward and a backward of its own.
//
//   L = Σ_i n_i L_i / Σ_i n_i     i = 0 ... M - 1; L_i the mean over the n_i rows, or tokens, of micro-batch i
//
// So the gradient is that of the mean over the whole batch, but for rounding; it takes the memory of one micro-batch
// (gradient accumulation); and it is the same to the bit on 1, 2, 4 ... ranks, for each computes its share of the
// micro-batches and GradientSum adds in an order that does not depend on them. Micro-batch i of n rows has rows
// i n / M ... (i + 1) n / M - 1; one without rows counts for nothing. Random numbers: stream() and the thread's default
// generator are of the step and the micro-batch, whichever rank computes it.
#pragma once

#include <fovea/core/random.h>
#include <fovea/optim/training/gradient_sum.h>

#include <functional>
#include <list>
#include <optional>
#include <string>

namespace fovea {

struct StepOutput {
  StepOutput(Tensor of_loss, std::vector<double> of_batch = {}, int64_t rows = 0)
      : loss(std::move(of_loss)), figures(std::move(of_batch)), batch(rows) {}
  Tensor loss;                    // rank 0, on the tape
  std::vector<double> figures;    // as many as TrainerOptions::figures
  int64_t batch;                  // rows that it learned from, for the rate; 0: not told
  std::optional<double> shown{};  // in place of the loss where it has other terms that nobody wants to see
  std::optional<double> count{};  // how many things loss and figures of a micro-batch are means over, if not its rows
};

class MicroBatch {
 public:
  MicroBatch(int64_t from, int64_t to, std::optional<uint64_t> of_stream = {})
      : begin(from), end(to), stream_(of_stream) {}
  int64_t begin, end;  // its rows
  int64_t size() const { return end - begin; }
  Tensor rows(const Tensor& x) const;  // of a tensor that has the batch first
  template <class Batch>
  requires requires(const Batch& all) { all.rows(int64_t{}, all.size()); }
  Batch rows(const Batch& all) const { return all.size() == size() ? all : all.rows(begin, end); }
  // In place of `whole`, wherever the step takes random numbers from it; if there is one micro-batch, `whole` itself.
  Generator& stream(Generator& whole);

 private:
  std::optional<uint64_t> stream_;
  std::list<Generator> streams_{};
};

class MicroBatches {
 public:
  using Step = std::function<StepOutput(MicroBatch&)>;
  // Refers to the ranks. `figures`: how many a step has. More than one micro-batch.
  MicroBatches(std::vector<Tensor> parameters, int64_t count, Ranks& ranks, size_t figures,
               GradientSum::Options options = {});

  // This rank's micro-batches of step `step`, and the sum over all; the parameters' gradients are in place then. Loss,
  // figures and what is shown are those of the batch; the loss is on no tape. Errors: NonFiniteError (update.h) for a
  // loss.
  StepOutput run(int64_t step, int64_t rows, const Step& of_rows);

 private:
  std::vector<double> numbers_of(const StepOutput& output, const MicroBatch& part, double count) const;
  int64_t count_;
  size_t figures_;
  GradientSum sum_;
};

}  // namespace fovea
