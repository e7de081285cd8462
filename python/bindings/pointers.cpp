// Networks that point into their input, readers of documents, SNAIL.
#include <fovea/layers/attention/reader.h>
#include <fovea/layers/decoding/search.h>
#include <fovea/layers/pointer/pointer_network.h>
#include <fovea/layers/pointer/read_process_write.h>
#include <fovea/layers/snail/network.h>

#include "module.h"

namespace fovea::python {
namespace {

template <class M>
void bind_pointer(nb::module_& m, const char* name, const char* header) {
  layer<M, PointerModel>(m, name, about(header))
      .def(
          "__init__",
          [](M* self, int64_t input_size, int64_t hidden_size, int64_t process_steps, bool stop, bool revisit,
             bool glimpse, Generator* g) {
            new (self) M(PointerOptions{input_size, hidden_size, process_steps, stop, revisit, glimpse}, drawn_from(g));
          },
          "input_size"_a, "hidden_size"_a = 128, "process_steps"_a = 5, "stop"_a = false, "revisit"_a = false,
          "glimpse"_a = false, "generator"_a = none());
}

void bind_pointer_models(nb::module_& m) {
  nb::class_<PointerModel, Module> model(m, "PointerModel", about("layers/pointer/pointer_decoder.h"));
  callable(
      model,
      [](const PointerModel& self, const Tensor& points, const Tensor& answers, const Tensor* lengths) {
        return self(points, answers, given(lengths)).log_weights;
      },
      "points"_a, "answers"_a, "lengths"_a = none(),
      "points [B, T, I], answers i64 [B, U] -> log-probabilities [B, U, S], for nll_loss.");
  model.def(
      "greedy",
      [](const PointerModel& self, const Tensor& points, const Tensor* lengths) {
        return self.greedy(points, given(lengths));
      },
      "points"_a, "lengths"_a = none(), "The most probable position at each step.");
  model.def(
      "beam_search",
      [](const PointerModel& self, const Tensor& points, int64_t width, const Tensor* lengths) {
        return self.beam_search(points, width, given(lengths));
      },
      "points"_a, "width"_a, "lengths"_a = none(), "The most probable answer that a beam finds.");
  bind_pointer<PointerNetwork>(m, "PointerNetwork", "layers/pointer/pointer_network.h");
  bind_pointer<ReadProcessWrite>(m, "ReadProcessWrite", "layers/pointer/read_process_write.h");
}

template <class M>
void bind_reader(nb::module_& m, const char* name) {
  layer<M, Reader>(m, name, about("layers/attention/reader.h"))
      .def(
          "__init__",
          [](M* self, int64_t vocabulary, int64_t entities, int64_t embed_dim, int64_t hidden_size, Generator* g) {
            new (self) M(ReaderOptions{vocabulary, entities, embed_dim, hidden_size}, drawn_from(g));
          },
          "vocabulary"_a, "entities"_a, "embed_dim"_a = 64, "hidden_size"_a = 64, "generator"_a = none());
}

void bind_readers(nb::module_& m) {
  nb::class_<Reader, Module> reader(m, "Reader", about("layers/attention/reader.h"));
  callable(
      reader,
      [](const Reader& self, const Tensor& document, const Tensor& query, const Tensor* document_lengths,
         const Tensor* query_lengths) { return self(document, query, given(document_lengths), given(query_lengths)); },
      "document"_a, "query"_a, "document_lengths"_a = none(), "query_lengths"_a = none(),
      "Ids [B, T], [B, Q] -> log-probabilities of the entities [B, E].");
  bind_reader<AttentiveReader>(m, "AttentiveReader");
  bind_reader<ImpatientReader>(m, "ImpatientReader");
  bind_reader<UniformReader>(m, "UniformReader");
}

// A block is its number of filters, or (key_size, value_size).
SnailOptions::Block block_of(nb::handle block) {
  if (PyTuple_Check(block.ptr())) {
    const auto [key, value] = nb::cast<std::pair<int64_t, int64_t>>(block);
    return {.key_size = key, .value_size = value};
  }
  return {.filters = nb::cast<int64_t>(block)};
}

void bind_snail(nb::module_& m) {
  state_class<Snail::State>(m, "SnailState", "What the blocks remember of the steps before.");
  auto c = layer<Snail>(m, "Snail", about("layers/snail/network.h"));
  c.def(
      "__init__",
      [](Snail* self, int64_t input_size, int64_t output_size, int64_t steps, const nb::object& blocks,
         int64_t embed_dim, Generator* g) {
        SnailOptions o{
            .input_size = input_size, .embed_dim = embed_dim, .output_size = output_size, .steps = steps, .blocks = {}};
        for (const nb::handle block : blocks) o.blocks.push_back(block_of(block));
        new (self) Snail(o, drawn_from(g));
      },
      "input_size"_a, "output_size"_a, "steps"_a, "blocks"_a, "embed_dim"_a = 0, "generator"_a = none());
  c.def("initial_state", &Snail::initial_state);
  c.def(
      "step",
      [](const Snail& self, const Tensor& x, const Snail::State& s) {
        auto y = self.step(x, s);
        return nb::make_tuple(y.output, nb::cast(std::move(y.state)));
      },
      "x"_a, "state"_a, "(output [B, O], state) of one step.");
  callable(
      c, [](const Snail& self, const Tensor& x, int64_t branches) { return self(x, branches); }, "x"_a,
      "branches"_a = 1, "[B, T, I] -> [B, T, O].");
}

}  // namespace

void bind_pointers(nb::module_& m) {
  bind_pointer_models(m);
  bind_readers(m);
  bind_snail(m);
}

}  // namespace fovea::python
