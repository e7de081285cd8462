#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ntm.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/parts.h>
#include <fovea/autograd/plain.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/ntm.h>

#include <limits>

namespace fovea {
namespace {

using kernels::NtmSizes;
using Two = std::array<Tensor, 2>;
using Three = std::array<Tensor, 3>;
using Four = std::array<Tensor, 4>;

// Sizes of the heads' stack arrays in the fused kernel; beyond them the plain formula runs.
constexpr int64_t kMaxWidth = 512, kMaxShifts = 64;
constexpr double kInf = std::numeric_limits<double>::infinity();

// ---- the plain formulas ----

Tensor smooth_norm(const Tensor& x, int64_t dim) { return sqrt(sum(square(x), dim, true) + 1e-12); }

Tensor plain_address(const Tensor& parameters, const Tensor& memory, const Tensor& previous) {
  return plain_ntm_address(parameters, memory, previous).sharpened;
}

Tensor plain_write(const Tensor& memory, const Tensor& weights, const Tensor& erase, const Tensor& add) {
  Tensor kept = memory;
  for (int64_t h = 0; h < weights.size(1); ++h) {
    const Tensor w = slice(weights, 1, h, h + 1), e = unsqueeze(select(erase, 1, h), -1);  // [B, 1, N], [B, M, 1]
    kept = kept * (1.0 - e * w);                                                           // (3)
  }
  return kept + matmul(transpose(add, 1, 2), weights);  // (4) [B, M, N]
}

Tensor plain_read(const Tensor& memory, const Tensor& weights) { return matmul(weights, transpose(memory, 1, 2)); }

// ---- checks ----

void check_rank3(const char* op, const char* what, const Tensor& x, const Tensor& memory) {
  check::floating(op, x);
  check::same_dtype(op, memory, x);
  if (x.dim() != 3 || x.size(0) != memory.size(0))
    throw ShapeError(fmt::format("{}: {} is {}, memory {}; need rank 3 and the same batch", op, what, describe(x),
                                 describe(memory)));
}

NtmSizes sizes_of(const char* op, const Tensor& memory, const Tensor& weights) {
  check::floating(op, memory);
  if (memory.dim() != 3) throw ShapeError(fmt::format("{}: memory is {}; need [B, M, N]", op, describe(memory)));
  check_rank3(op, "weights", weights, memory);
  if (weights.size(2) != memory.size(2) || weights.size(2) < 1)
    throw ShapeError(fmt::format("{}: weights are {}, memory {}; need [B, H, N] and [B, M, N] with one N >= 1", op,
                                 describe(weights), describe(memory)));
  return {memory.size(0), weights.size(1), memory.size(2), memory.size(1), 1};
}

NtmSizes address_sizes(const char* op, const Tensor& parameters, const Tensor& memory, const Tensor& previous) {
  NtmSizes n = sizes_of(op, memory, previous);
  check_rank3(op, "parameters", parameters, memory);
  n.shifts = parameters.size(2) - n.width - 3;
  if (parameters.size(1) != n.heads || n.shifts < 1 || n.shifts % 2 == 0)
    throw ShapeError(fmt::format("{}: parameters are {}, memory {}, previous {}; need [B, H, M + K + 3] with K odd", op,
                                 describe(parameters), describe(memory), describe(previous)));
  return n;
}

}  // namespace

NtmStages plain_ntm_address(const Tensor& parameters, const Tensor& memory, const Tensor& previous) {
  address_sizes("plain_ntm_address", parameters, memory, previous);
  const int64_t M = memory.size(1), K = parameters.size(-1) - M - 3;
  const auto part = split<5>(parameters, {M, 1, 1, K, 1}, -1);
  const Tensor k = tanh(part[0]), beta = softplus(part[1]), g = sigmoid(part[2]);  // [B, H, M], [B, H, 1], [B, H, 1]
  const Tensor s = softmax(part[3], -1), gamma = 1.0 + softplus(part[4]);          // [B, H, K], [B, H, 1]
  const Tensor similarity = matmul(k, memory) / (smooth_norm(k, -1) * smooth_norm(memory, 1) + 1e-8);
  const Tensor content = softmax(beta * similarity, -1);                        // (5) [B, H, N]
  const Tensor mixed = g * content + (1.0 - g) * previous;                      // (7)
  const Tensor shifted = clamp(circular_convolution(mixed, s), 0, kInf);        // (8)
  return {content, mixed, shifted, softmax(gamma * log(shifted + 1e-12), -1)};  // (9)
}

Tensor ntm_address(const Tensor& parameters, const Tensor& memory, const Tensor& previous) {
  const NtmSizes n = address_sizes("ntm_address", parameters, memory, previous);
  if (reference_mode() || n.width > kMaxWidth || n.shifts > kMaxShifts)
    return plain_address(parameters, memory, previous);
  const Tensor p = array::contiguous(parameters), m = array::contiguous(memory), before = array::contiguous(previous);
  Tensor w = empty_like(before);
  const Tensor work = empty({n.batch, kernels::ntm_work_rows(n), n.slots}, w.dtype());
  dispatch_floating(w.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::ntm_address(n, p.data<T>(), m.data<T>(), before.data<T>(), w.data<T>(), work.data<T>());
  });
  return record(
      "ntm_address", {parameters, memory, previous}, w,
      [n, p = saved(parameters), m = saved(memory), before = saved(previous), w = saved(w), work](const Tensor& g) {
        const Tensor x0 = p.get(), m0 = m.get(), w0 = before.get();
        if (grad_enabled()) return plain_vjp(plain_address, Three{x0, m0, w0}, g);
        const Tensor dy = array::contiguous(g), x = array::contiguous(x0), y = array::contiguous(m0);
        const Tensor z = array::contiguous(w0), weights = w.get();
        Three d{empty_like(x), needs_grad(1) ? empty_like(y) : Tensor(), needs_grad(2) ? empty_like(z) : Tensor()};
        const Tensor scratch = empty({n.batch, 4, n.slots}, dy.dtype());
        dispatch_floating(dy.dtype(), [&](auto zero) {
          using T = decltype(zero);
          kernels::ntm_address_backward(n, dy.data<T>(), x.data<T>(), y.data<T>(), z.data<T>(), weights.data<T>(),
                                        work.data<T>(), scratch.data<T>(), d[0].data<T>(),
                                        d[1].defined() ? d[1].data<T>() : nullptr,
                                        d[2].defined() ? d[2].data<T>() : nullptr);
        });
        return d;
      });
}

