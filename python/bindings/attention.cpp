// Score, align, read: every score and alignment, attentions by name, heads, masks.
#include <fovea/layers/attention/feed_forward.h>
#include <fovea/layers/attention/image_attention.h>
#include <fovea/layers/attention/mask.h>
#include <fovea/layers/attention/multi_head.h>
#include <fovea/layers/attention/registry.h>

#include "module.h"

namespace fovea::python {
namespace {

// What an attention's alignment gave; what this one does not give is None.
struct Alignment {
  Tensor weights{}, choice{}, log_probability{}, entropy{}, log_weights{};
};
Alignment of(const Weights& x) { return {.weights = x.weights}; }
Alignment of(const Drawn& x) {
  return {.weights = x.weights, .choice = x.choice, .log_probability = x.log_probability, .entropy = x.entropy};
}
Alignment of(const LogWeights& x) { return {.weights = x.weights, .log_weights = x.log_weights}; }
Alignment of(const AnyOutcome& x) {
  return std::visit([](const auto& outcome) { return of(outcome); }, static_cast<const AnyOutcome::variant&>(x));
}

template <class Outcome>
nb::tuple attended(Attended<Outcome> y) {
  return nb::make_tuple(known(std::move(y.context)), of(y.alignment));
}

void bind_masks(nb::module_& m) {
  m.def("padding_mask", &padding_mask, "lengths"_a, "keys"_a, "True on the first lengths[b] keys: [B, 1, Tk].");
  m.def("query_padding_mask", &query_padding_mask, "lengths"_a, "queries"_a, "True on the first lengths[b] queries.");
  m.def("causal_mask", &causal_mask, "queries"_a, "keys"_a, "offset"_a = 0, "strict"_a = false,
        "A query sees the keys up to its own position.");
  m.def("window_mask", &window_mask, "centres"_a, "keys"_a, "half_width"_a, "Keys near each centre.");
  m.def(
      "both_masks", [](const Tensor* a, const Tensor* b) { return known(both_masks(given(a), given(b))); },
      nb::arg("a").none(), nb::arg("b").none(), "Allowed by both; None allows everything.");
  m.def(
      "for_heads", [](const Tensor& mask) { return for_heads(mask); }, "mask"_a, "[B, Tq, Tk] -> [B, 1, Tq, Tk].");
}

void bind_scores(nb::module_& m) {
  nb::class_<Score, Module> base(m, "Score", about("layers/attention/score/score.h"));
  base.def(
      "__call__", [](const Score& self, const Tensor& q, const Tensor& k) { return self(q, k); }, "query"_a, "keys"_a,
      "query [B, Tq, Dq], keys [B, Tk, Dk] -> [B, Tq, Tk].");
  layer<DotScore, Score>(m, "DotScore", about("layers/attention/score/luong.h")).def(nb::init<>());
  layer<ScaledDotScore, Score>(m, "ScaledDotScore", about("layers/attention/score/scaled_dot.h"))
      .def(nb::init<double>(), "scale"_a = 0);
  layer<CosineScore, Score>(m, "CosineScore", about("layers/attention/score/cosine.h"))
      .def(nb::init<double>(), "strength"_a = 1);
  layer<GeneralScore, Score>(m, "GeneralScore", about("layers/attention/score/luong.h"))
      .def(
          "__init__",
          [](GeneralScore* self, int64_t q, int64_t k, Generator* g) { new (self) GeneralScore(q, k, drawn_from(g)); },
          "query_size"_a, "key_size"_a, "generator"_a = none());
  const auto wide = [&]<class S>(const char* name, const char* header, std::type_identity<S>) {
    layer<S, Score>(m, name, about(header))
        .def(
            "__init__",
            [](S* self, int64_t q, int64_t k, int64_t width, Generator* g) {
              new (self) S(q, k, width, drawn_from(g));
            },
            "query_size"_a, "key_size"_a, "width"_a, "generator"_a = none());
  };
  wide("AdditiveScore", "layers/attention/score/additive.h", std::type_identity<AdditiveScore>());
  wide("ConcatScore", "layers/attention/score/luong.h", std::type_identity<ConcatScore>());
  layer<LocationScore, Score>(m, "LocationScore", about("layers/attention/score/luong.h"))
      .def(
          "__init__",
          [](LocationScore* self, int64_t q, int64_t length, Generator* g) {
            new (self) LocationScore(q, length, drawn_from(g));
          },
          "query_size"_a, "max_length"_a, "generator"_a = none());
}

void bind_aligns(nb::module_& m) {
  nb::class_<Alignment> outcome(m, "Alignment", "The weights of an attention, and what else its alignment gives.");
  const auto part = [&](const char* name, Tensor Alignment::*which, const char* text) {
    outcome.def_prop_ro(
        name, [which](const Alignment& x) { return known(x.*which); }, text);
  };
  part("weights", &Alignment::weights, "[B, Tq, Tk].");
  part("choice", &Alignment::choice, "i64 [B, Tq], the key that was drawn.");
  part("log_probability", &Alignment::log_probability, "[B, Tq], of the choice.");
  part("entropy", &Alignment::entropy, "[B, Tq], of what it was drawn from.");
  part("log_weights", &Alignment::log_weights, "[B, Tq, Tk], of a pointer.");
  nb::class_<Align, Module> base(m, "Align", about("layers/attention/align/align.h"));
  base.def(
      "__call__",
      [](const Align& self, const Tensor& scores, const Tensor* mask, const Tensor* query, int64_t offset,
         Generator* g) {
        return of(self.weigh_any({scores, given(mask), given(query), offset, drawn_from(g), {}}));
      },
      "scores"_a, "mask"_a = none(), "query"_a = none(), "offset"_a = 0, "generator"_a = none());
  layer<Soft, Align>(m, "Soft", about("layers/attention/align/soft.h")).def(nb::init<>());
  layer<Pointer, Align>(m, "Pointer", about("layers/attention/align/pointer.h")).def(nb::init<>());
  layer<StraightThrough, Align>(m, "StraightThrough", about("layers/attention/align/straight_through.h"))
      .def(nb::init<>());
  layer<Hard, Align>(m, "Hard", about("layers/attention/align/hard.h"))
      .def(nb::init<>())
      .def("set_expectation", &Hard::set_expectation, "probability"_a);
  layer<GumbelSoftmax, Align>(m, "GumbelSoftmax", about("layers/attention/align/gumbel.h"))
      .def(nb::init<double, bool>(), "temperature"_a = 1, "hard"_a = false)
      .def("set_temperature", &GumbelSoftmax::set_temperature, "temperature"_a);
  layer<LocalMonotonic, Align>(m, "LocalMonotonic", about("layers/attention/align/local.h"))
      .def(nb::init<double>(), "half_width"_a = 10);
  layer<LocalPredictive, Align>(m, "LocalPredictive", about("layers/attention/align/local.h"))
      .def(
          "__init__",
          [](LocalPredictive* self, int64_t q, int64_t width, double half, Generator* g) {
            new (self) LocalPredictive(q, width, half, drawn_from(g));
          },
          "query_size"_a, "width"_a, "half_width"_a = 10, "generator"_a = none());
  layer<NtmAlign, Align>(m, "NtmAlign", about("layers/attention/align/ntm.h"))
      .def(
          "__init__",
          [](NtmAlign* self, int64_t q, int64_t shift, Generator* g) { new (self) NtmAlign(q, shift, drawn_from(g)); },
          "query_size"_a, "shift"_a = 1, "generator"_a = none());
}

// prepare, attend and __call__ of an attention.
template <class A>
nb::class_<A, Module> bind_attention_class(nb::module_& m, const char* name) {
  auto c = layer<A>(m, name, about("layers/attention/attention.h"));
  c.def(
      "prepare",
      [](const A& self, const Tensor& keys, const Tensor* values, const Tensor* mask) {
        return self.prepare(keys, given(values), given(mask));
      },
      "keys"_a, "values"_a = none(), "mask"_a = none(), "What depends on the keys alone, once for many queries.");
  c.def(
      "attend",
      [](const A& self, const Tensor& query, const AttentionMemory& memory, const Tensor* mask, int64_t offset,
         const Tensor* previous, Generator* g) {
        return attended(self(query, memory, {given(mask), offset, drawn_from(g), given(previous)}));
      },
      "query"_a, "memory"_a, "mask"_a = none(), "offset"_a = 0, "previous"_a = none(), "generator"_a = none(),
      "(context, alignment) of queries [B, Tq, Dq], or of one step's [B, Dq].");
  callable(
      c,
      [](const A& self, const Tensor& query, const Tensor& keys, const Tensor* values, const Tensor* mask) {
        return attended([&] {
          const Released others(query, keys);
          return self(query, keys, given(values), given(mask));
        }());
      },
      "query"_a, "keys"_a, "values"_a = none(), "mask"_a = none());
  return c;
}

void bind_attentions(nb::module_& m) {
  m.def("score_names", &score_names, "The scores that go by name.");
  m.def("align_names", &align_names, "The alignments that go by name.");
  state_class<AttentionMemory>(m, "AttentionMemory", "Keys and values as an attention prepared them.");
  bind_attention_class<AnyAttention>(m, "Attention")
      .def(
          "__init__",
          [](AnyAttention* self, std::string score, std::string align, int64_t query, int64_t key, int64_t width,
             int64_t predictor, int64_t max_length, int64_t shift, double half_width, double strength,
             double temperature, Generator* g) {
            new (self) AnyAttention(make_attention({.score = score,
                                                    .align = align,
                                                    .width = width,
                                                    .predictor = predictor,
                                                    .max_length = max_length,
                                                    .shift = shift,
                                                    .half_width = half_width,
                                                    .strength = strength,
                                                    .temperature = temperature},
                                                   query, key, drawn_from(g)));
          },
          "score"_a, "align"_a, "query_size"_a, "key_size"_a, "width"_a = 0, "predictor"_a = 0, "max_length"_a = 256,
          "shift"_a = 1, "half_width"_a = 10, "strength"_a = 1, "temperature"_a = 1, "generator"_a = none());
  const auto additive = [&]<class A>(const char* name, std::type_identity<A>) {
    bind_attention_class<A>(m, name).def(
        "__init__",
        [](A* self, int64_t query, int64_t key, int64_t width, Generator* g) {
          new (self) A(AdditiveScore(query, key, width, drawn_from(g)));
        },
        "query_size"_a, "key_size"_a, "width"_a, "generator"_a = none());
  };
  additive("BahdanauAttention", std::type_identity<BahdanauAttention>());
  additive("PointerAttention", std::type_identity<PointerAttention>());
  bind_attention_class<LuongDotAttention>(m, "LuongDotAttention").def("__init__", [](LuongDotAttention* self) {
    new (self) LuongDotAttention(DotScore());
  });
  bind_attention_class<ScaledDotAttention>(m, "ScaledDotAttention").def("__init__", [](ScaledDotAttention* self) {
    new (self) ScaledDotAttention(ScaledDotScore());
  });
  bind_attention_class<ContentAttention>(m, "ContentAttention")
      .def(
          "__init__",
          [](ContentAttention* self, double strength) { new (self) ContentAttention(CosineScore(strength)); },
          "strength"_a = 1);
}

template <class M>
void bind_heads_call(nb::class_<M, Module>& c) {
  callable(
      c,
      [](const M& self, const Tensor& query, const Tensor* key, const Tensor* value, const Tensor* mask, bool causal,
         bool need_weights, KeyValueCache* cache, Generator* g) {
        const MultiHeadCall call{given(mask), causal, cache, need_weights, drawn_from(g)};
        const auto y = [&] {
          const Released others(query);
          return key == nullptr ? self(query, call) : self(query, *key, value != nullptr ? *value : *key, call);
        }();
        return nb::make_tuple(y.output, known(weights_of(y.alignment)));
      },
      "query"_a, "key"_a = none(), "value"_a = none(), "mask"_a = none(), "causal"_a = false, "need_weights"_a = false,
      "cache"_a = none(), "generator"_a = none(),
      "(output [B, Tq, D], weights [B, H, Tq, Tk] or None); without a key it attends to itself.");
}

void bind_heads(nb::module_& m) {
  state_class<KeyValueCache>(m, "KeyValueCache", about("layers/attention/key_value_cache.h"))
      .def(nb::init<>())
      .def_prop_ro("length", &KeyValueCache::length, "Positions held.");
  auto c = layer<MultiHeadAttention>(m, "MultiHeadAttention", about("layers/attention/multi_head.h"));
  c.def(
      "__init__",
      [](MultiHeadAttention* self, int64_t embed_dim, int64_t heads, int64_t key_size, int64_t value_size, bool bias,
         double dropout, Generator* g) {
        new (self) MultiHeadAttention({embed_dim, heads, key_size, value_size, bias, dropout}, drawn_from(g));
      },
      "embed_dim"_a, "heads"_a, "key_size"_a = 0, "value_size"_a = 0, "bias"_a = true, "dropout"_a = 0,
      "generator"_a = none());
  bind_heads_call(c);
  using AnyHeads = MultiHead<AnyScore, AnyAlign>;
  auto any = layer<AnyHeads>(m, "MultiHead", about("layers/attention/multi_head.h"));
  any.def(
      "__init__",
      [](AnyHeads* self, int64_t embed_dim, int64_t heads, std::string score, std::string align, bool bias,
         double dropout, Generator* g) {
        const int64_t size = heads > 0 ? embed_dim / heads : 0;
        const AttentionChoice choice{
            .score = score, .align = align, .query = size, .key = size, .width = size, .predictor = size};
        new (self) AnyHeads({.embed_dim = embed_dim, .heads = heads, .bias = bias, .dropout = dropout},
                            AnyScore(choice, drawn_from(g)), AnyAlign(choice, drawn_from(g)), drawn_from(g));
      },
      "embed_dim"_a, "heads"_a, "score"_a = "additive", "align"_a = "soft", "bias"_a = true, "dropout"_a = 0,
      "generator"_a = none());
  bind_heads_call(any);
}

void bind_other_attentions(nb::module_& m) {
  auto feed = layer<FeedForwardAttention>(m, "FeedForwardAttention", about("layers/attention/feed_forward.h"));
  feed.def(
      "__init__",
      [](FeedForwardAttention* self, int64_t size, bool bounded, Generator* g) {
        new (self) FeedForwardAttention(size, drawn_from(g), bounded);
      },
      "size"_a, "bounded"_a = true, "generator"_a = none());
  callable(
      feed, [](const FeedForwardAttention& self, const Tensor& h, const Tensor* mask) { return self(h, given(mask)); },
      "h"_a, "mask"_a = none());
  auto network =
      layer<FeedForwardAttentionNetwork>(m, "FeedForwardAttentionNetwork", about("layers/attention/feed_forward.h"));
  network.def(
      "__init__",
      [](FeedForwardAttentionNetwork* self, int64_t input_size, int64_t hidden_size, bool unweighted, bool bounded,
         Generator* g) {
        new (self) FeedForwardAttentionNetwork({input_size, hidden_size, unweighted, bounded}, drawn_from(g));
      },
      "input_size"_a, "hidden_size"_a = 100, "unweighted"_a = false, "bounded"_a = true, "generator"_a = none());
  callable(
      network,
      [](const FeedForwardAttentionNetwork& self, const Tensor& x, const Tensor* lengths) {
        return self(x, given(lengths));
      },
      "x"_a, "lengths"_a = none());
  auto image = layer<ImageAttention<>>(m, "ImageAttention", about("layers/attention/image_attention.h"));
  image.def(
      "__init__",
      [](ImageAttention<>* self, int64_t channels, int64_t key_channels, int64_t value_channels, int64_t pool,
         Generator* g) {
        new (self) ImageAttention<>({channels, key_channels, value_channels, pool}, drawn_from(g));
      },
      "channels"_a, "key_channels"_a = 0, "value_channels"_a = 0, "pool"_a = 1, "generator"_a = none());
  callable(
      image, [](const ImageAttention<>& self, const Tensor& x) { return self(x); }, "x"_a);
}

}  // namespace

void bind_attention(nb::module_& m) {
  bind_masks(m);
  bind_scores(m);
  bind_aligns(m);
  bind_attentions(m);
  bind_heads(m);
  bind_other_attentions(m);
}

}  // namespace fovea::python
