// cloze: a reader learns to find, in a story whose names mean nothing, who or what fills the gap of a question, and
// shows where it looks. Beside it, on the same stories, learns one that looks everywhere alike.
//
//   cloze --model attentive|impatient|uniform --sentences 5 --entities 8 ...
//   cloze --run DIR --ask "Ann sold the lamp to Bob. Eve lent the drum to Ann. @x lent the drum to Ann."
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/cloze/asked.h"
#include "examples/cloze/changed.h"
#include "examples/cloze/options.h"
#include "examples/cloze/recorded.h"

namespace fovea::examples {
namespace {

// The reader that looks everywhere alike.
struct Rival {
  Rival(const Options& o, const World& world, Generator& initial)
      : reader(make_reader(o, "uniform", world, initial)),
        optimizer(make_optimizer(o.optimizer, parameters(*reader), o.learning_rate)),
        schedule(*optimizer, {.total = o.anneal}),
        update(*optimizer, o.clip) {
    update.schedule(schedule);
  }
  double learn(const Batch& stories) {
    update.zero();
    const Tensor loss = nll_loss(log_p(*reader, stories), stories.fields[2]);
    update.apply(loss);
    return loss.item();
  }
  Box<Reader> reader;
  std::unique_ptr<Optimizer> optimizer;
  Cosine schedule;
  Update update;
};

class Cloze final : public Program {
 public:
  explicit Cloze(const Options& o)
      : Program(o, {.figure = o.compare ? "uniform loss" : "wrong %",
                    .unit = "stories",
                    .loss = "cross-entropy, nats",
                    .log_loss = false}),
        o_(o),
        world_(o.entities),
        reader_(make_reader(o, o.model, world_, initial)) {
    if (o.compare) rival_.emplace(o, world_, initial);
    train_with(*reader_);
    each_step<Cosine>(CosineOptions{.total = o.anneal});
    if (rival_)
      trainer().state()("uniform", *rival_->reader)("uniform_optimizer", *rival_->optimizer)("uniform_schedule",
                                                                                             rival_->schedule);
  }

  // --run DIR: the reader comes from the run's folder.
  static Answer answers(const Options& o) {
    const auto world = std::make_shared<World>(o.entities);
    const auto reader = std::make_shared<Box<Reader>>(make_reader(o, o.model, *world, default_generator()));
    load(**reader, (std::filesystem::path(o.run) / "best.safetensors").string());
    return [world, reader](const std::string& text, const std::string& where) {
      const AskedStory asked = AskedReader(*world, where).read(text);
      return asked.names.at(static_cast<size_t>(read_story(**reader, asked.story).answer));
    };
  }

 private:
  StepOutput step() override {
    const Batch fresh = fresh_stories(world_, o_.batch, o_.stories(Share::training), data);
    const Tensor p = log_p(*reader_, fresh);
    return {nll_loss(p, fresh.fields[2]), {rival_ ? rival_->learn(fresh) : 100 - percent_right(p.detach(), fresh)}};
  }

  double right(const Reader& reader, Share share, int64_t count, const Generator& generator) const {
    return percent_right(reader, world_, o_.stories(share), count, generator);
  }

  double validate() override { return 100 - right(*reader_, Share::training, 500, root.fork(3)); }

  Metrics test() override {
    const double found = right(*reader_, Share::test, o_.test_size, root.fork(4));
    say("{} fresh stories: {:.2f} % of the gaps filled right", o_.test_size, found);
    Metrics metrics{{"accuracy_percent", found}};
    if (rival_) {
      const double uniform = right(*rival_->reader, Share::test, o_.test_size, root.fork(4));
      say("the reader that looks everywhere alike: {:.2f} %", uniform);
      metrics.emplace_back("uniform_accuracy_percent", uniform);
    }
    if (o_.change_weights > 0) metrics.emplace_back("changed_weights", changed());
    return metrics;
  }

  Figures changed() const {
    Generator fresh = root.fork(6);
    std::vector<Story> stories;
    for (int64_t i = 0; i < o_.change_weights; ++i) stories.push_back(tell(world_, o_.stories(Share::test), fresh));
    Figures found = changed_weights(*reader_, stories, {}, fresh);
    for (const auto& [name, value] : found) say("weights changed, {:<22} {:.3f}", name, value);
    return found;
  }

  std::vector<Series> losses(const MetricsTable& metrics) const override {
    std::vector<Series> all = Program::losses(metrics);
    all.front().name = o_.model;
    if (rival_) all.push_back({"uniform", metrics.column("step"), metrics.column("uniform loss")});
    return all;
  }

  // Two stories with the weight on each word; the impatient reader has a row for each word of the question.
  void draw() override {
    Generator generator = root.fork(5);
    HeatmapPicture rows{.title = "where the impatient reader looks at each word of the question"};
    WeightedTextPicture words{.title = fmt::format("where the {} reader looks", o_.model)};
    for (int i = 0; i < 2; ++i) {
      const Story story = tell(world_, o_.stories(Share::test), generator);
      const ReadStory read = read_story(*reader_, story);
      if (o_.model == "impatient")
        rows.panels.push_back(rereading(world_, story, read));
      else
        words.panels.push_back(shaded(world_, story, read));
    }
    if (o_.model == "impatient")
      picture("attention.png", rows);
    else
      picture("attention.png", words);
  }

  void look(Recorder& recorder, const std::string& text) override {
    const AskedStory asked = AskedReader(world_, "--look").read(text);
    record_story(recorder, *reader_, world_, asked.story, asked.names);
  }
  void record(Recorder& recorder) override {
    Generator generator = root.fork(5);
    for (int i = 0; i < 2; ++i)
      record_story(recorder, *reader_, world_, tell(world_, o_.stories(Share::test), generator));
  }

  const Options& o_;
  World world_;
  Box<Reader> reader_;
  std::optional<Rival> rival_{};
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Cloze>(argc, argv);
}
