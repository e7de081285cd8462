// dates: RNNsearch learns to turn dates as people write them into ISO dates, character by character, and shows which
// characters it reads for each that it writes.
//
//   dates --hidden 64 --cell gru ...
//   dates --run DIR --convert "3 May 1979"      a trained model at work; --convert - reads stdin
//
// The days of training, validation and test are different days (dates.h).
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/fovea.h>
#include <fovea/optim/training/text/translator.h>

#include "examples/common/attention_map.h"
#include "examples/common/program.h"
#include "examples/common/record_pair.h"
#include "examples/dates/dates.h"

namespace fovea::examples {
namespace {

struct Options : CommandLine {
  Options()
      : CommandLine({.name = "dates",
                     .description = "RNNsearch learns to turn dates as people write them into ISO dates.",
                     .serves = "convert"},
                    {.task = "iso",
                     .steps = 6000,
                     .batch = 64,
                     .learning_rate = 2e-3,
                     .validate_every = 200,
                     .early_stop = 4}) {}
  int64_t& hidden = whole("hidden", "size of the states and of the attention", 64, 2, 4096);
  int64_t& embedding = whole("embedding", "size of a character's embedding", 32, 1, 4096);
  std::string& cell = choice("cell", "recurrent cell", cell_names(), "gru");
  std::string& score = choice("score", "score of the attention", {"additive", "general", "concat"});
  double& decay = real("decay", "what the rate is multiplied by after a good validation", 0.7, 0.01, 1);
  double& average = real("average", "decay of the moving average of the weights, which is what is tested; 0: none",
                         0.99, 0, 0.999999);
  int64_t& test_size = may_change(whole("test-size", "dates of the test", 2000, 1));
};

RnnSearch make_model(const Options& o, Generator& generator) {
  return RnnSearch({.source_vocabulary = date_characters().size(),
                    .embed_dim = o.embedding,
                    .hidden_size = o.hidden,
                    .cell = o.cell,
                    .attention = {.score = o.score, .width = o.hidden}},
                   generator);
}

Translator translator_of(RnnSearch& model) {
  return Translator(model, date_characters(), date_characters(), {.max_length = 11, .source_end = false});
}

class Dates final : public Program {
 public:
  explicit Dates(const Options& o)
      : Program(o, {.figure = "characters right %", .unit = "dates", .loss = "cross-entropy a character, nats"}),
        o_(o),
        model_(as_asked([&] { return make_model(o, initial); })),
        averaged_(clone(model_)),
        learning_(translator_of(model_)),
        translator_(translator_of(averaged_)) {
    train_with(model_);
    average_into(averaged_, o.average);
    schedule_ = &schedule<StepDecay>(StepDecayOptions{.every = 1, .gamma = o.decay});
    trainer().state()("schedule", *schedule_);
  }

  // --run DIR: the model comes from the run's folder.
  static Answer answers(const Options& o) {
    const auto model = std::make_shared<RnnSearch>(make_model(o, default_generator()));
    load(*model, (std::filesystem::path(o.run) / "best.safetensors").string());
    return [model](const std::string& text, const std::string& where) {
      if (text.empty()) throw ValueError(where + ": nothing to convert; need a date such as \"3 May 1979\"");
      check_characters(text, where);
      return fmt::format("{}", fmt::join(translator_of(*model).translate({characters(text)}).front(), ""));
    };
  }

 private:
  StepOutput step() override {
    const PairBatch batch = learning_.batch(draw_pairs(o_.batch, Share::training, data));
    return token_loss(learning_.logits(batch), batch.targets);
  }

  // Percent of wrong dates. The rate falls where it is less than one in a hundred.
  double validate() override {
    Generator fresh = root.fork(3);
    const double wrong = 100 - translator_.measure(draw_pairs(500, Share::validation, fresh)).exact_percent;
    if (wrong < 1) schedule_->step();
    return wrong;
  }

  Metrics test() override {
    Generator test = root.fork(4);
    const double all = translator_.measure(draw_pairs(o_.test_size, Share::test, test)).exact_percent;
    say("{} dates of days held out: {:.2f} % right to the last character", o_.test_size, all);
    Figures by_form;
    for (int64_t form = 0; form < forms(); ++form) {
      const std::vector<Pair> pairs = draw_pairs(200, Share::test, test, form);
      by_form.emplace_back(written(10837, form), translator_.measure(pairs).exact_percent);
      say("  {:<26} {:5.1f} %", by_form.back().first, by_form.back().second);
    }
    return {{"exact_percent", all}, {"exact_percent_by_form", by_form}};
  }

  void draw() override {
    Generator test = root.fork(5);
    HeatmapPicture shown{.columns = 2, .title = "where the model looks while it writes each character"};
    for (const int64_t form : {2, 6, 4, 9}) {
      auto [date, expected] = draw_pairs(1, Share::test, test, form).front();
      auto [output, call] = translator_.reading(date);
      const Tensor weights = select(cross_attention(call), 0, 0);  // [U, T]
      const std::string title = fmt::format("{}", fmt::join(date, ""));
      shown.panels.push_back(attention_map(
          weights, compared({.title = title, .row_title = "written", .column_title = "read", .columns = date}, output,
                            expected, fmt::format("{}", fmt::join(expected, "")), "end")));
    }
    picture("attention.png", shown);
  }

  // Along the model's own answer.
  void look(Recorder& recorder, const std::string& text) override {
    check_characters(text, "--look");
    const text::Words date = characters(text);
    record_pair(recorder, translator_, {date, translator_.translate({date}).front()});
  }
  void record(Recorder& recorder) override {
    Generator fresh = root.fork(5);
    for (const int64_t form : {2, 6})
      record_pair(recorder, translator_, draw_pairs(1, Share::test, fresh, form).front());
  }

  const Options& o_;
  RnnSearch model_, averaged_;
  Translator learning_, translator_;  // of model_, of averaged_
  Schedule* schedule_ = nullptr;
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Dates>(argc, argv);
}
