#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/layers/attention/registry.h>

namespace fovea {
namespace {

using O = const AttentionChoice&;
using G = Generator&;

template <class Base>
struct Part {
  std::string_view name;
  Box<Base> (*make)(O options, G generator);
  bool one_size = false;  // of a score: query and key are compared feature by feature
};

int64_t or_else(int64_t size, int64_t other) { return size == 0 ? other : size; }

// ---- one line a score ----
const Part<Score> kScores[] = {
    {"dot", [](O, G) -> Box<Score> { return DotScore(); }, true},
    {"scaled-dot", [](O, G) -> Box<Score> { return ScaledDotScore(); }, true},
    {"general", [](O o, G g) -> Box<Score> { return GeneralScore(o.query, o.key, g); }},
    {"concat", [](O o, G g) -> Box<Score> { return ConcatScore(o.query, o.key, or_else(o.width, o.key), g); }},
    {"additive", [](O o, G g) -> Box<Score> { return AdditiveScore(o.query, o.key, or_else(o.width, o.key), g); }},
    {"cosine", [](O o, G) -> Box<Score> { return CosineScore(o.strength); }, true},
    {"location", [](O o, G g) -> Box<Score> { return LocationScore(o.query, o.max_length, g); }},
};

// ---- one line an alignment ----
const Part<Align> kAligns[] = {
    {"soft", [](O, G) -> Box<Align> { return Soft(); }},
    {"local-m", [](O o, G) -> Box<Align> { return LocalMonotonic(o.half_width); }},
    {"local-p",
     [](O o, G g) -> Box<Align> { return LocalPredictive(o.query, or_else(o.predictor, o.query), o.half_width, g); }},
    {"hard", [](O, G) -> Box<Align> { return Hard(); }},
    {"straight-through", [](O, G) -> Box<Align> { return StraightThrough(); }},
    {"gumbel", [](O o, G) -> Box<Align> { return GumbelSoftmax(o.temperature); }},
    {"gumbel-hard", [](O o, G) -> Box<Align> { return GumbelSoftmax(o.temperature, true); }},
    {"pointer", [](O, G) -> Box<Align> { return Pointer(); }},
    {"ntm", [](O o, G g) -> Box<Align> { return NtmAlign(o.query, o.shift, g); }},
};

template <class Base, size_t N>
std::vector<std::string> names_of(const Part<Base> (&parts)[N]) {
  std::vector<std::string> names;
  for (const auto& part : parts) names.emplace_back(part.name);
  return names;
}

template <class Base, size_t N>
const Part<Base>& find(const char* kind, const Part<Base> (&parts)[N], std::string_view name) {
  for (const auto& part : parts)
    if (part.name == name) return part;
  throw ValueError(fmt::format("no {} is called '{}'; need one of {}", kind, name, fmt::join(names_of(parts), ", ")));
}

}  // namespace

std::vector<std::string> score_names() { return names_of(kScores); }
std::vector<std::string> align_names() { return names_of(kAligns); }
bool needs_one_size(std::string_view score) { return find("score", kScores, score).one_size; }

AnyScore::AnyScore(const AttentionChoice& choice, Generator& generator)
    : held_(find("score", kScores, choice.score).make(choice, generator)) {
  if (needs_one_size(choice.score) && choice.query != choice.key)
    throw ValueError(
        fmt::format("attention: the score {} compares a query of {} with keys of {}; need equal sizes, or a score with "
                    "weights such as general",
                    choice.score, choice.query, choice.key));
}

AnyAlign::AnyAlign(const AttentionChoice& choice, Generator& generator)
    : held_(find("alignment", kAligns, choice.align).make(choice, generator)) {}

AnyAttention make_attention(AttentionChoice choice, int64_t query, int64_t key, Generator& generator) {
  choice.query = query;
  choice.key = key;
  AnyAlign align(choice, generator);  // draws before the score: by its own line, not by a compiler's order of arguments
  return AnyAttention(AnyScore(choice, generator), std::move(align));
}

}  // namespace fovea
