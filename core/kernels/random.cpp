// ln, sin and cos are their textbook series: the arguments are reduced exactly, in integers, so a few terms reach the
// last bit or two, and the loops vectorise without a vector library whose results vary from machine to machine.
#include <fovea/core/kernels/bits.h>
#include <fovea/core/kernels/loops.h>
#include <fovea/core/kernels/random.h>

#include <cmath>
#include <cstring>
#include <type_traits>
#include <utility>

#ifdef __wasm__  // not among the CPUs that Random123 lets in; what it writes in plain C++ is the same on all
#define __arm__
#endif
#include <Random123/philox.h>
#ifdef __wasm__
#undef __arm__
#endif

namespace fovea::kernels {
namespace {

constexpr int kBlocks = 16;          // a tile
constexpr int kWords = 4 * kBlocks;  // of 32 bits, in a tile
constexpr double kTwoPi = 6.28318530717958647693;
constexpr double kLogTwo = 0.69314718055994530942;

// A number's bits, and how many elements a tile holds.
template <class T>
struct Traits;
template <>
struct Traits<float> {
  using Word = uint32_t;
  using Signed = int32_t;
  static constexpr int kBits = 32, kMantissa = 23, kTile = kWords, kLogTerms = 4, kSineTerms = 5;
  static constexpr Word kRootHalf = 0x3f3504f3;  // sqrt(1/2)
};
template <>
struct Traits<double> {
  using Word = uint64_t;
  using Signed = int64_t;
  static constexpr int kBits = 64, kMantissa = 52, kTile = kWords / 2, kLogTerms = 10, kSineTerms = 9;
  static constexpr Word kRootHalf = 0x3fe6a09e667f3bcd;
};
template <class T>
using WordOf = typename Traits<T>::Word;

// ln u for normal u > 0: u = 2^e m with m in [sqrt(1/2), sqrt(2)); ln m = 2 (s + s^3/3 + s^5/5 + ...), s = (m-1)/(m+1).
template <class T>
T log_of(T u) {
  using Signed = typename Traits<T>::Signed;
  const WordOf<T> bits = bit_cast<WordOf<T>>(u);
  const Signed exponent = static_cast<Signed>(bits - Traits<T>::kRootHalf) >> Traits<T>::kMantissa;
  const T m = bit_cast<T>(bits - (static_cast<WordOf<T>>(exponent) << Traits<T>::kMantissa));
  const T s = (m - 1) / (m + 1);
  const T square = s * s;
  T sum = T(1) / T(2 * Traits<T>::kLogTerms + 1);
#pragma GCC unroll 16
  for (int k = Traits<T>::kLogTerms - 1; k >= 0; --k) sum = sum * square + T(1) / T(2 * k + 1);
  return static_cast<T>(exponent) * T(kLogTwo) + 2 * s * sum;
}

// cos and sin of the angle turn / 2^bits of a full circle: nearest quarter, then Taylor over [-pi/4, pi/4].
template <class T>
void cos_sin(WordOf<T> turn, T& cosine, T& sine) {
  using Signed = typename Traits<T>::Signed;
  constexpr int kShift = Traits<T>::kBits - 2;
  const WordOf<T> quarter = (turn + (WordOf<T>(1) << (kShift - 1))) >> kShift;  // 0..3, 4 wraps to 0
  const Signed rest = static_cast<Signed>(turn - (quarter << kShift));
  const T x = static_cast<T>(rest) * T(kTwoPi / 4 / static_cast<double>(WordOf<T>(1) << kShift));
  const T square = x * x;
  T s = 1, c = 1;
#pragma GCC unroll 16
  for (int k = Traits<T>::kSineTerms - 1; k >= 1; --k) {
    s = 1 - s * square * (T(1) / T((2 * k) * (2 * k + 1)));
    c = 1 - c * square * (T(1) / T((2 * k - 1) * (2 * k)));
  }
  s *= x;
  const T first = (quarter & 1) != 0 ? s : c;
  const T second = (quarter & 1) != 0 ? c : s;
  cosine = ((quarter + 1) & 2) != 0 ? -first : first;
  sine = (quarter & 2) != 0 ? -second : second;
}

// In [0, 1) with 24 or 53 bits.
inline float unit(uint32_t word) { return static_cast<float>(static_cast<int32_t>(word >> 8)) * 0x1p-24f; }
inline double unit(uint64_t word) { return static_cast<double>(static_cast<int64_t>(word >> 11)) * 0x1p-53; }
// In (0, 1].
inline float positive_unit(uint32_t word) { return static_cast<float>(word) * 0x1p-32f + 0x1p-33f; }
inline double positive_unit(uint64_t word) {
  return static_cast<double>(static_cast<int64_t>(word >> 11) + 1) * 0x1p-53;
}

// The words of a tile, joined in twos for 64-bit elements.
template <class T>
struct Tile {
  explicit Tile(const Stream& stream) {
    if constexpr (sizeof(T) == 4) {
      philox_tile(stream, words);
    } else {
      uint32_t halves[kWords];
      philox_tile(stream, halves);
      for (int pair = 0; pair < 2; ++pair)
        for (int j = 0; j < kBlocks; ++j)
          words[pair * kBlocks + j] =
              static_cast<uint64_t>(halves[2 * pair * kBlocks + j]) << 32 | halves[(2 * pair + 1) * kBlocks + j];
    }
  }
  WordOf<T> words[Traits<T>::kTile];
};

// Cuts n elements into tiles, in parallel: body(words, begin, count) with count below a full tile at the end only.
template <class T, class Body>
void for_tiles(int64_t n, const Stream& stream, Body body) {
  constexpr int kTile = Traits<T>::kTile;
  parallel_for((n + kTile - 1) / kTile, kGrain / kTile, [&](int64_t first, int64_t last) {
    for (int64_t t = first; t < last; ++t) {
      const Tile<T> tile({stream.key, stream.counter + static_cast<uint64_t>(t) * kBlocks});
      body(tile.words, t * kTile, n - t * kTile < kTile ? n - t * kTile : kTile);
    }
  });
}

// A full tile of results is made on the stack and copied, so that head and tail run the same code.
template <class T, class Out, class Make>
void fill_tiles(int64_t n, const Stream& stream, Out* y, Make make) {
  for_tiles<T>(n, stream, [&](const WordOf<T>* words, int64_t begin, int64_t count) {
    Out made[Traits<T>::kTile];
    make(words, made);
    if (count == Traits<T>::kTile)
      std::memcpy(y + begin, made, sizeof(made));
    else
      std::memcpy(y + begin, made, static_cast<size_t>(count) * sizeof(Out));
  });
}

template <class T>
void uniform_of(int64_t n, const Stream& stream, double low, double high, T* y) {
  const T from = static_cast<T>(low), width = static_cast<T>(high) - from;
  const T below = width > 0 ? std::nextafter(static_cast<T>(high), from) : from;
  fill_tiles<T>(n, stream, y, [=](const WordOf<T>* words, T* made) {
#pragma omp simd
    for (int j = 0; j < Traits<T>::kTile; ++j) {
      const T u = from + width * unit(words[j]);
      made[j] = u < below ? u : below;
    }
  });
}

template <class T>
void normal_of(int64_t n, const Stream& stream, double mean, double deviation, T* y) {
  const T centre = static_cast<T>(mean), spread = static_cast<T>(deviation);
  fill_tiles<T>(n, stream, y, [=](const WordOf<T>* words, T* made) {
    for (int pair = 0; pair < Traits<T>::kTile; pair += 2 * kBlocks) {
#pragma omp simd
      for (int j = 0; j < kBlocks; ++j) {
        const T radius = spread * std::sqrt(T(-2) * log_of(positive_unit(words[pair + j])));
        T cosine, sine;
        cos_sin<T>(words[pair + kBlocks + j], cosine, sine);
        made[pair + j] = centre + radius * cosine;
        made[pair + kBlocks + j] = centre + radius * sine;
      }
    }
  });
}

template <class T, class Out>
void bernoulli_of(int64_t n, const Stream& stream, double probability, Out* y) {
  const T p = static_cast<T>(probability);
  fill_tiles<T>(n, stream, y, [=](const WordOf<T>* words, Out* made) {
#pragma omp simd
    for (int j = 0; j < Traits<T>::kTile; ++j) made[j] = static_cast<Out>(unit(words[j]) < p ? 1 : 0);
  });
}

template <class T>
bool valid_probabilities(int64_t n, const T* p) {
  bool valid = true;
  for (int64_t i = 0; i < n; ++i) valid &= p[i] >= 0 && p[i] <= 1;
  return valid;
}

template <class T>
void bernoulli_each(int64_t n, const Stream& stream, const T* p, T* y) {
  for_tiles<T>(n, stream, [&](const WordOf<T>* words, int64_t begin, int64_t count) {
    for (int64_t j = 0; j < count; ++j) y[begin + j] = unit(words[j]) < p[begin + j] ? T(1) : T(0);
  });
}

}  // namespace

int64_t blocks_of_words(int64_t n) { return (n + kWords - 1) / kWords * kBlocks; }
int64_t blocks_of_doubles(int64_t n) { return blocks_of_words(2 * n); }

std::array<uint32_t, 4> philox(const Stream& stream, uint64_t domain) {
  const auto low = [](uint64_t pair) { return static_cast<uint32_t>(pair); };
  const auto high = [](uint64_t pair) { return static_cast<uint32_t>(pair >> 32); };
  const philox4x32_key_t key = {{low(stream.key), high(stream.key)}};
  const philox4x32_ctr_t counter = {{low(stream.counter), high(stream.counter), low(domain), high(domain)}};
  const philox4x32_ctr_t out = philox4x32(counter, key);
  return {out.v[0], out.v[1], out.v[2], out.v[3]};
}

// Random123's rounds on 64-bit variables that hold 32-bit words, a form that compilers turn into vectors.
void philox_tile(const Stream& stream, uint32_t words[64]) {
#pragma omp simd
  for (int j = 0; j < kBlocks; ++j) {
    const uint64_t counter = stream.counter + static_cast<uint64_t>(j);
    uint64_t a = static_cast<uint32_t>(counter), b = counter >> 32, c = 0, d = 0;
    uint32_t low_key = static_cast<uint32_t>(stream.key), high_key = static_cast<uint32_t>(stream.key >> 32);
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const uint64_t left = a * uint64_t{PHILOX_M4x32_0}, right = c * uint64_t{PHILOX_M4x32_1};
      a = (right >> 32) ^ b ^ low_key;
      c = (left >> 32) ^ d ^ high_key;
      b = static_cast<uint32_t>(right);
      d = static_cast<uint32_t>(left);
      low_key += PHILOX_W32_0;
      high_key += PHILOX_W32_1;
    }
    words[j] = static_cast<uint32_t>(a);
    words[kBlocks + j] = static_cast<uint32_t>(b);
    words[2 * kBlocks + j] = static_cast<uint32_t>(c);
    words[3 * kBlocks + j] = static_cast<uint32_t>(d);
  }
}

