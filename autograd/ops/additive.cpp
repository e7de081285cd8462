// additive_score   e_ij = v . tanh(q_i + k_j)      Bahdanau, Cho, Bengio 2014, arXiv 1409.0473
// Shapes: query [B, Tq, A], keys [B, Tk, A], v [A] -> [B, Tq, Tk]. Backward works tanh out again instead of keeping it.
// Errors: ShapeError for other ranks or sizes; DTypeError.
#include <fmt/format.h>
#include <fovea/autograd/attention.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/plain.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/additive.h>

namespace fovea {
namespace {

using Three = std::array<Tensor, 3>;

// The formula.
Tensor plain_score(const Tensor& query, const Tensor& keys, const Tensor& v) {
  const Tensor sums = unsqueeze(query, 2) + unsqueeze(keys, 1);  // [B, Tq, Tk, A]
  return matmul(tanh(sums), v);                                  // [B, Tq, Tk]
}

kernels::AdditiveSizes checked(const Tensor& query, const Tensor& keys, const Tensor& v) {
  check::floating("additive_score", query);
  check::same_dtype("additive_score", query, keys);
  check::same_dtype("additive_score", query, v);
  if (query.dim() != 3 || keys.dim() != 3 || v.dim() != 1 || query.size(0) != keys.size(0) ||
      query.size(2) != v.size(0) || keys.size(2) != v.size(0) || v.size(0) < 1)
    throw ShapeError(
        fmt::format("additive_score: query is {}, keys {}, v {}; need query[B, Tq, A], keys[B, Tk, A], v[A], A >= 1",
                    describe(query), describe(keys), describe(v)));
  return {query.size(0), query.size(1), keys.size(1), v.size(0)};
}

Three fused_backward(const kernels::AdditiveSizes& n, const Tensor& g, const Three& x) {
  const Three in{array::contiguous(x[0]), array::contiguous(x[1]), array::contiguous(x[2])};
  const Tensor from = array::contiguous(g), parts = empty({n.batch, n.width}, g.dtype());
  Three d{empty_like(in[0]), empty_like(in[1]), empty_like(in[2])};
  dispatch_floating(g.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::additive_score_backward(n, from.data<T>(), in[0].data<T>(), in[1].data<T>(), in[2].data<T>(),
                                     parts.data<T>(), d[0].data<T>(), d[1].data<T>(), d[2].data<T>());
  });
  return d;
}

}  // namespace

Tensor additive_score(const Tensor& query, const Tensor& keys, const Tensor& v) {
  const kernels::AdditiveSizes n = checked(query, keys, v);
  if (reference_mode()) return plain_score(query, keys, v);
  const Tensor q = array::contiguous(query), k = array::contiguous(keys), w = array::contiguous(v);
  Tensor scores = empty({n.batch, n.queries, n.keys}, query.dtype());
  dispatch_floating(scores.dtype(), [&](auto zero) {
    using T = decltype(zero);
    kernels::additive_score(n, q.data<T>(), k.data<T>(), w.data<T>(), scores.data<T>());
  });
  return record("additive_score", {query, keys, v}, scores,
                [n, q0 = saved(query), k0 = saved(keys), v0 = saved(v)](const Tensor& g) {
                  const Three x{q0.get(), k0.get(), v0.get()};
                  return grad_enabled() ? plain_vjp(plain_score, x, g) : fused_backward(n, g, x);
                });
}

namespace {

std::vector<OpSample> additive_samples(SampleMaker& make) {
  const SampleCall call = [](const std::vector<Tensor>& x) { return additive_score(x[0], x[1], x[2]); };
  std::vector<OpSample> samples;
  const auto sizes = [&](std::string label, int64_t B, int64_t Tq, int64_t Tk, int64_t A) {
    samples.push_back({std::move(label),
                       {make.uniform({B, Tq, A}, -1, 1), make.uniform({B, Tk, A}, -1, 1), make.uniform({A}, -1, 1)},
                       call});
  };
  sizes("one query", 2, 1, 3, 4);
  sizes("several queries", 2, 3, 2, 3);
  sizes("one of each", 1, 1, 1, 1);
  sizes("a whole vector wide", 1, 2, 2, 16);
  sizes("past a vector", 1, 1, 2, 21);
  sizes("no keys", 2, 1, 0, 3);
  sizes("no queries", 2, 0, 2, 3);
  sizes("no batch", 0, 1, 2, 3);
  samples.push_back({"queries that are the keys",
                     {make.uniform({1, 3, 2}, -1, 1), make.uniform({2}, -1, 1)},
                     [](const std::vector<Tensor>& x) { return additive_score(x[0], x[0], x[1]); }});
  samples.push_back({"a key that counts for nothing",
                     {make.uniform({1, 2, 3}, -1, 1), make.uniform({1, 3, 3}, -1, 1), make.uniform({3}, -1, 1)},
                     [](const std::vector<Tensor>& x) {
                       const Tensor kept = tensor({1.0, 0.0, 1.0});
                       return additive_score(x[0], x[1], x[2]) * to(kept, x[0].dtype());
                     }});
  return samples;
}

const OpSpec additive_score_spec = OpSpec::add({
    .name = "additive_score",
    .formula = "e_ij = v . tanh(q_i + k_j)",
    .samples = additive_samples,
    .invalid = {{"scalar", [] { additive_score(scalar(1), scalar(1), scalar(1)); }},
                {"4-D",
                 [] {
                   additive_score(ones({1, 2, 1, 3}), ones({1, 2, 2, 3}), ones({3}));
                 }},
                {"column broadcast",
                 [] {
                   additive_score(ones({2, 1, 3}), ones({2, 2, 1}), ones({3}));
                 }},
                {"rank",
                 [] {
                   additive_score(ones({2, 3}), ones({2, 2, 3}), ones({3}));
                 }},
                {"rank of the keys",
                 [] {
                   additive_score(ones({2, 2, 3}), ones({2, 3}), ones({3}));
                 }},
                {"width of the query",
                 [] {
                   additive_score(ones({2, 1, 4}), ones({2, 2, 3}), ones({3}));
                 }},
                {"no width",
                 [] {
                   additive_score(ones({2, 1, 0}), ones({2, 2, 0}), ones({0}));
                 }},
                {"batch",
                 [] {
                   additive_score(ones({1, 1, 3}), ones({2, 2, 3}), ones({3}));
                 }},
                {"width",
                 [] {
                   additive_score(ones({2, 1, 3}), ones({2, 2, 4}), ones({3}));
                 }},
                {"v",
                 [] {
                   additive_score(ones({2, 1, 3}), ones({2, 2, 3}), ones({1, 3}));
                 }},
                {"types",
                 [] {
                   additive_score(ones({2, 1, 3}), ones({2, 2, 3}), ones({3}, f64));
                 }},
                {"undefined",
                 [] {
                   additive_score(Tensor(), ones({2, 2, 3}), ones({3}));
                 }}},
});

}  // namespace
}  // namespace fovea
