// The op spec of einsum.cpp.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>

namespace fovea {
namespace {

using Inputs = std::vector<Tensor>;

struct Case {
  const char* equation;
  std::vector<Shape> shapes;
};

const Case kCases[] = {
    {"i,i->", {{5}, {5}}},
    {"i,j", {{3}, {4}}},
    {"ij->ji", {{3, 4}}},
    {"ij", {{1, 4}}},
    {"ba", {{3, 4}}},
    {"ij->", {{3, 4}}},
    {"ii", {{4, 4}}},
    {"ii->i", {{4, 4}}},
    {"iji->ji", {{3, 2, 3}}},
    {"iii->i", {{3, 3, 3}}},
    {"ij,jk->ik", {{3, 4}, {4, 2}}},
    {"ij, jk -> ki", {{3, 4}, {4, 2}}},
    {"ij,j->ij", {{3, 4}, {4}}},
    {"ij,ij->i", {{3, 4}, {3, 4}}},
    {"ij,ij->ij", {{3, 4}, {3, 1}}},
    {"bij,bjk->bik", {{2, 3, 4}, {2, 4, 2}}},
    {"bij,bkj->bik", {{2, 3, 4}, {1, 2, 4}}},
    {"bqhd,bkhd->bhqk", {{2, 3, 2, 4}, {2, 5, 2, 4}}},
    {"...ij,...jk->...ik", {{2, 1, 3, 4}, {5, 4, 2}}},
    {"...i,i", {{2, 3, 4}, {4}}},
    {"i...->...i", {{3, 2, 2}}},
    {"b...,b...->b", {{3, 2, 2}, {3, 2, 2}}},
    {"ij,jk,kl->il", {{2, 3}, {3, 4}, {4, 2}}},
    {"bn,anm,bm->ba", {{2, 3}, {4, 3, 5}, {2, 5}}},
    {"i,i,i->i", {{4}, {4}, {4}}},
    {",ij->ij", {{}, {2, 3}}},
    {"->", {{}}},
    {"ij,jk->ik", {{3, 0}, {0, 2}}},
    {"ij,jk->ik", {{0, 3}, {3, 2}}},
    {"ij,jk->ik", {{17, 16}, {16, 15}}},
    {"ij,k->j", {{3, 4}, {2}}},
};

InvalidCall invalid(const char* label, const char* equation, const std::vector<Shape>& shapes) {
  return {label, [=] {
            Inputs operands;
            for (const Shape& shape : shapes) operands.push_back(ones(shape));
            einsum(equation, operands);
          }};
}

const OpSpec einsum_spec = OpSpec::add({
    .name = "einsum",
    .formula = "y = sum over the letters that the output leaves out of the products of the operands",
    .samples =
        [](SampleMaker& make) {
          std::vector<OpSample> samples;
          for (const Case& one : kCases) {
            samples.push_back(
                {one.equation, {}, [equation = one.equation](const Inputs& x) { return einsum(equation, x); }});
            for (const Shape& shape : one.shapes) samples.back().inputs.push_back(make.uniform(shape, -2, 2));
          }
          return samples;
        },
    .invalid = {invalid("sizes", "ij,jk->ik", {{3, 4}, {5, 2}}),
                invalid("sizes of a diagonal", "ii->i", {{3, 4}}),
                invalid("rank", "ij->ji", {{3, 4, 5}}),
                invalid("rank with an ellipsis", "...ijk", {{3, 4}}),
                invalid("broadcast of an ellipsis", "...,...", {{3, 4}, {3}}),
                invalid("too few operands", "ij,jk->ik", {{3, 4}}),
                invalid("too many operands", "ij->ij", {{3, 4}, {3, 4}}),
                invalid("none", "", {}),
                invalid("unknown output", "ij->ik", {{3, 4}}),
                invalid("output twice", "ij->ii", {{3, 3}}),
                invalid("no letter", "i1->i", {{3, 4}}),
                invalid("two dots", "..i->i", {{3, 4}}),
                invalid("two ellipses", "...i...->i", {{3, 4}}),
                invalid("two arrows", "ij->i->j", {{3, 4}}),
                invalid("above rank 8", "abcde,fghij", {{1, 1, 1, 1, 1}, {1, 1, 1, 1, 1}}),
                {"types", [] { einsum("i,i", {ones({2}), ones({2}, f64)}); }},
                {"i64", [] { einsum("i->", {arange(3)}); }},
                {"undefined", [] { einsum("i->", {Tensor()}); }}},
});

}  // namespace
}  // namespace fovea
