// Every layer keeps the contract; a layer that breaks it is found out.
#include <fovea/core/array.h>
#include <fovea/layers/dropout.h>
#include <fovea/layers/embedding.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/norm.h>
#include <fovea/layers/recurrent/recurrent.h>
#include <fovea/layers/sequential.h>
#include <tests/layers/contract.h>
#include <tests/layers/random_input.h>

#include <limits>

using namespace fovea;
using namespace fovea::test;

namespace {

using List = std::vector<Tensor>;

// A layer of one input and one output.
template <class M>
Contract<M> simple(std::function<M(Generator&)> make, const Tensor& x) {
  return {std::move(make), [](const M& module, const List& in) { return List{module(in[0])}; }, {x}, {}};
}

template <class Cell>
Contract<Cell> cell_contract() {
  return {[](Generator& g) {
            return Cell({3, 4}, g);
          },
          [](const Cell& cell, const List& in) {
            const RecurrentOutput first = cell(in[0], {in[1], in[2]}), second = cell(in[0], first.state);
            return List{first.output, second.output};
          },
          {random_input({2, 3}), random_input({2, 4}), random_input({2, 4})},
          {}};
}

// x, lengths and initial states; the masked inputs hold NaN behind the lengths.
Contract<Recurrent> sequence_contract(const std::string& kind, const RecurrentOptions& options) {
  const int64_t states = options.layers * (options.bidirectional ? 2 : 1);
  const Tensor lengths = tensor<int64_t>({2, 4, 0}), x = random_input({3, 4, options.input_size});
  const Tensor non_finite = array::clone(x);
  array::slice(array::select(non_finite, 0, 0), 0, 2, 4).fill_(std::numeric_limits<double>::quiet_NaN());
  array::select(non_finite, 0, 2).fill_(7);
  const Tensor h = random_input({states, 3, options.hidden_size}), c = random_input({states, 3, options.hidden_size});
  return {[=](Generator& g) { return Recurrent(kind, options, g); },
          [kind](const Recurrent& module, const List& in) {
            const bool has_cell = kind == "lstm";
            const RecurrentOutput y = module(in[0], {in[2], has_cell ? in[3] : Tensor()}, in[1]);
            return has_cell ? List{y.output, y.state.hidden, y.state.cell} : List{y.output, y.state.hidden};
          },
          {x, lengths, h, c},
          {non_finite, lengths, h, c}};
}

}  // namespace

TEST_CASE("the simple layers keep the contract", "[layers][contract]") {
  require_contract(simple<Linear>([](Generator& g) { return Linear(3, 2, true, g); }, random_input({4, 3})));
  require_contract(simple<Linear>([](Generator& g) { return Linear(3, 2, false, g); }, random_input({2, 2, 3})));
  require_contract(simple<LayerNorm>([](Generator&) { return LayerNorm(5); }, random_input({3, 5})));
  require_contract(simple<RMSNorm>([](Generator&) { return RMSNorm(5); }, random_input({3, 5})));
  require_contract(simple<GroupNorm>([](Generator&) { return GroupNorm(2, 4); }, random_input({3, 4, 2})));
  require_contract(simple<Dropout>([](Generator&) { return Dropout(0.5); }, random_input({3, 5})));
  require_contract(
      simple<Embedding>([](Generator& g) { return Embedding(6, 3, -1, g); }, tensor<int64_t>({0, 5, 5, 2})));
  const auto make = [](Generator& g) {
    return Sequential(
        Linear(3, 4, true, g), [](const Tensor& x) { return tanh(x); }, LayerNorm(4), Linear(4, 1, true, g));
  };
  Generator generator(1);
  require_contract(simple<decltype(make(generator))>(make, random_input({2, 3})));
}

TEST_CASE("the recurrent cells keep the contract", "[layers][contract][recurrent]") {
  require_contract(cell_contract<RNNCell>());
  require_contract(cell_contract<LSTMCell>());
  require_contract(cell_contract<GRUCell>());
}

TEST_CASE("the recurrent layers keep the contract", "[layers][contract][recurrent]") {
  for (const std::string kind : {"rnn", "lstm", "gru"}) {
    require_contract(sequence_contract(kind, {.input_size = 3, .hidden_size = 4}));
    require_contract(sequence_contract(
        kind, {.input_size = 2, .hidden_size = 3, .layers = 2, .bidirectional = true, .dropout = 0.5}));
    require_contract(sequence_contract(kind, {.input_size = 2, .hidden_size = 3, .bias = false}));
  }
  require_contract(sequence_contract("gru", {.input_size = 3, .hidden_size = 4, .reset_before = true}));
  require_contract(sequence_contract("rnn", {.input_size = 3, .hidden_size = 4, .relu = true}));
}

namespace {

// One layer with a switch for each fault.
enum class Fault { none, unlisted, unused, remembers, looks_behind_the_mask };

class Faulty final : public Module {
 public:
  Faulty(Fault fault, Generator& generator)
      : fault_(fault), a_(uniform({3}, 1, 2, generator, f64)), b_(uniform({3}, 1, 2, generator, f64)) {}
  void members(Members& m) override {
    m("a", a_);
    if (fault_ != Fault::unlisted) m("b", b_);
  }
  Tensor operator()(const Tensor& x, const Tensor& mask) const {
    const Tensor seen = fault_ == Fault::looks_behind_the_mask ? x : masked_fill(x, logical_not(mask), 0);
    Tensor y = seen * a_;
    if (fault_ != Fault::unused) y = y + b_;
    if (fault_ == Fault::remembers) y = y + static_cast<double>(++calls_);
    return y;
  }

 private:
  Fault fault_;
  Parameter a_, b_;
  mutable int calls_ = 0;
};

std::string faults_of(Fault fault) {
  const Tensor x = random_input({2, 3}), mask = tensor({true, true, false});
  const Tensor other = array::clone(x);
  array::select(other, 1, 2).fill_(9);
  const Contract<Faulty> contract{[fault](Generator& g) { return Faulty(fault, g); },
                                  [](const Faulty& module, const List& in) { return List{module(in[0], in[1])}; },
                                  {x, mask},
                                  {other, mask}};
  std::string all;
  for (const std::string& text : contract_faults(contract)) all += text + "\n";
  return all;
}

}  // namespace

TEST_CASE("a layer that breaks the contract is found out", "[layers][contract]") {
  REQUIRE(faults_of(Fault::none).empty());
  REQUIRE_THAT(faults_of(Fault::unlisted), contains("reached but not listed"));
  REQUIRE_THAT(faults_of(Fault::unused), contains("b is listed but not reached"));
  REQUIRE_THAT(faults_of(Fault::remembers), contains("a second call gives other outputs"));
  REQUIRE_THAT(faults_of(Fault::looks_behind_the_mask), contains("changing masked inputs"));
}
