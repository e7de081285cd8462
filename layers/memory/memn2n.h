// MemN2N: an end-to-end memory network. Sukhbaatar, Szlam, Weston, Fergus 2015, "End-To-End Memory Networks", NIPS,
// arXiv 1503.08895.
//
//   l_kj = (1 - j/J) - (k/d)(1 - 2j/J),  k = 1 .. d;  bag of words: 1              (1)
//   m_i = Σ_j l_j ⊙ A x_ij + T_A(i)                                                (2)
//   c_i = Σ_j l_j ⊙ C x_ij + T_C(i)                                                (3)
//   u¹ = Σ_j l_j ⊙ B q_j                                                           (4)
//   p_i = softmax_i(uᵀ m_i);  linear start: p_i = uᵀ m_i                           (5)
//   o = Σ_i p_i c_i                                                                (6)
//   uᵏ⁺¹ = uᵏ + oᵏ;  layer-wise: H uᵏ + oᵏ                                         (7)
//   z = W uᴷ⁺¹,  â = softmax(z)                                                    (8)
//
//   symbol   shape        meaning
//   x_ij     [B, N, L]    i64: word j of sentence i, j = 1 .. J, its own J; then 0, nil, which fills up
//   q_j      [B, L]       i64: words of the question
//   i        [B, N]       i64, "times": how many back a sentence is, 1 for the last; 0 is nil
//   A B C W  [V, d]       a row a word; T_A, T_C [N_max + 1, d] a row a time; row 0, nil, is 0 and stays it
//   H        [d, d]
//   m, c     [B, N, d]    memories, in and out
//   p        [B, N]       weights
//   u, o     [B, d]       what is asked, what is read; z [B, V] logits, that of nil 0
//
// (2), (3) and (5) to (7) are one of K hops. Adjacent tying: Aᵏ⁺¹ = Cᵏ, B = A¹, W = Cᴷ, times likewise: one tensor
// each. Layer-wise: A, C and their times serve every hop. All start as N(0, 0.1²). Times past N_max are N_max. Cost:
// L d a sentence and table, of K + 1 tables (layer-wise 2); padding costs nothing. Errors: ShapeError, DTypeError,
// IndexError for a word or time without a row, ValueError for sizes below 1.
#pragma once

#include <fovea/autograd/embedding_bag.h>
#include <fovea/layers/attention/registry.h>

namespace fovea {

struct MemN2NOptions {
  int64_t vocabulary;        // V
  int64_t embed_dim = 20;    // d
  int64_t hops = 3;          // K
  int64_t memory_size = 50;  // N_max
  bool position_encoding = true;
  double position_scale = 1;  // what (1) is multiplied by; 2 in the authors' program
  bool layer_wise = false;
};

// (5) without the softmax.
class LinearStart final : public AlignTo<Weights> {
 public:
  Weights weigh(const AlignInput& in) const override {
    return {in.mask.defined() ? where(in.mask, in.scores, scalar(0, in.scores.dtype())) : in.scores};
  }
};

class MemN2N final : public Module {
 public:
  explicit MemN2N(const MemN2NOptions& options, Generator& generator = default_generator());
  const MemN2NOptions& options() const { return o_; }
  void members(Members& m) override {
    m("A", A)("T_A", T_A)("C", C)("T_C", T_C)("B", B)("H", H)("W", W);
    m("linear_start", linear_start_)("attention", soft_)("linear_attention", linear_);
  }

  // Without its softmax (5) while training begins; saved with the weights.
  void set_linear_start(bool on) { linear_start_.tensor().detach().fill_(on ? 1 : 0); }
  bool linear_start() const { return linear_start_->item() != 0; }

  // story [B, N, L], question [B, L], mask bool [B, N], true = may be attended, times [B, N] -> z [B, V]. Without
  // times they count back from the last sentence that the mask keeps. Without a mask sentences of no words are the
  // paper's empty memories: they have no time, and m = c = 0 takes a part of p.
  Tensor operator()(const Tensor& story, const Tensor& question, const Tensor& mask = {},
                    const Tensor& times = {}) const {
    check(story, question, mask, times);
    const Bags sentences = bags(story, times.defined() ? times : counted(story, mask)), asked = bags(question);
    const Tensor keys = mask.defined() ? unsqueeze(mask, 1) : mask;  // [B, 1, N]
    Tensor m, c, u = encode(asked, B, {});                           // (4) [B, d]
    for (size_t k = 0; k < A.size(); ++k) {
      if (k == 0 || !o_.layer_wise) {
        m = k == 0 ? encode(sentences, A[0], T_A[0]) : c;  // (2) [B, N, d]
        c = encode(sentences, C[k], T_C[k]);               // (3) [B, N, d]
      }
      const Tensor o = linear_start() ? linear_(u, m, c, keys).context : soft_(u, m, c, keys).context;  // (5), (6)
      u = (o_.layer_wise ? linear(u, H) : u) + o;                                                       // (7) [B, d]
    }
    return pad(linear(u, slice(W, 0, 1)), {1, 0});  // (8) [B, V]; the nil row of W is 0 and stays it
  }

  std::vector<Parameter> A, T_A, C, T_C;
  Parameter B, H, W;

 private:
  // Sentences as bags of rows of one table, whose parts are half the words, the words times (1/2 - k/d), and the times:
  // l_kj = 1/2 + (1 - 2j/J) (1/2 - k/d).
  struct Bags {
    Tensor ids, weights;  // [S, n]; without weights all are 1
    Shape shape;          // of what they become: [B, N, d] or [B, d]
  };

  Bags bags(const Tensor& words, const Tensor& times = {}) const;
  Tensor encode(const Bags& bags, const Tensor& words, const Tensor& times) const {
    std::vector<Tensor> table{words};
    if (o_.position_encoding) {
      const Tensor k = arange(1, o_.embed_dim + 1, 1, words.dtype()), l = 0.5 - k / static_cast<double>(o_.embed_dim);
      table = {words * (0.5 * o_.position_scale), words * (l * o_.position_scale)};  // (1)
    }
    if (times.defined()) table.push_back(times);
    return reshape(embedding_bag(cat(table, 0), bags.ids, bags.weights, 0), bags.shape);
  }
  // How many back a sentence is: 1 for the last that the mask keeps, or that has words.
  static Tensor counted(const Tensor& story, const Tensor& mask);
  void check(const Tensor& story, const Tensor& question, const Tensor& mask, const Tensor& times) const;

  Buffer linear_start_;  // 1 or 0
  LuongDotAttention soft_{DotScore()};
  Attention<DotScore, LinearStart> linear_{DotScore()};
  MemN2NOptions o_;
};

}  // namespace fovea
