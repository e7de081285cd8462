// Modules: what is listed, tied, cloned, converted, saved and loaded; initial values.
#include <fovea/autograd/backward.h>
#include <fovea/core/array.h>
#include <fovea/layers/dropout.h>
#include <fovea/layers/embedding.h>
#include <fovea/layers/init.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/norm.h>
#include <fovea/layers/recurrent/recurrent.h>
#include <fovea/layers/sequential.h>
#include <tests/catch.h>

#include <cmath>
#include <cstdio>

using namespace fovea;
using namespace fovea::test;

namespace {

// A member of every kind.
class Everything final : public Module {
 public:
  Everything() : scale(ones({2})), steps(zeros({3}, i64)) {
    list.push_back(Linear(2, 2, false));
    list.push_back(Linear(2, 3));
    boxes.emplace_back(LayerNorm(3));
    owned = std::make_unique<Linear>(3, 1, false);
  }
  void members(Members& m) override {
    m("scale", scale)("steps", steps)("list", list)("maybe", maybe)("boxes", boxes)("owned", owned);
  }
  Parameter scale;
  Buffer steps;
  std::vector<Linear> list;
  std::optional<Dropout> maybe;
  std::vector<Box<Module>> boxes;
  std::unique_ptr<Linear> owned;
};

// Input and output embedding are one tensor.
class Tied final : public Module {
 public:
  Tied() : table(5, 3), output(3, 5, false) { output.weight = table.weight.share(); }
  void members(Members& m) override { m("table", table)("output", output); }
  Embedding table;
  Linear output;
};

std::vector<std::string> names_of(const NamedTensors& list) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : list) names.push_back(name);
  return names;
}

struct File {
  std::string path = std::string(P_tmpdir) + "/fovea_module_test.safetensors";
  ~File() { std::remove(path.c_str()); }
};

}  // namespace

TEST_CASE("members of every kind are listed by dotted name, in order", "[module]") {
  Everything all;
  REQUIRE(names_of(named_parameters(all)) == std::vector<std::string>{"scale", "list.0.weight", "list.1.weight",
                                                                      "list.1.bias", "boxes.0.weight", "boxes.0.bias",
                                                                      "owned.weight"});
  REQUIRE(names_of(named_buffers(all)) == std::vector<std::string>{"steps"});
  REQUIRE(parameter_count(all) == 2 + 4 + 6 + 3 + 3 + 3 + 3);
  REQUIRE(state(all).size() == 8);
  const std::string text = summary(all);
  for (const char* part : {"list.1.bias", "f32[3]", "steps", "buffer", "24"}) REQUIRE_THAT(text, contains(part));
}

TEST_CASE("mode and paths reach every module", "[module]") {
  Everything all;
  all.maybe.emplace(0.5);
  all.eval();
  REQUIRE(!all.training());
  REQUIRE(!all.maybe->training());
  REQUIRE(!all.list[1].training());
  REQUIRE(!all.boxes[0]->training());
  all.train();
  REQUIRE(all.maybe->training());
  name_paths(all, "model");
  REQUIRE(all.path() == "model");
  REQUIRE(all.list[1].path() == "model.list.1");
  REQUIRE(all.owned->path() == "model.owned");
}

TEST_CASE("a tied parameter is one tensor everywhere", "[module]") {
  Tied model;
  REQUIRE(names_of(named_parameters(model)) == std::vector<std::string>{"table.weight"});
  REQUIRE(parameter_count(model) == 15);
  const Tensor loss = sum(model.output(model.table(tensor<int64_t>({1, 2}))));
  loss.backward();
  REQUIRE(model.output.weight->grad().defined());
  Tied copy = [&] { return clone(model); }();
  REQUIRE(copy.table.weight->is_same(copy.output.weight));
  REQUIRE(!copy.table.weight->shares_storage(model.table.weight));
  REQUIRE(!copy.table.weight->grad().defined());
  to(copy, f64);
  REQUIRE(copy.table.weight->is_same(copy.output.weight));
  REQUIRE(copy.table.weight->dtype() == f64);
  REQUIRE(copy.table.weight->requires_grad());
}

