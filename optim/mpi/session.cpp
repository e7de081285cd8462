#include <fovea/core/parallel.h>
#include <fovea/optim/mpi/session.h>
#include <mpi.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>
#include <vector>

namespace fovea::mpi {
namespace {

constexpr size_t kMost = size_t{1} << 30;  // bytes a message: MPI counts them in an int
constexpr int kTries = 200;                // before a rank that waits lets others have the core

}  // namespace

// Requests of swaps under way; a number is used again when its swap is done.
struct Session::Swaps {
  std::vector<std::vector<MPI_Request>> requests{};
  std::vector<int64_t> free{};
};

Session::Session(int& argc, char**& argv) : swaps_(std::make_unique<Swaps>()), exceptions_(std::uncaught_exceptions()) {
  int threads = 0, rank = 0, count = 1;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &threads);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &count);
  rank_ = rank;
  count_ = count;
  if (std::getenv("OMP_NUM_THREADS") == nullptr) {
    const int64_t cores = std::thread::hardware_concurrency();
    set_num_threads(static_cast<int>(std::max<int64_t>(1, cores / launched_ranks_here())));
  }
}

Session::~Session() {
  if (std::uncaught_exceptions() > exceptions_ && count_ > 1) end_all(1);
  MPI_Finalize();
}

int64_t Session::begin(int64_t partner, int64_t tag, std::span<const std::byte> mine, std::span<std::byte> theirs) {
  if (swaps_->free.empty()) {
    swaps_->free.push_back(static_cast<int64_t>(swaps_->requests.size()));
    swaps_->requests.emplace_back();
  }
  const int64_t swap = swaps_->free.back();
  swaps_->free.pop_back();
  std::vector<MPI_Request>& requests = swaps_->requests[static_cast<size_t>(swap)];
  const auto pieces = [&](size_t size, const auto& request) {
    for (size_t at = 0; at < size; at += kMost)
      request(at, static_cast<int>(std::min(kMost, size - at)), &requests.emplace_back());
  };
  const auto other = static_cast<int>(partner), kind = static_cast<int>(tag);
  pieces(theirs.size(), [&](size_t at, int bytes, MPI_Request* request) {
    MPI_Irecv(theirs.data() + at, bytes, MPI_BYTE, other, kind, MPI_COMM_WORLD, request);
  });
  pieces(mine.size(), [&](size_t at, int bytes, MPI_Request* request) {
    MPI_Isend(mine.data() + at, bytes, MPI_BYTE, other, kind, MPI_COMM_WORLD, request);
  });
  return swap;
}

bool Session::done(int64_t swap, bool wait) {
  std::vector<MPI_Request>& requests = swaps_->requests[static_cast<size_t>(swap)];
  int all = 0;
  for (int tries = 0; all == 0; ++tries) {
    MPI_Testall(static_cast<int>(requests.size()), requests.data(), &all, MPI_STATUSES_IGNORE);
    if (all == 0 && !wait) return false;
    if (tries > kTries) std::this_thread::yield();
  }
  requests.clear();
  swaps_->free.push_back(swap);
  return true;
}

void Session::end_all(int code) {
  std::fprintf(stderr, "rank %d of %d cannot go on: the whole job ends\n", static_cast<int>(rank_),
               static_cast<int>(count_));
  std::fflush(nullptr);
  MPI_Abort(MPI_COMM_WORLD, code);
  std::_Exit(code);
}

}  // namespace fovea::mpi
