#include <fmt/format.h>
#include <fovea/autograd/shared_weights.h>
#include <fovea/core/array.h>
#include <fovea/core/creation.h>
#include <fovea/optim/training/micro_batches.h>
#include <fovea/optim/training/update.h>

#include <cmath>

namespace fovea {
namespace {

// What goes beside the gradients, before a step's figures.
enum Number : size_t { kCount, kLoss, kShown, kRows, kFigures };

// The thread's default generator, with numbers of its own for as long as this lives.
class DefaultStream {
 public:
  explicit DefaultStream(uint64_t stream) { default_generator() = before_.fork(stream); }
  ~DefaultStream() { default_generator() = before_; }
  DefaultStream(const DefaultStream&) = delete;
  DefaultStream& operator=(const DefaultStream&) = delete;

 private:
  Generator before_ = default_generator();
};

}  // namespace

Tensor MicroBatch::rows(const Tensor& x) const {
  return x.dim() == 0 || x.size(0) == size() ? x : array::slice(x, 0, begin, end);
}

Generator& MicroBatch::stream(Generator& whole) {
  return stream_ ? streams_.emplace_back(whole.fork(*stream_)) : whole;
}

MicroBatches::MicroBatches(std::vector<Tensor> parameters, int64_t count, Ranks& ranks, size_t figures,
                           GradientSum::Options options)
    : count_(count), figures_(figures), sum_(std::move(parameters), count, ranks, kFigures + figures, options) {}

// A mean over nothing is no number, and adds none.
std::vector<double> MicroBatches::numbers_of(const StepOutput& output, const MicroBatch& part, double count) const {
  if (output.figures.size() != figures_)
    throw ValueError(fmt::format("a micro-batch gave {} figures; need {}, one for each name in options.figures",
                                 output.figures.size(), figures_));
  std::vector<double> numbers(kFigures + figures_);
  numbers[kRows] = static_cast<double>(part.size());
  if (!(count > 0)) return numbers;
  const double loss = output.loss.item();
  if (!std::isfinite(loss))
    throw NonFiniteError(
        fmt::format("the loss of rows {} to {} of the batch is {} and no weight was changed; run the "
                    "step under AnomalyMode to see which op made it",
                    part.begin + 1, part.end, loss));
  numbers[kCount] = count;
  numbers[kLoss] = count * loss;
  numbers[kShown] = count * output.shown.value_or(loss);
  for (size_t k = 0; k < figures_; ++k) numbers[kFigures + k] = count * output.figures[k];
  return numbers;
}

StepOutput MicroBatches::run(int64_t step, int64_t rows, const Step& of_rows) {
  sum_.begin();
  for (int64_t i = sum_.first(); i < sum_.first() + sum_.count(); ++i) {
    const auto stream = static_cast<uint64_t>(step * count_ + i);
    MicroBatch part(i * rows / count_, (i + 1) * rows / count_, stream);
    if (part.size() == 0) {
      sum_.add({}, 0, std::vector<double>(kFigures + figures_));
      continue;
    }
    const DefaultStream own(stream);
    const SharedWeights shared;
    const StepOutput output = of_rows(part);
    const double count = output.count.value_or(static_cast<double>(part.size()));
    sum_.add(count > 0 ? output.loss : Tensor(), count, numbers_of(output, part, count));
  }
  const std::vector<double> sums = sum_.finish();
  const double all = sums[kCount];
  if (!(all > 0)) throw ValueError("the losses of all micro-batches are means over nothing");
  sum_.give(1 / all);
  StepOutput whole(scalar(sums[kLoss] / all, f64), {}, static_cast<int64_t>(sums[kRows]));
  for (size_t k = 0; k < figures_; ++k) whole.figures.push_back(sums[kFigures + k] / all);
  whole.shown = sums[kShown] / all;
  whole.count = all;
  return whole;
}

}  // namespace fovea
