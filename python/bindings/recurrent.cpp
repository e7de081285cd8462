// Cells by name, layers over sequences, and memories that are driven step by step: NTM, DNC, stack RNN, MemN2N, LSTMN.
#include <fovea/layers/attention/lstmn.h>
#include <fovea/layers/memory/dnc.h>
#include <fovea/layers/memory/memn2n.h>
#include <fovea/layers/memory/ntm.h>
#include <fovea/layers/memory/stack_rnn.h>
#include <fovea/layers/recurrent/min_gru.h>
#include <fovea/layers/recurrent/recurrent.h>

#include "module.h"

namespace fovea::python {
namespace {

// (output, state), whatever the state is.
template <class S>
nb::tuple stepped(Stepped<S> y) {
  return nb::make_tuple(known(std::move(y.output)), nb::cast(std::move(y.state)));
}

// For Box<Cell>: a cell of a type known only at run time.
class AnyCell final : public Module {
 public:
  explicit AnyCell(Box<Cell> cell) : cell_(std::move(cell)) {}
  void members(Members& m) override { cell_->members(m); }
  const Cell& operator*() const { return *cell_; }

 private:
  Box<Cell> cell_;
};

void bind_cells(nb::module_& m) {
  auto state = state_class<State>(m, "State", "What a recurrent layer carries: hidden, and the LSTM's cell.");
  state.def(
      "__init__",
      [](State* self, const Tensor* hidden, const Tensor* cell) {
        new (self) State{given(hidden), given(cell)};
      },
      "hidden"_a = none(), "cell"_a = none());
  m.def("cell_names", &cell_names, "The cells that go by name.");
  auto cell = layer<AnyCell>(m, "Cell", about("layers/recurrent/cell.h"));
  cell.def(
      "__init__",
      [](AnyCell* self, std::string_view name, int64_t input_size, int64_t hidden_size, bool bias, double forget_bias,
         bool reset_before, bool relu, Generator* g) {
        new (self)
            AnyCell(make_cell(name, {input_size, hidden_size, bias, forget_bias, reset_before, relu}, drawn_from(g)));
      },
      "name"_a, "input_size"_a, "hidden_size"_a, "bias"_a = true, "forget_bias"_a = 0, "reset_before"_a = false,
      "relu"_a = false, "generator"_a = none());
  cell.def(
      "initial_state", [](const AnyCell& self, int64_t batch) { return (*self).initial_state(batch); }, "batch"_a);
  callable(
      cell,
      [](const AnyCell& self, const Tensor& x, const State* s) {
        return stepped((*self)(x, s != nullptr ? *s : State()));
      },
      "x"_a, "state"_a = none(), "(output, state) of one step: x [B, I].");
}

template <class M>
nb::class_<M, Module> bind_sequence(nb::module_& m, const char* name, const char* text) {
  auto c = layer<M>(m, name, text);
  callable(
      c,
      [](const M& self, const Tensor& x, const State* s, const Tensor* lengths, Generator* g) {
        RecurrentOutput y;
        {
          const Released others(x);
          y = self(x, s != nullptr ? *s : State(), given(lengths), drawn_from(g));
        }
        return stepped(std::move(y));
      },
      "x"_a, "state"_a = none(), "lengths"_a = none(), "generator"_a = none(),
      "(output, state): x [B, T, I] -> output [B, T, D H].");
  return c;
}

template <class M>
void bind_named(nb::module_& m, const char* name) {
  bind_sequence<M>(m, name, about("layers/recurrent/recurrent.h"))
      .def(
          "__init__",
          [](M* self, int64_t input_size, int64_t hidden_size, int64_t layers, bool bidirectional, bool bias,
             double dropout, double forget_bias, bool reset_before, bool relu, Generator* g) {
            new (self)
                M({input_size, hidden_size, layers, bidirectional, bias, dropout, forget_bias, reset_before, relu},
                  drawn_from(g));
          },
          "input_size"_a, "hidden_size"_a, "layers"_a = 1, "bidirectional"_a = false, "bias"_a = true, "dropout"_a = 0,
          "forget_bias"_a = 0, "reset_before"_a = false, "relu"_a = false, "generator"_a = none());
}

void bind_layers_over_time(nb::module_& m) {
  bind_sequence<Recurrent>(m, "Recurrent", about("layers/recurrent/recurrent.h"))
      .def(
          "__init__",
          [](Recurrent* self, std::string_view cell, int64_t input_size, int64_t hidden_size, int64_t layers,
             bool bidirectional, bool bias, double dropout, double forget_bias, bool reset_before, bool relu,
             Generator* g) {
            new (self) Recurrent(
                cell, {input_size, hidden_size, layers, bidirectional, bias, dropout, forget_bias, reset_before, relu},
                drawn_from(g));
          },
          "cell"_a, "input_size"_a, "hidden_size"_a, "layers"_a = 1, "bidirectional"_a = false, "bias"_a = true,
          "dropout"_a = 0, "forget_bias"_a = 0, "reset_before"_a = false, "relu"_a = false, "generator"_a = none());
  bind_named<RNN>(m, "RNN");
  bind_named<LSTM>(m, "LSTM");
  bind_named<GRU>(m, "GRU");
}

// What a memory that is driven by the step has: its state, a step, a sequence, the states along it.
template <class M>
nb::class_<M, Module> bind_driven(nb::module_& m, const char* name, const char* state, const char* header) {
  state_class<typename M::State>(m, state, "State of the class of this name.");
  auto c = layer<M>(m, name, about(header));
  c.def(
      "initial_state", [](const M& self, int64_t batch) { return self.initial_state(batch); }, "batch"_a);
  c.def(
      "step", [](const M& self, const Tensor& x, const typename M::State& s) { return stepped(self.step(x, s)); },
      "x"_a, "state"_a, "(output, state) of one step, x [B, I].");
  return c;
}

template <class M>
void answers(nb::class_<M, Module>& c) {
  callable(
      c,
      [](const M& self, const Tensor& x, int64_t count) {
        const nb::gil_scoped_release others;
        return self(x, count);
      },
      "x"_a, "answers"_a = 0, "x [B, T, I] -> logits [B, T, O], or of the last `answers` steps alone.");
  c.def(
      "trace",
      [](const M& self, const Tensor& x, int64_t count) {
        std::vector<typename M::State> states;
        Tensor y = self(x, count, &states);
        return nb::make_tuple(y, nb::cast(std::move(states)));
      },
      "x"_a, "answers"_a = 0, "(logits, the state after each step).");
}

}  // namespace

void bind_recurrent(nb::module_& m) {
  bind_cells(m);
  bind_layers_over_time(m);
}

void bind_memory(nb::module_& m) {
  auto ntm = bind_driven<NeuralTuringMachine>(m, "NeuralTuringMachine", "NtmState", "layers/memory/ntm.h");
  ntm.def(
      "__init__",
      [](NeuralTuringMachine* self, int64_t input_size, int64_t output_size, std::string controller,
         int64_t hidden_size, int64_t slots, int64_t width, int64_t heads, int64_t shift, bool learned_memory,
         Generator* g) {
        new (self) NeuralTuringMachine(
            {input_size, output_size, controller, hidden_size, slots, width, heads, shift, learned_memory},
            drawn_from(g));
      },
      "input_size"_a, "output_size"_a, "controller"_a = "lstm", "hidden_size"_a = 100, "slots"_a = 128, "width"_a = 20,
      "heads"_a = 1, "shift"_a = 1, "learned_memory"_a = false, "generator"_a = none());
  answers(ntm);
  auto dnc =
      bind_driven<DifferentiableNeuralComputer>(m, "DifferentiableNeuralComputer", "DncState", "layers/memory/dnc.h");
  dnc.def(
      "__init__",
      [](DifferentiableNeuralComputer* self, int64_t input_size, int64_t output_size, std::string controller,
         int64_t hidden_size, int64_t slots, int64_t width, int64_t heads, Generator* g) {
        new (self) DifferentiableNeuralComputer({input_size, output_size, controller, hidden_size, slots, width, heads},
                                                drawn_from(g));
      },
      "input_size"_a, "output_size"_a, "controller"_a = "lstm", "hidden_size"_a = 64, "slots"_a = 16, "width"_a = 10,
      "heads"_a = 1, "generator"_a = none());
  answers(dnc);
  auto stack = bind_driven<StackRnn>(m, "StackRnn", "StackRnnState", "layers/memory/stack_rnn.h");
  stack.def(
      "__init__",
      [](StackRnn* self, int64_t input_size, int64_t hidden_size, int64_t stacks, int64_t capacity, int64_t read,
         bool no_op, bool list, bool recurrent, bool rounding, double noise, Generator* g) {
        new (self) StackRnn({input_size, hidden_size, stacks, capacity, read, no_op, list, recurrent, rounding, noise},
                            drawn_from(g));
      },
      "input_size"_a, "hidden_size"_a = 40, "stacks"_a = 10, "capacity"_a = 130, "read"_a = 2, "no_op"_a = true,
      "list"_a = false, "recurrent"_a = false, "rounding"_a = false, "noise"_a = 0, "generator"_a = none());
  callable(
      stack,
      [](const StackRnn& self, const Tensor& x, const StackRnn::State* s, Generator* g) {
        return stepped(self(x, s != nullptr ? *s : StackRnn::State(), drawn_from(g)));
      },
      "x"_a, "state"_a = none(), "generator"_a = none(), "(h [B, T, m], state).");
  auto lstmn = bind_driven<Lstmn>(m, "Lstmn", "LstmnState", "layers/attention/lstmn.h");
  lstmn.def(
      "__init__",
      [](Lstmn* self, int64_t input_size, int64_t hidden_size, Generator* g) {
        new (self) Lstmn(input_size, hidden_size, drawn_from(g));
      },
      "input_size"_a, "hidden_size"_a, "generator"_a = none());
  lstmn.def("input_gates", &Lstmn::input_gates, "x"_a, "What step takes, of one step or of all.");
  callable(
      lstmn,
      [](const Lstmn& self, const Tensor& x, const Tensor* lengths) {
        const Lstmn::Output y = self(x, given(lengths));
        return tuple_of(y.hidden, y.cell);
      },
      "x"_a, "lengths"_a = none(), "(h, c), each [B, T, H].");
  auto memn2n = layer<MemN2N>(m, "MemN2N", about("layers/memory/memn2n.h"));
  memn2n.def(
      "__init__",
      [](MemN2N* self, int64_t vocabulary, int64_t embed_dim, int64_t hops, int64_t memory_size, bool position_encoding,
         double position_scale, bool layer_wise, Generator* g) {
        new (self) MemN2N({vocabulary, embed_dim, hops, memory_size, position_encoding, position_scale, layer_wise},
                          drawn_from(g));
      },
      "vocabulary"_a, "embed_dim"_a = 20, "hops"_a = 3, "memory_size"_a = 50, "position_encoding"_a = true,
      "position_scale"_a = 1, "layer_wise"_a = false, "generator"_a = none());
  memn2n.def_prop_rw("linear_start", &MemN2N::linear_start, &MemN2N::set_linear_start, "Without the softmax of (5).");
  callable(
      memn2n,
      [](const MemN2N& self, const Tensor& story, const Tensor& question, const Tensor* mask, const Tensor* times) {
        return self(story, question, given(mask), given(times));
      },
      "story"_a, "question"_a, "mask"_a = none(), "times"_a = none(), "Logits [B, V].");
}

}  // namespace fovea::python
