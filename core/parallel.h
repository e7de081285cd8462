// Threads: the only place that starts any. Work is cut into chunks whose size does not depend on the number of threads,
// so results are bitwise the same for any number. An exception in a chunk is rethrown to the caller; of several, that
// of the first chunk. Nested calls run serially, and so do calls while another thread of the program is in a loop, and
// calls in a forked child that has not set a number of threads.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

namespace fovea {

int num_threads();
void set_num_threads(int n);  // n >= 1 (ValueError); starts at the environment's OMP_NUM_THREADS, else the cores

// The CPU that BLAS chose its kernels for ("SkylakeX"), for the first line of a run; "unknown" for other BLAS, "none"
// in a build without it.
std::string blas_core_name();

// What the library's own kernels that run here are compiled for: "AVX-512", "AVX2", "AVX", "NEON" or "baseline".
std::string instruction_set_name();

bool in_parallel();  // whether the caller is inside one of the loops below

namespace detail {
int forks_until_now();  // how many forks lie between the first process that used fovea and this one
using ChunkBody = void (*)(void* body, int64_t chunk);
using PieceBody = void (*)(void* body, int64_t begin, int64_t end);
void run_chunks(int64_t chunks, ChunkBody call, void* body);
void run_pieces(int64_t n, int64_t grain, PieceBody call, void* body);
}  // namespace detail

// Calls body(chunk) for chunk in [0, chunks), in any order, possibly at the same time. Here and below the body is
// called by its address, so that its loops are compiled once.
template <class Body>
void parallel_chunks(int64_t chunks, Body&& body) {
  using B = std::remove_reference_t<Body>;
  detail::run_chunks(
      chunks, [](void* b, int64_t c) { (*static_cast<B*>(b))(c); }, &body);
}

// Calls body(begin, end) over [0, n) in pieces of `grain` >= 1 (ValueError); small work stays on the caller's thread.
template <class Body>
void parallel_for(int64_t n, int64_t grain, Body&& body) {
  using B = std::remove_reference_t<Body>;
  const detail::PieceBody call = [](void* b, int64_t begin, int64_t end) { (*static_cast<B*>(b))(begin, end); };
  if (n > grain) return detail::run_pieces(n, grain, call, &body);
  if (n > 0) call(&body, 0, n);
}

}  // namespace fovea
