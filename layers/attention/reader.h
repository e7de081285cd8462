// Readers: a document, a query with a gap, and the entity that fills the gap. Hermann et al. 2015, "Teaching Machines
// to Read and Comprehend", arXiv 1506.03340, section 3.3.
//
//   y_d(t) = [→y_d(t) ; ←y_d(t)],   y_q(i) alike                                 (1) a bidirectional LSTM each
//   u = [→y_q(|q|) ; ←y_q(1)]                                                    (2)
//   attentive    m(t) = tanh(W_ym y_d(t) + W_um u)                               (3)
//                s(t) ∝ exp(w_msᵀ m(t))                                          (4)
//                r = Σ_t s(t) y_d(t)                                             (5)
//   impatient    m(i, t) = tanh(W_dm y_d(t) + W_rm r(i-1) + W_qm y_q(i))         (6)
//                s(i, t) ∝ exp(w_msᵀ m(i, t))                                    (7)
//                r(i) = Σ_t s(i, t) y_d(t) + tanh(W_rr r(i-1)),   r = r(|q|)     (8)
//   uniform      s(t) = 1 / |d|, and (5)                                         (9)
//   g = tanh(W_rg r + W_ug u)                                                    (10)
//   p(a | d, q) ∝ exp(W(a) · g),   a among the entities that d names             (11)
//
//   symbol   shape              meaning
//   d, q     [B, T], [B, Q]     document and query, token ids; ids below E are entities, the others words
//   y_d      [B, T, 2H]         annotations of the document; y_q [B, Q, 2H] of the query
//   s        [B, T]             weights; of the impatient reader [B, Q, T]
//   r        [B, 2H]            what was read; r(0) is learned and starts as zeros
//   m, g, p  [B, T, 2H], [B, 2H], [B, E]
//
// (3) to (5) are Bahdanau's attention with the query u; (6) and (7) the same with [r(i-1) ; y_q(i)]. (11): the paper's
// softmax is over all words. Forget gates start at 1. Past a row's length no token is looked at. Of a document without
// entities log p is -inf. Errors: ShapeError, DTypeError; IndexError for an id or a length out of range; ValueError for
// sizes. Cost: 16 B (T + Q) H (D + H), then B T H² and B T H of attention, or B Q T H of the impatient.
#pragma once

#include <fovea/layers/attention/registry.h>
#include <fovea/layers/embedding.h>
#include <fovea/layers/linear.h>
#include <fovea/layers/recurrent/drive.h>
#include <fovea/layers/recurrent/recurrent.h>

namespace fovea {

struct ReaderOptions {
  int64_t vocabulary;        // V; the words are the ids from E on, at least one
  int64_t entities;          // E
  int64_t embed_dim = 64;    // D
  int64_t hidden_size = 64;  // H
  int64_t annotation() const { return 2 * hidden_size; }
  RecurrentOptions lstm() const {
    return {.input_size = embed_dim, .hidden_size = hidden_size, .bidirectional = true, .forget_bias = 1};
  }
};

class Reader : public Module {
 public:
  explicit Reader(const ReaderOptions& o, Generator& generator = default_generator())
      : embedding_(o.vocabulary, o.embed_dim, -1, generator),
        document_(o.lstm(), generator),
        query_(o.lstm(), generator),
        read_to_g_(o.annotation(), o.annotation(), false, generator),
        query_to_g_(o.annotation(), o.annotation(), false, generator),
        answer_(o.annotation(), o.entities, false, generator) {
    check_sizes("Reader", {{"vocabulary - entities", o.vocabulary - o.entities}});
  }
  void members(Members& m) override {
    m("embedding", embedding_)("document", document_)("query", query_);
    m("read_to_g", read_to_g_)("query_to_g", query_to_g_)("answer", answer_);
  }