void uniform(DType dtype, int64_t n, const Stream& stream, double low, double high, void* y) {
  dispatch_floating(dtype, [&](auto zero) { uniform_of(n, stream, low, high, static_cast<decltype(zero)*>(y)); });
}

void normal(DType dtype, int64_t n, const Stream& stream, double mean, double deviation, void* y) {
  dispatch_floating(dtype, [&](auto zero) { normal_of(n, stream, mean, deviation, static_cast<decltype(zero)*>(y)); });
}

void bernoulli(DType dtype, int64_t n, const Stream& stream, double probability, void* y) {
  dispatch(dtype, [&](auto zero) {
    using Out = decltype(zero);
    using Unit = std::conditional_t<std::is_same_v<Out, double>, double, float>;
    bernoulli_of<Unit>(n, stream, probability, static_cast<Out*>(y));
  });
}

bool bernoulli(DType dtype, int64_t n, const Stream& stream, const void* probabilities, void* y) {
  return dispatch_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* p = static_cast<const T*>(probabilities);
    if (!valid_probabilities(n, p)) return false;
    bernoulli_each(n, stream, p, static_cast<T*>(y));
    return true;
  });
}

int64_t integer_below(uint64_t word, int64_t low, int64_t high) {
  const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
  // The upper half of word * range, in 32-bit pieces.
  const uint64_t a = word >> 32, b = word & 0xffffffff, c = range >> 32, d = range & 0xffffffff;
  const uint64_t middle = a * d + (b * d >> 32);
  const uint64_t cross = b * c + (middle & 0xffffffff);
  return static_cast<int64_t>(static_cast<uint64_t>(low) + a * c + (middle >> 32) + (cross >> 32));
}

