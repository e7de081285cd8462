// u8 and i32: what a type that only stores can do, and that anything else says how to convert.
#include <fovea/autograd/op_spec.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/core/checkpoint.h>
#include <tests/catch.h>
#include <tests/core/files.h>

#include <functional>
#include <set>

using namespace fovea;
using test::contains;

namespace {

Tensor image() { return from(std::vector<uint8_t>{0, 1, 2, 253, 254, 255}, {2, 3}); }
Tensor ids() { return from(std::vector<int32_t>{INT32_MIN, -1, 0, INT32_MAX}, {4}); }

}  // namespace

TEST_CASE("storage types: made, filled, read, written and printed", "[storage]") {
  for (const DType dtype : {u8, i32}) {
    Tensor x = full({2, 2}, 7, dtype);
    CHECK(x.dtype() == dtype);
    CHECK(item_size(dtype) == (dtype == u8 ? 1 : 4));
    x.set({0, 1}, 9);
    CHECK(x.at<int64_t>({0, 1}) == 9);
    CHECK(describe(x) == std::string(dtype == u8 ? "u8[2, 2]" : "i32[2, 2]"));
    CHECK(to_string(x).find("[7, 9]") != std::string::npos);
    CHECK(zeros({3}, dtype).fill_(3).at({2}) == 3);
    CHECK(ones_like(x).at({1, 1}) == 1);
    CHECK_THROWS_AS(x.data<float>(), DTypeError);
    CHECK_THROWS_AS(x.requires_grad_(), DTypeError);
  }
  CHECK(image().at({1, 2}) == 255);
  CHECK(ids().at<int64_t>({0}) == INT32_MIN);
  Tensor x = image();
  CHECK_THROWS_WITH(x.fill_(256), contains("fill_: 256 is no whole number that u8 holds"));
  CHECK_THROWS_WITH(x.set({0, 0}, -1), contains("u8"));
  CHECK_THROWS_WITH(x.fill_(0.5), contains("u8"));
  CHECK_THROWS_WITH(full({1}, 0x1p31, i32), contains("i32"));
  CHECK(full({1}, -0x1p31, i32).item<int64_t>() == INT32_MIN);
}

TEST_CASE("storage types: converted both ways, within the range", "[storage]") {
  for (const DType dtype : {f32, f64, i64, i32}) CHECK(equal(to(to(image(), dtype), u8), image()));
  for (const DType dtype : {f64, i64}) CHECK(equal(to(to(ids(), dtype), i32), ids()));
  CHECK(equal(to(image(), boolean), tensor({false, true, true, true, true, true}, {2, 3})));
  CHECK(equal(to(tensor({true, false}), u8), from(std::vector<uint8_t>{1, 0}, {2})));
  CHECK(equal(to(tensor({255.9, -0.9}), u8), from(std::vector<uint8_t>{255, 0}, {2})));
  CHECK(equal(to(transpose(image(), 0, 1), f64), transpose(to(image(), f64), 0, 1)));
  for (const double beyond : {256.0, -1.0, static_cast<double>(NAN), static_cast<double>(INFINITY)})
    CHECK_THROWS_WITH(to(scalar(beyond, f64), u8), contains("beyond u8"));
  CHECK_THROWS_WITH(to(ids(), u8), contains("beyond u8"));
  CHECK_THROWS_WITH(to(tensor<int64_t>({int64_t{1} << 31}), i32), contains("beyond i32"));
  CHECK(to(scalar(-2147483648.9, f64), i32).item<int64_t>() == INT32_MIN);
  CHECK_THROWS_WITH(to(scalar(-2147483649.0, f64), i32), contains("beyond i32"));
  Tensor target = zeros({2, 3}, f32);
  target.copy_(image());
  CHECK(equal(target, to(image(), f32)));
  CHECK_THROWS_AS(image().copy_(full({2, 3}, 300, f32)), ValueError);
}

TEST_CASE("storage types: moved as they are", "[storage]") {
  const Tensor x = image();
  CHECK(equal(cat({x, x}, 0), to(cat({to(x, i64), to(x, i64)}, 0), u8)));
  CHECK(equal(index_select(x, 0, tensor<int64_t>({1, 0})), to(flip(to(x, i64), 0), u8)));
  CHECK(equal(gather(ids(), 0, tensor<int64_t>({3})), from(std::vector<int32_t>{INT32_MAX}, {1})));
  CHECK(equal(where(tensor({true, false, true}), x, zeros_like(x)), to(to(x, i64) * tensor<int64_t>({1, 0, 1}), u8)));
  CHECK(equal(reshape(transpose(x, 0, 1), {6}), from(std::vector<uint8_t>{0, 253, 1, 254, 2, 255}, {6})));
  CHECK(!equal(x, to(x, i32)));
}