Tensor ntm_write(const Tensor& memory, const Tensor& weights, const Tensor& erase, const Tensor& add) {
  const NtmSizes n = sizes_of("ntm_write", memory, weights);
  for (const Tensor* x : {&erase, &add}) {
    check_rank3("ntm_write", x == &erase ? "erase" : "add", *x, memory);
    if (x->size(1) != n.heads || x->size(2) != n.width)
      throw ShapeError(
          fmt::format("ntm_write: erase is {}, add {}, memory {}, weights {}; need erase and add [B, H, M]",
                      describe(erase), describe(add), describe(memory), describe(weights)));
  }
  if (reference_mode()) return plain_write(memory, weights, erase, add);
  const Tensor m = array::contiguous(memory), w = array::contiguous(weights), e = array::contiguous(erase),
               a = array::contiguous(add);
  Tensor written = empty_like(m);
  dispatch_floating(m.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::ntm_write(n, m.data<T>(), w.data<T>(), e.data<T>(), a.data<T>(), written.data<T>());
  });
  return record("ntm_write", {memory, weights, erase, add}, written,
                [n, m0 = saved(memory), w0 = saved(weights), e0 = saved(erase), a0 = saved(add)](const Tensor& g) {
                  Four x{m0.get(), w0.get(), e0.get(), a0.get()}, d;
                  if (grad_enabled()) return plain_vjp(plain_write, x, g);
                  const Tensor dy = array::contiguous(g);
                  for (size_t i = 0; i < 4; ++i) d[i] = empty_like(x[i] = array::contiguous(x[i]));
                  dispatch_floating(g.dtype(), [&](auto zero) {
                    using T = decltype(zero);
                    kernels::ntm_write_backward(n, dy.data<T>(), x[0].data<T>(), x[1].data<T>(), x[2].data<T>(),
                                                x[3].data<T>(), d[0].data<T>(), d[1].data<T>(), d[2].data<T>(),
                                                d[3].data<T>());
                  });
                  return d;
                });
}

Tensor ntm_read(const Tensor& memory, const Tensor& weights) {
  const NtmSizes n = sizes_of("ntm_read", memory, weights);
  if (reference_mode()) return plain_read(memory, weights);
  const Tensor m = array::contiguous(memory), w = array::contiguous(weights);
  Tensor read = empty({n.batch, n.heads, n.width}, m.dtype());
  dispatch_floating(m.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::ntm_read(n, m.data<T>(), w.data<T>(), read.data<T>());
  });
  return record("ntm_read", {memory, weights}, read, [n, m0 = saved(memory), w0 = saved(weights)](const Tensor& g) {
    Two x{m0.get(), w0.get()}, d;
    if (grad_enabled()) return plain_vjp(plain_read, x, g);
    const Tensor dy = array::contiguous(g);
    for (size_t i = 0; i < 2; ++i) d[i] = empty_like(x[i] = array::contiguous(x[i]));
    dispatch_floating(g.dtype(), [&](auto zero) {
      using T = decltype(zero);
      kernels::ntm_read_backward(n, dy.data<T>(), x[0].data<T>(), x[1].data<T>(), d[0].data<T>(), d[1].data<T>());
    });
    return d;
  });
}

}  // namespace fovea
