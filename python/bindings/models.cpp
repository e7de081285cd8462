// Models of sequences: encoder-decoders, transformers, and how they decode.
#include <fovea/layers/decoding/search.h>
#include <fovea/layers/seq2seq/encoder_decoder.h>
#include <fovea/layers/seq2seq/luong.h>
#include <fovea/layers/seq2seq/rnn_search.h>
#include <fovea/layers/transformer/language_model.h>
#include <fovea/layers/transformer/transformer.h>

#include "module.h"

namespace fovea::python {
template <>
struct Names<Activation> {
  static constexpr std::array<std::string_view, 2> list{"relu", "gelu"};
};
template <>
struct Names<Positions> {
  static constexpr std::array<std::string_view, 3> list{"none", "sinusoidal", "learned"};
};
}  // namespace fovea::python

namespace nanobind::detail {
template <>
struct type_caster<fovea::Activation> : named_caster<fovea::Activation> {};
template <>
struct type_caster<fovea::Positions> : named_caster<fovea::Positions> {};
}  // namespace nanobind::detail

namespace fovea::python {
namespace {

void bind_outputs(nb::module_& m) {
  nb::class_<SequenceOutput> output(m, "SequenceOutput", "What a model of sequences gives; what it does not is None.");
  output.def_prop_ro(
      "logits", [](const SequenceOutput& y) { return known(y.logits); }, "[B, U, V].");
  output.def_prop_ro(
      "log_probability", [](const SequenceOutput& y) { return known(y.log_probability); },
      "[B, U], of what a hard attention drew.");
  output.def_prop_ro(
      "entropy", [](const SequenceOutput& y) { return known(y.entropy); }, "[B, U], of what it drew from.");
  output.def_prop_ro(
      "weights", [](const SequenceOutput& y) { return known(y.weights); }, "[B, U, T], of its attention.");
  nb::class_<Decoded>(m, "Decoded", "Sentences that a search found.")
      .def_ro("ids", &Decoded::ids, "i64 [B, L]; from the end mark on all are it.")
      .def_ro("lengths", &Decoded::lengths, "i64 [B], ids before the end mark.")
      .def_ro("log_probability", &Decoded::log_probability, "f64 [B].");
  nb::class_<SequenceModel, Module> model(m, "SequenceModel", about("layers/seq2seq/sequence_model.h"));
  callable(
      model,
      [](const SequenceModel& self, const Tensor& source, const Tensor& input_ids, const Tensor* lengths, double ratio,
         Generator* g) {
        const nb::gil_scoped_release others;
        return self(source, given(lengths), input_ids, {ratio, drawn_from(g)});
      },
      "source"_a, "input_ids"_a, "lengths"_a = none(), "ratio"_a = 1, "generator"_a = none(),
      "source i64 [B, T], input ids i64 [B, U] -> logits [B, U, V]; ratio: of teacher forcing.");
  model.def(
      "greedy",
      [](const SequenceModel& self, const Tensor& source, int64_t begin, int64_t end, int64_t max_length,
         const Tensor* lengths) {
        const nb::gil_scoped_release others;
        return greedy(*self.decoder(source, given(lengths)), {begin, end, max_length});
      },
      "source"_a, "begin"_a, "end"_a, "max_length"_a, "lengths"_a = none(), about("layers/decoding/search.h"));
  model.def(
      "sample",
      [](const SequenceModel& self, const Tensor& source, int64_t begin, int64_t end, int64_t max_length,
         const Tensor* lengths, double temperature, int64_t top_k, Generator* g) {
        const nb::gil_scoped_release others;
        return sample(*self.decoder(source, given(lengths)), {begin, end, max_length},
                      {temperature, top_k, drawn_from(g)});
      },
      "source"_a, "begin"_a, "end"_a, "max_length"_a, "lengths"_a = none(), "temperature"_a = 1, "top_k"_a = 0,
      "generator"_a = none(), about("layers/decoding/search.h"));
  model.def(
      "beam_search",
      [](const SequenceModel& self, const Tensor& source, int64_t begin, int64_t end, int64_t max_length,
         const Tensor* lengths, int64_t width, double length_penalty) {
        const nb::gil_scoped_release others;
        return beam_search(*self.decoder(source, given(lengths)), {begin, end, max_length}, {width, length_penalty});
      },
      "source"_a, "begin"_a, "end"_a, "max_length"_a, "lengths"_a = none(), "width"_a = 4, "length_penalty"_a = 0.6,
      about("layers/decoding/search.h"));
}

AttentionChoice choice_of(const std::string& score, const std::string& align) {
  return {.score = score, .align = align};
}

void bind_recurrent_models(nb::module_& m) {
  layer<EncoderDecoder, SequenceModel>(m, "EncoderDecoder", about("layers/seq2seq/encoder_decoder.h"))
      .def(
          "__init__",
          [](EncoderDecoder* self, int64_t source, int64_t target, int64_t embed_dim, int64_t hidden_size,
             int64_t layers, std::string cell, bool constant_context, bool reverse_source, Generator* g) {
            new (self)
                EncoderDecoder({source, target, embed_dim, hidden_size, layers, cell, constant_context, reverse_source},
                               drawn_from(g));
          },
          "source_vocabulary"_a, "target_vocabulary"_a = 0, "embed_dim"_a = 64, "hidden_size"_a = 64, "layers"_a = 1,
          "cell"_a = "gru", "constant_context"_a = false, "reverse_source"_a = false, "generator"_a = none());
  layer<RnnSearch, SequenceModel>(m, "RnnSearch", about("layers/seq2seq/rnn_search.h"))
      .def(
          "__init__",
          [](RnnSearch* self, int64_t source, int64_t target, int64_t embed_dim, int64_t encoder_size,
             int64_t hidden_size, std::string cell, std::string score, std::string align, bool both, bool sees,
             bool embeddings, Generator* g) {
            new (self) RnnSearch({source, target, embed_dim, encoder_size, hidden_size, cell, choice_of(score, align),
                                  both, sees, embeddings},
                                 drawn_from(g));
          },
          "source_vocabulary"_a, "target_vocabulary"_a = 0, "embed_dim"_a = 64, "encoder_size"_a = 0,
          "hidden_size"_a = 64, "cell"_a = "gru", "score"_a = "additive", "align"_a = "soft",
          "start_from_both_ends"_a = false, "output_sees_token"_a = true, "read_embeddings"_a = false,
          "generator"_a = none());
  layer<LuongModel, SequenceModel>(m, "LuongModel", about("layers/seq2seq/luong.h"))
      .def(
          "__init__",
          [](LuongModel* self, int64_t source, int64_t target, int64_t embed_dim, int64_t hidden_size, int64_t layers,
             std::string cell, std::string score, std::string align, bool input_feeding, Generator* g) {
            new (self) LuongModel(
                {source, target, embed_dim, hidden_size, layers, cell, choice_of(score, align), input_feeding},
                drawn_from(g));
          },
          "source_vocabulary"_a, "target_vocabulary"_a = 0, "embed_dim"_a = 64, "hidden_size"_a = 64, "layers"_a = 1,
          "cell"_a = "lstm", "score"_a = "general", "align"_a = "soft", "input_feeding"_a = true,
          "generator"_a = none());
}

// The options that all transformers have, with their defaults; `f` makes the object.
template <class Class, class F>
void def_transformer(Class& c, F f, bool norm_first) {
  c.def("__init__", f, "embed_dim"_a = 512, "heads"_a = 8, "feed_forward"_a = 2048, "layers"_a = 6, "dropout"_a = 0.1,
        "activation"_a = Activation::relu, "norm_first"_a = norm_first, "scale"_a = 0, "generator"_a = none());
}

template <class Layer>
auto bind_layer_class(nb::module_& m, const char* name, const char* header) {
  auto c = layer<Layer>(m, name, about(header));
  def_transformer(
      c,
      [](Layer* self, int64_t D, int64_t H, int64_t F, int64_t layers, double dropout, Activation activation,
         bool first, double scale, Generator* g) {
        new (self) Layer({D, H, F, layers, dropout, activation, first, scale}, drawn_from(g));
      },
      false);
  return c;
}

template <class Stack>
auto bind_stack(nb::module_& m, const char* name, const char* header) {
  auto c = layer<Stack>(m, name, about(header));
  c.def(
      "__init__",
      [](Stack* self, int64_t D, int64_t H, int64_t F, int64_t layers, double dropout, Activation activation,
         bool first, double scale, bool final_norm, Generator* g) {
        new (self) Stack({D, H, F, layers, dropout, activation, first, scale}, final_norm, drawn_from(g));
      },
      "embed_dim"_a = 512, "heads"_a = 8, "feed_forward"_a = 2048, "layers"_a = 6, "dropout"_a = 0.1,
      "activation"_a = Activation::relu, "norm_first"_a = false, "scale"_a = 0, "final_norm"_a = false,
      "generator"_a = none());
  return c;
}

// __call__ of what encodes, and of what decodes.
template <class C>
void encodes(C& c) {
  callable(
      c,
      [](const typename C::Type& self, const Tensor& x, const Tensor* mask, bool causal, Generator* g) -> Tensor {
        const nb::gil_scoped_release others;
        return self(x, MultiHeadCall{.mask = given(mask), .causal = causal, .generator = drawn_from(g)});
      },
      "x"_a, "mask"_a = none(), "causal"_a = false, "generator"_a = none(), "[B, T, D] -> [B, T, D].");
}
template <class C>
void decodes(C& c) {
  callable(
      c,
      [](const typename C::Type& self, const Tensor& x, const Tensor& memory, const Tensor* mask,
         const Tensor* memory_mask, Generator* g) -> Tensor {
        const nb::gil_scoped_release others;
        return self(x, memory,
                    DecoderCall{.mask = given(mask), .memory_mask = given(memory_mask), .generator = drawn_from(g)});
      },
      "x"_a, "memory"_a, "mask"_a = none(), "memory_mask"_a = none(), "generator"_a = none(),
      "[B, U, D] -> [B, U, D].");
}

void bind_transformers(nb::module_& m) {
  auto encoder_layer =
      bind_layer_class<TransformerEncoderLayer>(m, "TransformerEncoderLayer", "layers/transformer/encoder.h");
  encodes(encoder_layer);
  auto decoder_layer =
      bind_layer_class<TransformerDecoderLayer>(m, "TransformerDecoderLayer", "layers/transformer/decoder.h");
  decodes(decoder_layer);
  auto encoder = bind_stack<TransformerEncoder>(m, "TransformerEncoder", "layers/transformer/encoder.h");
  encodes(encoder);
  auto decoder = bind_stack<TransformerDecoder>(m, "TransformerDecoder", "layers/transformer/decoder.h");
  decodes(decoder);
  auto whole = bind_layer_class<Transformer>(m, "Transformer", "layers/transformer/transformer.h");
  callable(
      whole,
      [](const Transformer& self, const Tensor& source, const Tensor& target, const Tensor* source_mask,
         const Tensor* target_mask, const Tensor* memory_mask, Generator* g) {
        const nb::gil_scoped_release others;
        return self(source, target, {given(source_mask), given(target_mask), given(memory_mask), drawn_from(g)});
      },
      "source"_a, "target"_a, "source_mask"_a = none(), "target_mask"_a = none(), "memory_mask"_a = none(),
      "generator"_a = none(), "source [B, T, D], target [B, U, D] -> [B, U, D].");
  layer<TransformerModel, SequenceModel>(m, "TransformerModel", about("layers/transformer/transformer.h"))
      .def(
          "__init__",
          [](TransformerModel* self, int64_t source, int64_t target, int64_t D, int64_t H, int64_t F, int64_t layers,
             double dropout, Activation activation, bool first, double scale, Positions positions, int64_t max_length,
             bool tied, Generator* g) {
            new (self) TransformerModel(
                {{D, H, F, layers, dropout, activation, first, scale}, source, target, positions, max_length, tied},
                drawn_from(g));
          },
          "source_vocabulary"_a, "target_vocabulary"_a = 0, "embed_dim"_a = 512, "heads"_a = 8, "feed_forward"_a = 2048,
          "layers"_a = 6, "dropout"_a = 0.1, "activation"_a = Activation::relu, "norm_first"_a = false, "scale"_a = 0,
          "positions"_a = Positions::sinusoidal, "max_length"_a = 512, "tied"_a = true, "generator"_a = none());
}

void bind_language_model(nb::module_& m) {
  auto positions = layer<PositionalEncoding>(m, "PositionalEncoding", about("layers/transformer/positions.h"));
  positions.def(
      "__init__",
      [](PositionalEncoding* self, Positions kind, int64_t size, int64_t max_length, Generator* g) {
        new (self) PositionalEncoding(kind, size, max_length, drawn_from(g));
      },
      "kind"_a, "size"_a, "max_length"_a = 512, "generator"_a = none());
  callable(
      positions, [](const PositionalEncoding& self, const Tensor& x, int64_t offset) { return self(x, offset); }, "x"_a,
      "offset"_a = 0);
  m.def("sinusoidal_positions", &sinusoidal_positions, "count"_a, "size"_a, "offset"_a = 0, "dtype"_a = f32,
        "[count, size].");
  auto model =
      layer<TransformerLanguageModel>(m, "TransformerLanguageModel", about("layers/transformer/language_model.h"));
  model.def(
      "__init__",
      [](TransformerLanguageModel* self, int64_t vocabulary, int64_t D, int64_t H, int64_t F, int64_t layers,
         double dropout, Activation activation, bool first, double scale, Positions kind, int64_t max_length, bool tied,
         Generator* g) {
        new (self) TransformerLanguageModel(
            {{D, H, F, layers, dropout, activation, first, scale}, vocabulary, kind, max_length, tied}, drawn_from(g));
      },
      "vocabulary"_a, "embed_dim"_a = 512, "heads"_a = 8, "feed_forward"_a = 2048, "layers"_a = 6, "dropout"_a = 0.1,
      "activation"_a = Activation::relu, "norm_first"_a = true, "scale"_a = 0, "positions"_a = Positions::learned,
      "max_length"_a = 512, "tied"_a = true, "generator"_a = none());
  callable(
      model,
      [](const TransformerLanguageModel& self, const Tensor& ids, Generator* g) {
        const nb::gil_scoped_release others;
        return self(ids, nullptr, drawn_from(g));
      },
      "ids"_a, "generator"_a = none(), "ids i64 [B, T] -> logits [B, T, V].");
  model.def(
      "generate",
      [](const TransformerLanguageModel& self, const Tensor& prompt, int64_t count, double temperature, int64_t top_k,
         int64_t end, Generator* g) {
        const nb::gil_scoped_release others;
        return self.generate(prompt, {count, temperature, top_k, end, drawn_from(g)});
      },
      "prompt"_a, "count"_a = 100, "temperature"_a = 1, "top_k"_a = 0, "end"_a = -1, "generator"_a = none(),
      "What follows the prompt i64 [B, T]: i64 [B, <= count].");
}

}  // namespace

void bind_models(nb::module_& m) {
  bind_outputs(m);
  bind_recurrent_models(m);
  bind_transformers(m);
  bind_language_model(m);
}

}  // namespace fovea::python