TEST_CASE("storage types: saved and loaded, also in a checkpoint", "[storage]") {
  const test::Folder folder;
  save_checkpoint(folder.file("x"), {{"image", image()}, {"ids", ids()}});
  const SafetensorsFile file = load_checkpoint(folder.file("x"));
  CHECK(test::identical(file.tensors[0].second, image()));
  CHECK(test::identical(file.tensors[1].second, ids()));
}

TEST_CASE("storage types: arithmetic names the op and how to convert", "[storage]") {
  using Call = std::function<void(const Tensor&)>;
  const std::pair<const char*, Call> calls[] = {
      {"add", [](const Tensor& x) { add(x, x); }},
      {"mul", [](const Tensor& x) { mul(x, x); }},
      {"neg", [](const Tensor& x) { neg(x); }},
      {"exp", [](const Tensor& x) { exp(x); }},
      {"sum", [](const Tensor& x) { sum(x); }},
      {"mean", [](const Tensor& x) { mean(x); }},
      {"max", [](const Tensor& x) { max(x); }},
      {"cumsum", [](const Tensor& x) { cumsum(x, 0); }},
      {"argmax", [](const Tensor& x) { argmax(x, 0); }},
      {"argmin", [](const Tensor& x) { argmin(x, 0); }},
      {"sort", [](const Tensor& x) { sort(x, 0); }},
      {"argsort", [](const Tensor& x) { argsort(x, 0); }},
      {"topk", [](const Tensor& x) { topk(x, 1, 0); }},
      {"eq", [](const Tensor& x) { eq(x, x); }},
      {"lt", [](const Tensor& x) { lt(x, x); }},
      {"isfinite", [](const Tensor& x) { isfinite(x); }},
      {"allclose", [](const Tensor& x) { allclose(x, x); }},
      {"floor_divide", [](const Tensor& x) { floor_divide(x, x); }},
      {"masked_fill", [](const Tensor& x) { masked_fill(x, ones({1}, boolean), 0); }},
      {"scatter_add", [](const Tensor& x) { scatter_add(x, 0, zeros({1}, i64), x); }},
      {"matmul", [](const Tensor& x) { matmul(x, x); }},
      {"softmax", [](const Tensor& x) { softmax(x, 0); }},
      {"gather: index", [](const Tensor& x) { gather(ones({4}), 0, x); }},
      {"embedding",
       [](const Tensor& x) {
         embedding(ones({4, 2}), x);
       }},
      {"one_hot", [](const Tensor& x) { one_hot(x, 4); }},
      {"add_", [](Tensor x) { x.add_(x); }},
      {"mul_", [](Tensor x) { x.mul_(2); }},
      {"arange", [](const Tensor& x) { arange(0, 3, 1, x.dtype()); }},
      {"bernoulli", [](const Tensor& x) { bernoulli({2}, 0.5, default_generator(), x.dtype()); }},
      {"uniform", [](const Tensor& x) { uniform({2}, 0, 1, default_generator(), x.dtype()); }},
  };
  for (const DType dtype : {u8, i32})
    for (const auto& [name, call] : calls) {
      INFO(name << " of " << name_of(dtype));
      CHECK_THROWS_AS(call(ones({4}, dtype)), DTypeError);
      CHECK_THROWS_WITH(call(ones({4}, dtype)), contains(name) && contains(std::string(name_of(dtype))));
    }
}

TEST_CASE("storage types: whatever has a spec refuses them, but for what moves elements", "[storage][specs]") {
  const std::set<std::string> movers = {"alias",
                                        "cat",
                                        "chunk",
                                        "clone",
                                        "contiguous",
                                        "embedding",
                                        "expand",
                                        "flatten",
                                        "flip",
                                        "gather",
                                        "index_select",
                                        "masked_select",
                                        "pad",
                                        "permute",
                                        "repeat",
                                        "repeat_interleave",
                                        "reshape",
                                        "roll",
                                        "scatter",
                                        "select",
                                        "select_scatter",
                                        "slice",
                                        "slice_scatter",
                                        "split",
                                        "squeeze",
                                        "stack",
                                        "t",
                                        "to",
                                        "transpose",
                                        "unbind",
                                        "unfold",
                                        "unsqueeze",
                                        "where"};
  for (const OpSpec& spec : op_specs()) {
    if (movers.contains(spec.name)) continue;
    SampleMaker make(11);
    for (const OpSample& sample : spec.samples(make)) {
      std::vector<Tensor> inputs;
      bool any = false;
      for (const Tensor& x : sample.inputs) {
        const bool number = x.defined() && x.dtype() == f64;
        any = any || number;
        inputs.push_back(number ? to(clamp(abs(x), 0, 255), u8) : x);
      }
      INFO(spec.name << ", sample " << sample.label);
      if (any) CHECK_THROWS_AS(sample.call(inputs), Error);
    }
  }
}
