// embedding_bag is linear in the table and in the weights, so three functions are closed under differentiation: it and
// its gradients by the table and by the weights. Each one's vjp is made of the other two.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/embedding_bag.h>
#include <fovea/autograd/ops.h>
#include <fovea/autograd/record.h>
#include <fovea/core/array.h>
#include <fovea/core/kernels/bag.h>

namespace fovea {
namespace {

using kernels::Bags;
using Pair = std::array<Tensor, 2>;

const void* raw(const Tensor& x) { return x.defined() ? x.raw() : nullptr; }
Tensor dense(const Tensor& x) { return x.defined() ? array::contiguous(x) : x; }

Tensor gradient_of_table(const Bags& n, const Tensor& g, const Tensor& ids, const Tensor& p);
Tensor gradient_of_weights(const Bags& n, const Tensor& g, const Tensor& ids, const Tensor& table);

Tensor sums(const Bags& n, const Tensor& table, const Tensor& ids, const Tensor& p) {
  Tensor y = empty({n.bags, n.width}, table.dtype());
  const Tensor rows = dense(table), weights = dense(p);
  kernels::bag_sums(table.dtype(), n, rows.raw(), ids.data<int64_t>(), raw(weights), y.raw());
  return record("embedding_bag", {table, p}, y,
                [n, table = saved(table), ids = saved(ids), p = saved(p)](const Tensor& g) {
                  return Pair{needs_grad(0) ? gradient_of_table(n, g, ids.get(), p.get()) : Tensor(),
                              needs_grad(1) ? gradient_of_weights(n, g, ids.get(), table.get()) : Tensor()};
                });
}

Tensor gradient_of_table(const Bags& n, const Tensor& g, const Tensor& ids, const Tensor& p) {
  Tensor y = empty({n.rows, n.width}, g.dtype());
  const Tensor given = dense(g), weights = dense(p);
  kernels::bag_table(g.dtype(), n, given.raw(), ids.data<int64_t>(), raw(weights), y.raw());
  return record("embedding_bag_table", {g, p}, y, [n, g = saved(g), ids = saved(ids), p = saved(p)](const Tensor& h) {
    return Pair{needs_grad(0) ? sums(n, h, ids.get(), p.get()) : Tensor(),
                needs_grad(1) ? gradient_of_weights(n, g.get(), ids.get(), h) : Tensor()};
  });
}

Tensor gradient_of_weights(const Bags& n, const Tensor& g, const Tensor& ids, const Tensor& table) {
  Tensor y = empty({n.bags, n.length}, g.dtype());
  const Tensor given = dense(g), rows = dense(table);
  kernels::bag_weights(g.dtype(), n, given.raw(), ids.data<int64_t>(), rows.raw(), y.raw());
  return record("embedding_bag_weights", {g, table}, y,
                [n, g = saved(g), ids = saved(ids), table = saved(table)](const Tensor& q) {
                  return Pair{needs_grad(0) ? sums(n, table.get(), ids.get(), q) : Tensor(),
                              needs_grad(1) ? gradient_of_table(n, g.get(), ids.get(), q) : Tensor()};
                });
}

void check_inputs(const Tensor& table, const Tensor& ids, const Tensor& p, int64_t padding_id) {
  check::floating("embedding_bag", table);
  check::dtype("embedding_bag", "ids", ids, i64);
  if (p.defined()) check::same_dtype("embedding_bag", table, p);
  if (table.dim() != 2 || ids.dim() != 2 || (p.defined() && p.shape() != ids.shape()))
    throw ShapeError(
        fmt::format("embedding_bag: table is {}, ids {}, per_sample_weights {}; need table[V, D], ids[S, L], "
                    "per_sample_weights[S, L]",
                    describe(table), describe(ids), describe(p)));
  if (padding_id < -1 || padding_id >= table.size(0))
    throw IndexError(
        fmt::format("embedding_bag: padding id {} is outside the table {}; -1 for none", padding_id, describe(table)));
  check::ids_below("embedding_bag", ids, table.size(0));
}

}  // namespace

Tensor embedding_bag(const Tensor& table, const Tensor& ids, const Tensor& p, int64_t padding_id) {
  check_inputs(table, ids, p, padding_id);
  const Bags n{
      .bags = ids.size(0), .length = ids.size(1), .rows = table.size(0), .width = table.size(1), .skip = padding_id};
  checked_numel("embedding_bag", {n.bags, n.width});
  return sums(n, table, array::contiguous(ids), p);
}

}  // namespace fovea
