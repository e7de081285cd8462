// fovea_bench_mpi: what ranks cost. mpirun -n 2 build/release/bench/fovea_bench_mpi
//
//   swaps   time of a swap between ranks 0 and 1, by size: latency where it is small, bandwidth where it is large
//   steps   backward of a network of twelve layers and the sum of its gradients over all ranks, with the sum after
//           backward and hidden behind it; and backward alone
//
// Medians.
#include <fmt/format.h>
#include <fovea/fovea.h>
#include <fovea/optim/mpi/session.h>

#include <algorithm>
#include <chrono>

namespace {

using namespace fovea;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

template <class Body>
double median_of(int times, const Body& body) {
  std::vector<double> taken;
  for (int i = 0; i < times; ++i) {
    const double began = now();
    body();
    taken.push_back(now() - began);
  }
  std::nth_element(taken.begin(), taken.begin() + times / 2, taken.end());
  return taken[static_cast<size_t>(times / 2)];
}

void swaps(Ranks& ranks) {
  for (size_t bytes = 8; bytes <= size_t{1} << 24; bytes *= 8) {
    std::vector<std::byte> mine(bytes), theirs(bytes);
    const auto once = [&] { ranks.done(ranks.begin(1 - ranks.rank(), 1, mine, theirs), true); };
    const double seconds = median_of(bytes < 100000 ? 2000 : 60, once);
    if (ranks.first())
      fmt::print("swap of {:>9} bytes {:>10.1f} us {:>9.1f} MB/s each way\n", bytes, seconds * 1e6,
                 static_cast<double>(bytes) / seconds / 1e6);
  }
}

void steps(Ranks& ranks, int64_t rows) {
  Generator generator(1);
  std::vector<Tensor> weights;
  for (int i = 0; i < 12; ++i) weights.push_back(normal({512, 512}, 0, 0.04, generator).requires_grad_());
  const Tensor x = normal({rows, 512}, 0, 1, generator);
  const auto loss = [&] {
    Tensor y = x;
    for (const Tensor& weight : weights) y = tanh(matmul(y, weight));
    return mean(y * y);
  };
  const auto summed = [&](bool early) {
    GradientSum sum(weights, ranks.count(), ranks, 0, {.bucket_bytes = int64_t{1} << 20, .early = early});
    return 1e3 * median_of(20, [&] {
             sum.begin();
             sum.add(loss(), 1, {});
             sum.finish();
             sum.give(1);
           });
  };
  const double alone = 1e3 * median_of(20, [&] {
                         for (Tensor& weight : weights) weight.set_grad(Tensor());
                         loss().backward();
                       });
  const double after = summed(false), hidden = summed(true);
  if (ranks.first())
    fmt::print(
        "{} ranks, {} rows, 12.6 MB of gradients: {:.1f} ms alone, {:.1f} ms with the sum after, {:.1f} ms hidden\n",
        ranks.count(), rows, alone, after, hidden);
}

}  // namespace

int main(int argc, char** argv) {
  fovea::mpi::Session ranks(argc, argv);
  if (ranks.count() == 2) swaps(ranks);
  for (const int64_t rows : {256, 1024, 4096}) steps(ranks, rows);
}
