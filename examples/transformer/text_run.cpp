// Shakespeare: a decoder-only Transformer says what character comes next.
#include <fmt/format.h>
#include <fovea/fovea.h>
#include <fovea/optim/training/text/translator.h>

#include <algorithm>

#include "examples/common/attention_map.h"
#include "examples/transformer/text.h"

namespace fovea::examples {

using namespace text;
namespace {

class TextRun final : public Program {
 public:
  explicit TextRun(const Options& o)
      : Program(o, {.figure = "characters right %",
                    .unit = "windows",
                    .loss = "cross-entropy a character, nats",
                    .log_loss = false}),
        o_(o),
        text_(load_text(o)),
        model_(as_asked([&] {
          return TransformerLanguageModel({.transformer = o.transformer(),
                                           .vocabulary = static_cast<int64_t>(text_.alphabet.size()),
                                           .positions = o.place(),
                                           .max_length = std::max<int64_t>(512, o.context)},
                                          initial);
        })) {
    train_with(model_, o.make(parameters(model_)));
    each_step<Cosine>(o.cosine());
    trainer().state()("noise", noise_);
  }

 private:
  StepOutput step() override {
    const int64_t T = o_.context, last = static_cast<int64_t>(text_.training.size()) - T;
    Windows windows;
    for (int64_t b = 0; b < o_.batch; ++b) windows.add(text_.training, data.randint(0, last), T);
    const Tensor inputs = windows.input_ids(T), targets = windows.target_ids(T);
    return trainer().micro_batches(o_.batch, [&](MicroBatch& part) -> StepOutput {
      const Tensor target = part.rows(targets), logits = model_(part.rows(inputs), nullptr, part.stream(noise_));
      return {cross_entropy(logits, target), {mean(to(eq(argmax(logits.detach(), -1), target), f32)).item()}};
    });
  }

  // Over every `every`-th window of the validation text; windows follow each other and do not overlap.
  double validation_loss(int64_t every) const {
    const int64_t T = o_.context, count = (static_cast<int64_t>(text_.validation.size()) - 1) / T;
    double sum = 0, characters = 0;
    for (int64_t i = 0; i < count; i += 64 * every) {
      Windows windows;
      for (int64_t j = i; j < std::min(i + 64 * every, count); j += every) windows.add(text_.validation, j * T, T);
      sum += cross_entropy(model_(windows.input_ids(T)), windows.target_ids(T), {.reduction = Reduction::sum}).item();
      characters += static_cast<double>(windows.inputs.size());
    }
    return sum / characters;
  }

  double validate() override {
    const double loss = validation_loss(4);
    if (!line.quiet)
      trainer().sample(
          fmt::format("step {}: validation {:.4f} nats a character\n{}\n", trainer().step(), loss, generated(200)));
    return loss;
  }

  Metrics test() override {
    const double loss = validation_loss(1);
    say("{} characters of validation: {:.4f} nats a character\n{}", text_.validation.size(), loss, generated(400));
    return {{"validation_loss", loss}};
  }

  // A sample, from a stream of its own. It is written in pieces, each with the last half of the context before it: no
  // position is asked for that training never saw.
  std::string generated(int64_t count) const {
    std::vector<int64_t> ids;
    for (const char c : o_.beginning) ids.push_back(text_.id(c));
    Generator generator = root.fork(7);
    const auto end = static_cast<int64_t>(ids.size()) + count;
    while (static_cast<int64_t>(ids.size()) < end) {
      const auto size = static_cast<int64_t>(ids.size()), given = std::min(size, (o_.context + 1) / 2);
      const std::vector<int64_t> prompt(ids.end() - given, ids.end());
      const Tensor more = model_.generate(from(prompt, {1, given}),
                                          {.count = std::min(end - size, std::max<int64_t>(1, o_.context - given)),
                                           .temperature = o_.temperature,
                                           .top_k = o_.top_k,
                                           .generator = generator});
      for (int64_t t = 0; t < more.size(1); ++t) ids.push_back(more.at<int64_t>({0, t}));
    }
    return text_.text(ids);
  }

  void draw() override {
    const int64_t shown = std::min<int64_t>(o_.context, 32);
    const std::vector<int64_t> ids(text_.validation.begin(), text_.validation.begin() + shown);
    Words characters;
    for (const int64_t id : ids) characters.push_back(text_.text({id}));
    const auto seen = attended([&] { model_(from(ids, {1, shown})); });
    picture("attention.png",
            head_maps(seen, "self_attn", "",
                      {"where each character looked", "last input", "inputs before", characters, characters}));
  }

  // Where each character looks, and what would come next; the last ones, as many as a window of training has.
  void look(Recorder& recorder, const std::string& text) override {
    std::vector<int64_t> ids;
    for (const char c : text) ids.push_back(text_.id(c));
    if (ids.size() < 2) throw ValueError("--look: need at least two characters");
    const auto most = static_cast<std::ptrdiff_t>(std::min<int64_t>(o_.context + 1, static_cast<int64_t>(ids.size())));
    record_characters(recorder, {ids.end() - most, ids.end()});
  }
  void record(Recorder& recorder) override {
    const int64_t shown = std::min<int64_t>(o_.context, 32);
    record_characters(recorder, {text_.validation.begin(), text_.validation.begin() + shown + 1});
  }
  void record_characters(Recorder& recorder, const std::vector<int64_t>& ids) {
    const auto words = [this](const std::vector<int64_t>& some) {
      RecordedWords all;
      for (const int64_t id : some) all.push_back(text_.text({id}));
      return all;
    };
    const auto T = static_cast<int64_t>(ids.size()) - 1;
    const RecordedWords input = words({ids.begin(), ids.end() - 1}), next = words({ids.begin() + 1, ids.end()});
    const Tensor all = from(ids, {1, T + 1});
    recorder.sample(
        {.title = text_.text(ids), .texts = {{"input", input}, {"next", next}}, .queries = "input", .keys = "input"},
        [&](Recorded& seen) {
          const Tensor logits = model_(contiguous(slice(all, 1, 0, T))), best = argmax(logits.detach(), -1);
          std::vector<int64_t> foretold;
          for (int64_t t = 0; t < T; ++t) foretold.push_back(best.at<int64_t>({0, t}));
          seen.text("foretold", words(foretold));
          return cross_entropy(logits, contiguous(slice(all, 1, 1)));
        });
  }

  const Options& o_;
  CharacterText text_;
  Generator noise_ = root.fork(5);
  TransformerLanguageModel model_;
};

}  // namespace

int run_text(const Options& options) {
  TextRun run(options);
  return options.look.text.empty() ? run.run() : run.run_look();
}

}  // namespace fovea::examples