void integers(int64_t n, const Stream& stream, int64_t low, int64_t high, int64_t* y) {
  fill_tiles<double>(n, stream, y, [=](const uint64_t* words, int64_t* made) {
    for (int j = 0; j < Traits<double>::kTile; ++j) made[j] = integer_below(words[j], low, high);
  });
}

// Durstenfeld's shuffle; place i trades with a place in [i, n) that word i chooses.
void permutation(int64_t n, const Stream& stream, int64_t* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = i;
  for (int64_t begin = 0; begin < n; begin += Traits<double>::kTile) {
    const Tile<double> tile(
        {stream.key, stream.counter + static_cast<uint64_t>(begin / Traits<double>::kTile) * kBlocks});
    for (int64_t i = begin; i < n && i < begin + Traits<double>::kTile; ++i)
      std::swap(y[i], y[integer_below(tile.words[i - begin], i, n)]);
  }
}

void orthonormalize(int64_t count, int64_t length, double* v) {
  const auto dot = [&](int64_t a, int64_t b) {
    double sum = 0;
    for (int64_t j = 0; j < length; ++j) sum += v[a * length + j] * v[b * length + j];
    return sum;
  };
  for (int64_t i = 0; i < count; ++i) {
    for (int round = 0; round < 2; ++round)
      for (int64_t k = 0; k < i; ++k) {
        const double along = dot(i, k);
        for (int64_t j = 0; j < length; ++j) v[i * length + j] -= along * v[k * length + j];
      }
    const double scale = 1 / std::sqrt(dot(i, i));
    for (int64_t j = 0; j < length; ++j) v[i * length + j] *= scale;
  }
}

}  // namespace fovea::kernels
