// Text: code points, words, vocabularies, pairs from files, BLEU worked out by hand, splits and batches.
#include <fovea/autograd/ops.h>
#include <fovea/layers/seq2seq/encoder_decoder.h>
#include <fovea/optim/training/text/bleu.h>
#include <fovea/optim/training/text/corpus.h>
#include <fovea/optim/training/text/tokens.h>
#include <fovea/optim/training/text/translator.h>
#include <fovea/optim/training/text/utf8.h>
#include <fovea/optim/training/text_file.h>

#include <cmath>
#include <set>

#include "tests/catch.h"
#include "tests/scratch.h"

namespace fovea::text {
namespace {

using test::Approx;
using test::contains;
using test::Scratch;

// "a b c" -> a, b, c.
Words words(const std::string& text) { return tokenize(text); }

std::vector<Pair> pairs_of(const std::string& bytes, const PairLimits& limits = {}) {
  const Scratch scratch;
  write_text(scratch / "p.tsv", bytes);
  return read_pairs(scratch / "p.tsv", limits).pairs;
}

TEST_CASE("UTF-8: what is and what is not", "[text]") {
  for (const char* good : {"", "abc", "é", "\u202F", "\U0001F600", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"})
    CHECK_FALSE(invalid_utf8(good));
  CHECK(invalid_utf8("ab\xFF") == 2);
  CHECK(invalid_utf8("\xC3") == 0);              // cut off
  CHECK(invalid_utf8("a\xC3(") == 1);            // no continuation
  CHECK(invalid_utf8("\x80") == 0);              // a continuation alone
  CHECK(invalid_utf8("\xC0\xAF") == 0);          // overlong
  CHECK(invalid_utf8("\xE0\x9F\xBF") == 0);      // overlong
  CHECK(invalid_utf8("\xED\xA0\x80") == 0);      // a surrogate
  CHECK(invalid_utf8("\xF0\x8F\xBF\xBF") == 0);  // overlong
  CHECK(invalid_utf8("\xF4\x90\x80\x80") == 0);  // above U+10FFFF
  CHECK(invalid_utf8("caf\xE9") == 3);           // Latin-1
}

TEST_CASE("lower case in every script", "[text]") {
  for (const auto& [upper, lower] :
       std::initializer_list<std::pair<const char*, const char*>>{{"AÉŒŸŽ", "aéœÿž"},
                                                                  {"Ω Ό Όχι", "ω ό όχι"},
                                                                  {"ЖЁҐ", "жёґ"},
                                                                  {"ȘƠƯẾ", "șơưế"},
                                                                  {"İI", "ii"},
                                                                  {"ԲԵ", "բե"},
                                                                  {"Ꭰ", "ꭰ"},
                                                                  {"\U00010400", "\U00010428"},
                                                                  {"ẞ", "ß"},
                                                                  {"ΟΔΟΣ ΣΑΣ Σ ΆΣ, Σ2", "οδος σας σ άς, σ2"}})
    CHECK(lower_case(upper) == lower);
  for (const char* text : {"zéœ×÷ß9[ω", "σ ς", "語", "\u02BC", ""}) CHECK(lower_case(text) == text);
}

TEST_CASE("characters as a reader sees them, their kinds, their columns", "[text]") {
  const auto characters_of = [](std::string_view text) {
    Words all;
    for (size_t position = 0; position < text.size();) all.emplace_back(next_character(text, position));
    return all;
  };
  CHECK(characters_of("e\u0301a") == Words{"e\u0301", "a"});
  CHECK(characters_of("🇫🇷🇩🇪👩‍👧!") == Words{"🇫🇷", "🇩🇪", "👩‍👧", "!"});
  CHECK(kind_of("٣") == CharacterKind::letter);
  CHECK(kind_of("!") == CharacterKind::sign);
  CHECK(kind_of("\u2009") == CharacterKind::space);
  CHECK(kind_of("\uFEFF") == CharacterKind::invisible);
  CHECK(with_plain_spaces("\uFEFF 3\u00A0\u202FMay\t1979 \r") == "3 May 1979");
  CHECK(with_plain_spaces("\u200B \n").empty());
  CHECK(columns_of("abc") == 3);
  CHECK(columns_of("e\u0301語") == 3);
  CHECK(first_columns("ab語c", 3) == "ab");
  CHECK(first_columns("ab語c", 4) == "ab語");
  CHECK(first_columns("", 4).empty());
}

TEST_CASE("a sentence is taken apart into words and marks", "[text]") {
  CHECK(tokenize("Pourquoi es-tu là\u202F?") == Words{"pourquoi", "es", "-tu", "là", "?"});
  CHECK(tokenize("ÇA\u00A0ALORS\u2009!") == Words{"ça", "alors", "!"});
  CHECK(tokenize("I don't know.") == Words{"i", "don'", "t", "know", "."});
  CHECK(tokenize("L\u2019homme, aujourd'hui") == Words{"l'", "homme", ",", "aujourd'", "hui"});
  CHECK(tokenize("y a-t-il") == Words{"y", "a", "-t", "-il"});
  CHECK(tokenize("well - no-") == Words{"well", "-", "no", "-"});
  CHECK(tokenize("«Oui…»") == Words{"«", "oui", "…", "»"});
  CHECK(tokenize("It's 3:30!") == Words{"it'", "s", "3", ":", "30", "!"});
  CHECK(tokenize("L\u02BCHOMME") == Words{"l'", "homme"});
  CHECK(tokenize("كيف حالك؟") == Words{"كيف", "حالك", "؟"});
  CHECK(tokenize("نعم، لا؛ ربما") == Words{"نعم", "،", "لا", "؛", "ربما"});
  CHECK(tokenize("वह घर गया।") == Words{"वह", "घर", "गया", "।"});
  CHECK(tokenize("می\u200Cخواهم") == Words{"می\u200Cخواهم"});
  CHECK(tokenize("你好！好？") == Words{"你好", "！", "好", "？"});
  CHECK(tokenize("Fuß\u00ADball\uFEFF ❤️🇫🇷") == Words{"fußball", "❤️", "🇫🇷"});
  CHECK(tokenize("H₂O, ½ €") == Words{"h₂o", ",", "½", "€"});
  CHECK(tokenize(" \t\u3000 ").empty());
  CHECK(tokenize("").empty());
  for (const char* text :
       {"pourquoi es-tu là ?", "l'homme, aujourd'hui.", "don't go (now).", "كيف حالك؟", "वह।", "好！"})
    CHECK(sentence_of(tokenize(text)) == text);
}

TEST_CASE("a vocabulary has the most frequent words", "[text]") {
  const Words first = words("b a c b"), second = words("a b d");
  const Vocabulary all = Vocabulary::count({&first, &second}, 100);
  CHECK(all.size() == 8);
  CHECK(all.word(0) == "<pad>");
  CHECK(all.words({4, 5, 6, 7}) == Words{"b", "a", "c", "d"});  // 3, 2, 1, 1
  const Vocabulary few = Vocabulary::count({&second, &first}, 6);
  CHECK(few.ids(words("a b c zebra")) == std::vector<int64_t>{5, 4, Vocabulary::unknown, Vocabulary::unknown});
  CHECK(Vocabulary::count({&first, &second}, 100, 2).size() == 6);
  CHECK(few.knows("b"));
  CHECK_FALSE(few.knows("c"));
  CHECK_THROWS_AS(few.word(6), IndexError);
  CHECK_THROWS_AS(few.word(-1), IndexError);

  const Scratch scratch;
  few.save(scratch / "v.txt");
  const Vocabulary again = Vocabulary::load(scratch / "v.txt");
  CHECK(again.size() == few.size());
  CHECK(again.ids(words("b a")) == few.ids(words("b a")));
  for (const char* bad : {"", "<pad>\n<begin>\n", "a\nb\nc\nd\n", "<pad>\n<begin>\n<end>\n<unk>\na\na\n",
                          "<pad>\n<begin>\n<end>\n<unk>\n\nb\n"}) {
    write_text(scratch / "bad.txt", bad);
    CHECK_THROWS_AS(Vocabulary::load(scratch / "bad.txt"), FileError);
  }
  CHECK_THROWS_AS(Vocabulary::load(scratch / "none.txt"), FileError);
}

TEST_CASE("pairs are read from the first two columns", "[text]") {
  const auto found = pairs_of("\xEF\xBB\xBFGo.\tVa !\r\nRun!\tCours\u202F!\tCC-BY 2.0\tmore\nLast\tDernier");
  REQUIRE(found.size() == 3);
  CHECK(found[0].source == Words{"go", "."});
  CHECK(found[0].target == Words{"va", "!"});
  CHECK(found[1].target == Words{"cours", "!"});
  CHECK(found[2].target == Words{"dernier"});

  const Scratch scratch;
  write_text(scratch / "p.tsv", "\n \na\tb\nc\t\n\td\na b c\td\na\tb c d\n");
  const PairFile file = read_pairs(scratch / "p.tsv", {.max_length = 2});
  CHECK(file.pairs.size() == 1);
  CHECK(file.empty == 4);
  CHECK(file.too_long == 2);
  CHECK_THAT(file.report({.max_length = 2}), contains("4 lines without words"));
  CHECK_THAT(file.report({.max_length = 2}), contains("2 pairs longer than 2 tokens"));
}

TEST_CASE("what is no pair names its line", "[text]") {
  CHECK_THROWS_WITH(pairs_of("a\tb\nno tab here\n"), contains("p.tsv:2: one column"));
  CHECK_THROWS_WITH(pairs_of("a\tb\n\nc\tcaf\xE9\n"), contains("p.tsv:3: byte 6 of the line is not UTF-8"));
  CHECK_THROWS_WITH(pairs_of("a\tb\nc\t" + std::string(200, 'd') + "\n", {.max_line = 100}),
                    contains("p.tsv:2: a line of 202 bytes"));
  CHECK_THROWS_WITH(pairs_of(""), contains("no pair of at most 10 tokens"));
  CHECK_THROWS_AS(pairs_of("a b c\td\n", {.max_length = 2}), FileError);
  CHECK_THROWS_AS(read_pairs("/nowhere/p.tsv", {}), FileError);
}

TEST_CASE("BLEU, worked out by hand", "[text]") {
  const auto one = [](const std::string& candidate, const std::vector<std::string>& references) {
    std::vector<Words> list;
    for (const std::string& reference : references) list.push_back(words(reference));
    return bleu({words(candidate)}, {list});
  };
  CHECK(one("a b c d e", {"a b c d e"}) == Approx(100));
  // 5/6, 3/5, 2/4, 1/3
  CHECK(one("a b c d e f", {"a b c d x f"}) == Approx(100 * std::pow(5.0 / 6 * 3 / 5 * 2 / 4 * 1 / 3, 0.25)));
  // All right, but two words short: exp(1 - 7/5).
  CHECK(one("a b c d e", {"a b c d e f g"}) == Approx(100 * std::exp(-0.4)));
  // A word counts as often as the reference has it: 4/8, 3/7, 2/6, 1/5.
  CHECK(one("a b c d a b c d", {"a b c d"}) == Approx(100 * std::pow(4.0 / 8 * 3 / 7 * 2 / 6 * 1 / 5, 0.25)));
  // Each n-gram from the reference that has it most often, 5/5, 4/4, 2/3, 1/2; the nearest length is 5, not 9.
  CHECK(one("a b c d e", {"a b c d x", "y b c x d e q r s"}) ==
        Approx(100 * std::pow(1.0 * 1.0 * 2 / 3 * 1 / 2, 0.25)));
  CHECK(one("a b c d e f", {"a b c d", "c d e f a b c d"}) == Approx(100 * std::pow(1.0 * 1 * 2 / 2 * 2 / 3, 0.25)));
  // Above, of two equally near lengths, 4 and 8, the shorter counted: no penalty. With 8 alone: exp(1 - 8/6).
  CHECK(one("a b c d e f", {"a b c d e f g h"}) == Approx(100 * std::exp(1 - 8.0 / 6)));
  // No smoothing.
  CHECK(one("a b c x", {"a b c d"}) == 0);
  CHECK(one("", {"a b c d"}) == 0);
  // A corpus pools its counts: (4+1)/(4+4), (3+0)/(3+3), (2+0)/(2+2), (1+0)/(1+1).
  CHECK(bleu({words("a b c d"), words("a x y z")}, {{words("a b c d")}, {words("a b c d")}}) ==
        Approx(100 * std::pow(5.0 / 8 * 3 / 6 * 2 / 4 * 1 / 2, 0.25)));
  CHECK_THROWS_AS(bleu({words("a")}, {}), ShapeError);
  CHECK_THROWS_AS(bleu({words("a")}, {{}}), ShapeError);
}

TEST_CASE("no source sentence is on both sides of a split", "[text]") {
  std::vector<Pair> pairs;
  for (int i = 0; i < 300; ++i)
    pairs.push_back({{std::to_string(i % 100), "x"}, {std::to_string(i)}});  // three translations each
  const Split split = split_by_source(pairs, 10, 20);
  CHECK(split.test.size() == 20);
  CHECK(split.validation.size() == 10);
  CHECK(split.training.size() == 70 * 3);
  std::set<Words> seen;
  for (const auto* side : {&split.test, &split.validation})
    for (const Sentence& sentence : *side) {
      CHECK(sentence.references.size() == 3);
      CHECK(seen.insert(sentence.source).second);
    }
  for (const Pair& pair : split.training) CHECK(seen.count(pair.source) == 0);
  std::reverse(pairs.begin(), pairs.end());
  CHECK(split_by_source(pairs, 10, 20).test[0].source == split.test[0].source);
  CHECK_THROWS_AS(split_by_source(pairs, 50, 50), ValueError);
}

TEST_CASE("pairs become ids with marks, padded; a closed vocabulary has no other word", "[text]") {
  Generator generator(1);
  EncoderDecoder model({.source_vocabulary = 6, .embed_dim = 4, .hidden_size = 4}, generator);
  const Vocabulary words = Vocabulary::of(characters("ab"), true);
  CHECK(words.size() == 5);
  CHECK_THROWS_AS(words.id("c"), IndexError);
  const Translator translator(model, words, words, {.max_length = 4});
  const PairBatch batch = translator.batch({{characters("ab"), characters("b")}, {characters("a"), characters("ba")}});
  CHECK(equal(batch.source, from(std::vector<int64_t>{3, 4, 2, 3, 2, 0}, {2, 3})));
  CHECK(equal(batch.lengths, from(std::vector<int64_t>{3, 2}, {2})));
  CHECK(equal(batch.input_ids, from(std::vector<int64_t>{1, 4, 0, 1, 4, 3}, {2, 3})));
  CHECK(equal(batch.targets, from(std::vector<int64_t>{4, 2, 0, 4, 3, 2}, {2, 3})));

  // A model whose every output is "b", without an end.
  const NoGrad quiet;
  Tensor(model.output.weight.tensor()).zero_();

  Tensor(model.output.bias.tensor()).copy_(from(std::vector<float>{0, 0, 0, 0, 9, 0}, {6}));
  CHECK(translator.translate({characters("ab")}).front() == characters("bbbb"));
  const auto right = translator.measure({{characters("a"), characters("bb")}, {characters("b"), characters("ab")}});
  CHECK(right.exact_percent == 0);
  CHECK(right.token_percent == Approx(50));  // b b of b b <end>, b of a b <end>
  const Tensor logits = model.output.bias.tensor().detach();
  const StepOutput step =
      token_loss(expand(reshape(logits, {1, 1, 6}), {1, 3, 6}), from(std::vector<int64_t>{4, 2, 0}, {1, 3}));
  CHECK(step.figures.front() == 50);  // <pad> does not count
}

}  // namespace
}  // namespace fovea::text
