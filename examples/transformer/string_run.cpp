// The tasks over strings: a Transformer with encoder and decoder.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/fovea.h>
#include <fovea/optim/training/text/translator.h>

#include "examples/common/attention_map.h"
#include "examples/common/record_pair.h"
#include "examples/transformer/ablation.h"
#include "examples/transformer/options.h"
#include "examples/transformer/strings.h"

namespace fovea::examples {
namespace {

class StringRun final : public Program {
 public:
  explicit StringRun(const Options& o)
      : Program(o, {.figure = "tokens right %", .unit = "strings", .loss = "cross-entropy a token, nats"}),
        o_(o),
        strings_({o.task, o.min_length, o.max_length, o.answer == "backwards"}),
        model_(as_asked([&] {
          return TransformerModel({.transformer = o.transformer(),
                                   .source_vocabulary = strings_.vocabulary().size(),
                                   .positions = o.place(),
                                   .max_length = std::max<int64_t>(512, o.max_length + 2)},
                                  initial);
        })),
        translator_(model_, strings_.vocabulary(), strings_.vocabulary(), {.max_length = strings_.max_answer()}) {
    train_with(model_, o.make(parameters(model_)));
    each_step<Cosine>(o.cosine());
    trainer().state()("noise", noise_);
  }

 private:
  StepOutput step() override {
    std::vector<Pair> pairs;
    for (int64_t b = 0; b < o_.batch; ++b) pairs.push_back(strings_.draw(Part::training, data));
    return in_parts(translator_.batch(pairs), [this](const PairBatch& some, MicroBatch& part) {
      return token_loss(translator_.logits(some, {.generator = part.stream(noise_)}), some.targets);
    });
  }

  // Wrong strings in percent; the loss decides between weights that are equal in these.
  double validate() override {
    const std::vector<Pair> pairs = strings_.draw(Part::validation, 500, root.fork(3));
    const auto right = translator_.measure(pairs);
    const PairBatch batch = translator_.batch(pairs);
    const double loss = token_loss(translator_.logits(batch), batch.targets).loss.item();
    trainer().sample(fmt::format("step {}: {:.2f} % of the tokens, {:.1f} % of the strings right", trainer().step(),
                                 right.token_percent, right.exact_percent));
    return 100 - right.exact_percent + std::min(loss, 1.0) * 0.1;
  }

  Metrics test() override {
    const std::vector<Pair> pairs = strings_.draw(Part::test, o_.test_size, root.fork(4));
    const auto right = translator_.measure(pairs);
    say("{} held-out strings: {:.3f} % of the tokens right, {:.2f} % of the strings without a mistake", o_.test_size,
        right.token_percent, right.exact_percent);
    Metrics metrics{{"token_percent", right.token_percent},
                    {"exact_percent", right.exact_percent},
                    {"test_strings", static_cast<double>(o_.test_size)}};
    if (o_.ablate) ablate(pairs, metrics);
    return metrics;
  }

  // A line for each part that is taken away, two figures for each digit.
  void ablate(const std::vector<Pair>& sums, Metrics& metrics) {
    const Ablation ablation(model_, o_.heads, translator_, sums, o_.answer == "backwards");
    const std::array<std::string, 4> places{"units", "tens", "hundreds", "thousands"};
    Figures right, wrong_carry;
    const auto show = [&](const std::string& without, const DigitAnswers& digits) {
      fmt::print("{:<16}", without);
      for (size_t p = 4; p-- > 0;) {
        fmt::print("{:>7.1f} ({:4.1f})", digits.right[p], digits.wrong_carry[p]);
        right.emplace_back(fmt::format("{}.{}", without, places[p]), digits.right[p]);
        wrong_carry.emplace_back(fmt::format("{}.{}", without, places[p]), digits.wrong_carry[p]);
      }
      fmt::print("\n");
    };
    fmt::print("digits right, and in brackets those with the wrong carry, in percent\n{:<16}", "without");
    for (size_t p = 4; p-- > 0;) fmt::print("{:>14}", places[p]);
    fmt::print("\n");
    show("nothing", ablation.whole());
    for (int64_t p = 0; p < 3; ++p) show(places[static_cast<size_t>(p)], ablation.without_place(p));
    for (int64_t layer = 0; layer < o_.layers; ++layer)
      for (int64_t head = 0; head < o_.heads; ++head)
        show(fmt::format("layer{}.head{}", layer + 1, head + 1), ablation.without_head(layer, head));
    metrics.emplace_back("right", right), metrics.emplace_back("wrong_carry", wrong_carry);
  }

  // Digits, along the model's own answer.
  void look(Recorder& recorder, const std::string& text) override {
    text::Words signs;
    for (const char sign : text)
      if (sign != ' ') signs.emplace_back(1, sign);
    for (const std::string& sign : signs)
      if (!translator_.source().knows(sign))
        throw ValueError(fmt::format("--look: '{}' was not learned; the task has digits and, to add, a +", sign));
    record_pair(recorder, translator_, {signs, translator_.translate({signs}).front()});
  }
  void record(Recorder& recorder) override {
    for (const Pair& pair : strings_.draw(Part::test, 2, root.fork(5))) record_pair(recorder, translator_, pair);
  }

  void draw() override {
    auto [source, expected] = strings_.draw(Part::test, 1, root.fork(6)).front();
    auto [output, call] = translator_.reading(source);
    say("{} -> {}", fmt::join(source, ""), fmt::join(output, ""));
    const auto seen = attended(call);
    source.push_back("<end>");
    picture("attention.png", head_maps(seen, "multihead_attn", "",
                                       compared({.title = o_.task + ": where each output character looked",
                                                 .row_title = "output",
                                                 .column_title = "source",
                                                 .columns = source},
                                                output, expected, fmt::format("{}", fmt::join(expected, "")))));
    picture("encoder.png",
            head_maps(seen, "self_attn", "encoder",
                      {o_.task + ": where each source character looked", "source", "source", source, source}));
  }

  const Options& o_;
  StringSource strings_;
  Generator noise_ = root.fork(5);
  TransformerModel model_;
  Translator translator_;
};

}  // namespace

int run_strings(const Options& options) {
  StringRun run(options);
  return options.look.text.empty() ? run.run() : run.run_look();
}

}  // namespace fovea::examples