  // Ids i64 [B, T], [B, Q]; lengths i64 [B], e_d = E d [B, T, D], or undefined -> log p [B, E], -inf where d names none
  Tensor operator()(const Tensor& document, const Tensor& query, const Tensor& document_lengths = {},
                    const Tensor& query_lengths = {}, const Tensor& e_d = {}) const {
    if (!document.defined() || !query.defined() || document.dim() != 2 || query.dim() != 2 ||
        document.size(0) != query.size(0))
      throw ShapeError(place(*this, "Reader") + ": document " + describe(document) + ", query " + describe(query) +
                       "; need document[B, T], query[B, Q] with one B");
    const Tensor d = tokens(document, document_lengths), q = tokens(query, query_lengths);
    const Tensor y_d = document_(e_d.defined() ? e_d : embedding_(d), {}, document_lengths).output;  // (1) [B, T, 2H]
    const auto [y_q, last] = query_(embedding_(q), {}, query_lengths);                               // (1) [B, Q, 2H]
    const Tensor u = cat(unbind(last.hidden, 0), 1);                                                 // (2) [B, 2H]
    const Tensor mask = document_lengths.defined() ? padding_mask(document_lengths, d.size(1)) : Tensor();
    const Tensor r = read({y_d, mask, y_q, query_lengths, u});                          // (3)-(9) [B, 2H]
    const Tensor g = tanh(read_to_g_(r) + query_to_g_(u));                              // (10) [B, 2H]
    const Tensor named = any(eq(unsqueeze(d, 2), arange(answer_.weight->size(0))), 1);  // bool [B, E]
    return log_softmax(answer_(g), -1, named);                                          // (11) [B, E]
  }

  struct Texts {
    Tensor y_d, mask, y_q, query_lengths, u;  // mask as in mask.h
  };
  virtual Tensor read(const Texts& x) const = 0;  // r [B, 2H]

 private:
  Tensor tokens(const Tensor& ids, const Tensor& lengths) const {
    const Tensor word = scalar(static_cast<double>(embedding_.weight->size(0) - 1), i64);  // past a length
    return lengths.defined() ? where(squeeze(query_padding_mask(lengths, ids.size(1)), 2), ids, word) : ids;
  }

  Embedding embedding_;
  LSTM document_, query_;
  Linear read_to_g_, query_to_g_, answer_;  // W_rg, W_ug, W
};

class AttentiveReader final : public Reader {
 public:
  explicit AttentiveReader(const ReaderOptions& o, Generator& generator = default_generator())
      : Reader(o, generator), attention(AdditiveScore(o.annotation(), o.annotation(), o.annotation(), generator)) {}
  void members(Members& m) override { Reader::members(m), m("attention", attention); }
  Tensor read(const Texts& x) const override { return attention(x.u, x.y_d, {}, x.mask).context; }  // (3)-(5)

  BahdanauAttention attention;  // W_um, W_ym, w_ms
};

// A cell over the query: each token reads the document anew.
class ImpatientReader final : public Reader {
 public:
  struct State {
    Tensor r;
    AttentionMemory memory;
    template <class Visit>
    void tensors(Visit&& visit) {
      visit("r", r, 0), visit("memory", memory);
    }
  };
  explicit ImpatientReader(const ReaderOptions& o, Generator& generator = default_generator())
      : Reader(o, generator),
        attention(AdditiveScore(2 * o.annotation(), o.annotation(), o.annotation(), generator)),
        carry(o.annotation(), o.annotation(), false, generator),
        start(zeros({o.annotation()})) {}
  void members(Members& m) override { Reader::members(m), m("attention", attention)("carry", carry)("start", start); }
  Stepped<State> step(const Tensor& y_q, const State& s) const {
    const Tensor r = attention(cat({s.r, y_q}, 1), s.memory).context + tanh(carry(s.r));  // (6)-(8) [B, 2H]
    return {r, {r, s.memory}};
  }
  Tensor read(const Texts& x) const override {
    State state{expand(start, x.u.shape()), attention.prepare(x.y_d, {}, x.mask)};
    drive(*this, x.y_q, state, {.lengths = x.query_lengths}, [](int64_t, const Tensor&, const State&) {});
    return state.r;
  }

  BahdanauAttention attention;  // [W_rm W_qm], W_dm, w_ms
  Linear carry;                 // W_rr
  Parameter start;              // r(0)
};

class UniformReader final : public Reader {
 public:
  using Reader::Reader;
  Tensor read(const Texts& x) const override {
    const Tensor equal = zeros({x.y_d.size(0), 1, x.y_d.size(1)}, x.y_d.dtype());
    const Tensor s = observed_weights(*this, softmax(equal, -1, x.mask));  // (9) [B, 1, T]
    return squeeze(matmul(s, x.y_d), 1);                                   // (5) [B, 2H]
  }
};

}  // namespace fovea