TEST_CASE("a module is copied by clone alone", "[module]") {
  const Linear linear(2, 2);
  REQUIRE_THROWS_WITH(Linear(linear), contains("use clone(module)"));
  const Linear copy = clone(linear);
  REQUIRE(equal(copy.weight, linear.weight));
  Linear moved = clone(copy);
  const Tensor handle = moved.weight;
  const Linear target = std::move(moved);
  REQUIRE(target.weight->is_same(handle));
  std::vector<Linear> list;
  for (int i = 0; i < 9; ++i) list.emplace_back(1, 1);  // growing moves
  std::vector<Box<Module>> boxes;
  boxes.emplace_back(Linear(2, 3));
  REQUIRE_THROWS_AS(std::vector<Box<Module>>(boxes), Error);
}

TEST_CASE("a parameter owns its elements, and conversions keep what is frozen", "[module]") {
  Tensor initial = ones({2});
  const Parameter parameter(initial);
  initial.fill_(5);
  REQUIRE(parameter->at({0}) == 1);
  REQUIRE(parameter->requires_grad());
  Linear linear(2, 1);
  Tensor(linear.bias.tensor()).requires_grad_(false);
  REQUIRE_THAT(summary(linear), contains("frozen"));
  to(linear, f64);
  REQUIRE(!linear.bias->requires_grad());
  REQUIRE(linear.weight->requires_grad());
  REQUIRE(!clone(linear).bias->requires_grad());
  REQUIRE_THROWS_AS(to(linear, i64), DTypeError);
}

TEST_CASE("zero_grad drops gradients", "[module]") {
  Linear linear(2, 1);
  sum(linear(ones({1, 2}))).backward();
  REQUIRE(linear.weight->grad().defined());
  zero_grad(linear);
  REQUIRE(!linear.weight->grad().defined());
}

TEST_CASE("a file holds parameters and buffers by name", "[module]") {
  const File file;
  Everything first, second;
  first.steps.tensor().detach().fill_(4);
  save(first, file.path);
  load(second, file.path);
  const NamedTensors a = state(first), b = state(second);
  REQUIRE(names_of(a) == names_of(b));
  for (size_t i = 0; i < a.size(); ++i) REQUIRE(equal(a[i].second, b[i].second));
  REQUIRE(second.scale->requires_grad());
  REQUIRE_THROWS_AS(load(second, file.path + ".none"), FileError);
}

TEST_CASE("loading names all that does not fit, and changes nothing", "[module]") {
  Linear linear(2, 3);
  const Tensor before = array::clone(linear.weight.tensor().detach());
  const auto message = [&](const NamedTensors& values) -> std::string {
    try {
      load_state(linear, values, "a.safetensors");
    } catch (const FileError& error) {
      REQUIRE(equal(linear.weight.tensor().detach(), before));
      return error.what();
    }
    return "nothing was thrown";
  };
  const std::string all = message({{"weight", ones({3, 3})}, {"other", ones({1})}});
  for (const char* part :
       {"a.safetensors", "bias is missing", "other is unexpected", "weight is f32[3, 3], the module's is f32[3, 2]"})
    REQUIRE_THAT(all, contains(part));
  REQUIRE_THAT(message({{"weight", ones({3, 2})}, {"bias", ones({3}, f64)}}),
               contains("bias is f64[3], the module's is f32[3]"));
  REQUIRE_THAT(message({{"weight", ones({3, 2})}, {"bias", ones({3})}, {"bias", ones({3})}}),
               contains("bias appears twice"));
  REQUIRE_THAT(message({{"weight", Tensor()}, {"bias", ones({3})}}), contains("weight is undefined"));
}

TEST_CASE("two members of one name are refused by whatever lists them", "[module]") {
  struct Parameters final : Module {
    Parameter a{ones({1})}, b{ones({1})};
    void members(Members& m) override { m("scale", a)("scale", b); }
  };
  struct Layers final : Module {
    Linear a{1, 1}, b{1, 1};
    void members(Members& m) override { m("layer", a)("layer", b); }
  };
  REQUIRE_THROWS_WITH(parameters(Parameters()), contains("two members are named \"scale\""));
  REQUIRE_THROWS_WITH(state(Layers()), contains("two members are named \"layer\""));
  REQUIRE_THROWS_AS(summary(Layers()), ValueError);
}

