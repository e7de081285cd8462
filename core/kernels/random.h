// Random numbers by the block: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2,
// 3", SC 2011). A block is four 32-bit words, a function of key and counter alone. Sixteen blocks make a tile:
//   word 16 w + j of tile t is word w of block 16 t + j
// and a tile holds 64 elements made of one word (f32) or 32 made of two (f64, i64: words w and w + 1 of one block), so
// element i depends on key, counter and i only. Arithmetic is plain IEEE additions, products, quotients and roots,
// never contracted: every platform draws the same bits.
#pragma once

#include <fovea/core/dtype.h>

#include <array>
#include <cstdint>

namespace fovea::kernels {

struct Stream {
  uint64_t key;
  uint64_t counter;  // of the first block
};

// Blocks that n elements use up.
int64_t blocks_of_words(int64_t n);    // f32, bool and i64 coin tosses
int64_t blocks_of_doubles(int64_t n);  // f64, integers

// One block; the upper half of its 128-bit counter is `domain`, 0 for elements.
std::array<uint32_t, 4> philox(const Stream& stream, uint64_t domain = 0);
// A whole tile, in the order above.
void philox_tile(const Stream& stream, uint32_t words[64]);

// f32 or f64. low + (high - low) u, always below high unless the two are equal; u has 24 or 53 bits.
void uniform(DType dtype, int64_t n, const Stream& stream, double low, double high, void* y);
// Box and Muller, "A note on the generation of random normal deviates" (1958): sqrt(-2 ln u) (cos 2 pi v, sin 2 pi v).
void normal(DType dtype, int64_t n, const Stream& stream, double mean, double deviation, void* y);
// 1 where u < probability; any type.
void bernoulli(DType dtype, int64_t n, const Stream& stream, double probability, void* y);
// The same with one probability per element, f32 or f64; false if one of them is outside [0, 1] (or NaN).
bool bernoulli(DType dtype, int64_t n, const Stream& stream, const void* probabilities, void* y);
// In [low, high), high > low; no value is favoured by more than (high - low) / 2^64.
int64_t integer_below(uint64_t word, int64_t low, int64_t high);
void integers(int64_t n, const Stream& stream, int64_t low, int64_t high, int64_t* y);
// 0 .. n - 1 in random order.
void permutation(int64_t n, const Stream& stream, int64_t* y);
// Rows v[i] of `length` elements, count <= length of them, made orthonormal: Gram-Schmidt, twice over each row so that
// rounding leaves them orthogonal.
void orthonormalize(int64_t count, int64_t length, double* v);

}  // namespace fovea::kernels
