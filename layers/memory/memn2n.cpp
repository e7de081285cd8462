#include <fovea/autograd/check.h>
#include <fovea/layers/check.h>
#include <fovea/layers/memory/memn2n.h>

namespace fovea {

MemN2N::MemN2N(const MemN2NOptions& o, Generator& generator) : linear_start_(scalar(0)), o_(o) {
  check_sizes("MemN2N", {{"vocabulary", o.vocabulary}, {"embed_dim", o.embed_dim}});
  check_sizes("MemN2N", {{"hops", o.hops}, {"memory_size", o.memory_size}});
  const auto table = [&](int64_t rows) {
    return Parameter(pad(normal({rows - 1, o.embed_dim}, 0, 0.1, generator), {0, 0, 1, 0}));
  };
  const auto tie = [&](std::vector<Parameter>& in, std::vector<Parameter>& out, int64_t rows) {
    for (size_t k = 0; k < static_cast<size_t>(o.hops); ++k) {
      in.push_back(k == 0 ? table(rows) : o.layer_wise ? in[0].share() : out[k - 1].share());
      out.push_back(k == 0 || !o.layer_wise ? table(rows) : out[0].share());
    }
  };
  tie(A, C, o.vocabulary);
  tie(T_A, T_C, o.memory_size + 1);
  B = o.layer_wise ? table(o.vocabulary) : A[0].share();
  W = o.layer_wise ? table(o.vocabulary) : C.back().share();
  if (o.layer_wise) H = Parameter(normal({o.embed_dim, o.embed_dim}, 0, 0.1, generator));
}

MemN2N::Bags MemN2N::bags(const Tensor& words, const Tensor& times) const {
  const Tensor x = flatten(words, 0, -2);  // [S, L]
  check::ids_below("MemN2N", x, o_.vocabulary);
  const DType dtype = B->dtype();
  std::vector<Tensor> ids{x};
  const auto behind = [](const Tensor& own, int64_t rows) {  // nil stays 0
    return (own + static_cast<double>(rows)) * to(ne(own, 0), i64);
  };
  if (o_.position_encoding) ids.push_back(behind(x, o_.vocabulary));
  if (times.defined()) {
    const Tensor i = clamp(reshape(times, {-1, 1}), 0, static_cast<double>(o_.memory_size));
    ids.push_back(behind(i, o_.vocabulary * static_cast<int64_t>(ids.size())));
  }
  Bags made{cat(ids, 1), {}, words.shape()};
  if (o_.position_encoding) {  // 1 and 1 - 2j/J, a row for each J: chosen by the words that are not nil
    const int64_t L = x.size(1);
    const Tensor J = clamp(arange(0, L + 1, 1, dtype), 1, static_cast<double>(L)), j = arange(1, L + 1, 1, dtype);
    const Tensor one = ones({L + 1, L}, dtype),
                 rows = cat({one, 1.0 - 2.0 * j / unsqueeze(J, 1), slice(one, 1, 0, 1)}, 1);
    made.weights = index_select(slice(rows, 1, 0, made.ids.size(1)), 0, sum(ne(x, 0), 1));
  }
  made.shape[words.dim() - 1] = o_.embed_dim;
  return made;
}

Tensor MemN2N::counted(const Tensor& story, const Tensor& mask) {
  const Tensor kept = to(mask.defined() ? mask : any(ne(story, 0), 2), i64);
  return flip(cumsum(flip(kept, 1), 1), 1) * kept;
}

void MemN2N::check(const Tensor& story, const Tensor& question, const Tensor& mask, const Tensor& times) const {
  const auto fits = [](const Tensor& x, const Shape& shape) { return !x.defined() || x.shape() == shape; };
  const bool given = story.defined() && question.defined() && story.dim() == 3 && story.size(2) > 0;
  if (!given || !fits(question, {story.size(0), story.size(2)}) || !fits(mask, {story.size(0), story.size(1)}) ||
      !fits(times, {story.size(0), story.size(1)}))
    throw ShapeError(place(*this, "MemN2N") + ": story " + describe(story) + ", question " + describe(question) +
                     ", mask " + describe(mask) + ", times " + describe(times) +
                     "; need story[B, N, L], question[B, L], mask[B, N], times[B, N], L >= 1");
}

}  // namespace fovea