TEST_CASE("layers start as PyTorch's do", "[module][init]") {
  Generator generator(4);
  const auto largest = [](const Tensor& x) { return max(abs(x.detach())).item(); };
  const Linear linear(16, 400, true, generator);
  REQUIRE(largest(linear.weight) <= 0.25);
  REQUIRE(largest(linear.weight) > 0.249);
  REQUIRE(largest(linear.bias) <= 0.25);
  const LSTM lstm({.input_size = 3, .hidden_size = 16, .forget_bias = 1}, generator);
  for (const auto& [name, tensor] : named_parameters(lstm)) {
    const bool shifted = name == "bias_ih_l0";
    REQUIRE(largest(tensor) <= (shifted ? 1.25 : 0.25));
  }
  const Tensor bias = named_parameters(lstm)[2].second;
  REQUIRE(min(slice(bias, 0, 16, 32)).item() >= 0.75);
  REQUIRE(largest(slice(bias, 0, 0, 16)) <= 0.25);
  const Embedding table(1000, 8, 3, generator);
  REQUIRE(var(table.weight.tensor().detach()).item() == Approx(1).epsilon(0.1));
  REQUIRE(largest(select(table.weight, 0, 3)) == 0);
  REQUIRE(equal(Linear(2, 2, true, *std::make_unique<Generator>(9)).weight,
                Linear(2, 2, true, *std::make_unique<Generator>(9)).weight));
}

TEST_CASE("initial values have the scale their papers give", "[init]") {
  Generator generator(5);
  const Shape shape{300, 200};
  const auto variance = [](const Tensor& x) { return var(x).item(); };
  REQUIRE(variance(init::xavier_uniform(shape, generator)) == Approx(2.0 / 500).epsilon(0.05));
  REQUIRE(variance(init::xavier_normal(shape, generator, 2)) == Approx(8.0 / 500).epsilon(0.05));
  REQUIRE(variance(init::kaiming_uniform(shape, generator)) == Approx(2.0 / 200).epsilon(0.05));
  REQUIRE(variance(init::kaiming_normal(shape, generator, 1)) == Approx(1.0 / 200).epsilon(0.05));
  REQUIRE(variance(init::kaiming_normal({50, 4, 3, 3}, generator, 1)) == Approx(1.0 / 36).epsilon(0.1));
  for (const Shape& matrix : {Shape{5, 12}, Shape{12, 5}}) {
    const Tensor q = init::orthogonal(matrix, generator, 2), t = transpose(q, 0, 1);
    REQUIRE(allclose(matrix[0] < matrix[1] ? matmul(q, t) : matmul(t, q), mul(eye(5), 4), 1e-5, 1e-5));
  }
  REQUIRE_THROWS_WITH(init::xavier_uniform({3}, generator), contains("xavier_uniform"));
  REQUIRE_THROWS_AS(init::orthogonal({3}, generator), ShapeError);
}

TEST_CASE("dropout acts in training alone, and takes its numbers from the generator", "[layers]") {
  Dropout half(0.5);
  Generator a(1), b(1);
  const Tensor x = ones({100});
  REQUIRE(equal(half(x, a), half(x, b)));
  REQUIRE(!equal(half(x, a), x));
  half.eval();
  REQUIRE(half(x).is_same(x));
}

TEST_CASE("sizes and options outside their range", "[layers]") {
  REQUIRE_THROWS_AS(Linear(0, 2), ValueError);
  REQUIRE_THROWS_AS(LayerNorm(0), ValueError);
  REQUIRE_THROWS_AS(LayerNorm(2, 0), ValueError);
  REQUIRE_THROWS_AS(RMSNorm(0), ValueError);
  REQUIRE_THROWS_AS(RMSNorm(2, -1), ValueError);
  REQUIRE_THROWS_AS(GroupNorm(2, 3), ValueError);
  REQUIRE_THROWS_AS(GroupNorm(0, 3), ValueError);
  REQUIRE_THROWS_AS(GroupNorm(1, 3, 0), ValueError);
  REQUIRE_THROWS_AS(Embedding(0, 2), ValueError);
  REQUIRE_THROWS_AS(Embedding(3, 2, 3), IndexError);
  REQUIRE_THROWS_AS(Dropout(1.5), ValueError);
  REQUIRE_THROWS_AS(LSTMCell({2, 0}), ValueError);
  REQUIRE_THROWS_AS(GRU({.input_size = 2, .hidden_size = 2, .dropout = 1}), ValueError);
  REQUIRE_THROWS_AS(Linear(3, 2)(ones({2, 4})), ShapeError);
  REQUIRE_THROWS_AS(Embedding(3, 2)(tensor<int64_t>({3})), IndexError);
}
