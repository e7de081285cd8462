// babi: an end-to-end memory network reads stories and answers questions about them; it learns the twenty bAbI tasks.
//
//   babi --tasks 1,2 --hops 3 ...
//   babi --run DIR --ask FILE      a trained model at work: FILE has a story and questions
//   babi --run DIR --ask -         the same line by line from stdin: a question ends in "?", a line "1 ..." begins anew
//
// Training and its linear start: phases.h. The files: tasks.h, stories.h.
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/babi/evaluation.h"
#include "examples/babi/options.h"
#include "examples/babi/phases.h"
#include "examples/babi/tasks.h"

namespace fovea::examples {
namespace {

std::unique_ptr<Optimizer> optimizer_for(const Options& o, const MemN2N& model) {
  if (o.optimizer != "sgd") return nullptr;  // by its name
  return std::make_unique<SGD>(parameters(model), SGDOptions{.lr = o.learning_rate});
}

class Babi final : public Program {
 public:
  explicit Babi(const Options& o)
      : Program(o, {.figure = "wrong %", .unit = "questions", .loss = "cross-entropy an answer, nats"}),
        o_(o),
        data_(read_tasks(o.folder_of_tasks(), o.tasks)),
        vocabulary_(vocabulary_of(data_.training)),
        learned_(data_.training, data_.learned, vocabulary_, o.memory),
        validation_(data_.training, data_.validation, vocabulary_, o.memory),
        test_(data_.test, data_.tested, vocabulary_, o.memory),
        model_(make_model(o, vocabulary_.size(), initial)),
        phases_(o, model_),
        batches_(learned_, {.batch = o.batch}, data) {
    train_with(model_, optimizer_for(o, model_));
    phases_.members(trainer().state()("noise", noise_)("questions", batches_), optimizer());
    vocabulary_.save(file("words.txt"));
  }

  // --run DIR: everything comes from the run's folder.
  static Answer answers(const Options& o) {
    struct Trained {
      text::Vocabulary vocabulary;
      MemN2N model;
      StoryReader reader{false};
    };
    const std::filesystem::path folder = o.run;
    text::Vocabulary vocabulary = text::Vocabulary::load(folder / "words.txt");
    MemN2N model = make_model(o, vocabulary.size(), default_generator());
    load(model, (folder / "best.safetensors").string());
    const auto trained = std::make_shared<Trained>(Trained{std::move(vocabulary), std::move(model)});
    const auto answer = [trained, &o](const Stories& stories, size_t question, const std::string& where) {
      notice_unknown(stories.questions[question], stories, trained->vocabulary, where);
      const Questions one(stories, {question}, trained->vocabulary, o.memory);
      const NoGrad quiet;
      const Tensor z = logits_of(trained->model, collate({one.item(0)}));
      return trained->vocabulary.word(answers_of(z).at<int64_t>({0}));
    };
    return [trained, answer, flag = o.served_flag()](const std::string& text, const std::string& where) {
      std::string said;
      if (where != flag) {
        if (trained->reader.read_typed(text, where))
          said = answer(trained->reader.stories, trained->reader.stories.questions.size() - 1, where);
        return said;
      }
      const Stories stories = read_stories(text, false);
      for (size_t i = 0; i < stories.questions.size(); ++i) {
        if (i > 0) said += '\n';
        said += answer(stories, i, text);
      }
      return said;
    };
  }

 private:
  StepOutput step() override {
    phases_.begin_step(trainer().step(), optimizer(), root);
    const Batch batch = batches_.next();
    const Tensor times = noisy_times(batch.lengths[0], batch.fields[0].size(1), o_.noise, noise_);
    const Tensor z = logits_of(model_, batch, times), wrong = ne(answers_of(z.detach()), batch.fields[2]);
    const Tensor loss = cross_entropy(z, batch.fields[2]);
    // Summed over the batch, as the paper's rates are meant; what is shown is of one answer.
    StepOutput output{loss * static_cast<double>(batch.size()), {100 * mean(to(wrong, f64)).item()}, batch.size()};
    output.shown = loss.item();
    return output;
  }

  // Mean error of the tasks; while the start is linear nothing is kept.
  double validate() override {
    const TaskErrors errors = measure(model_, validation_);
    const bool linear = model_.linear_start();
    trainer().sample(fmt::format("step {}: validation{} {:.4f} nats, {:.2f} % wrong", trainer().step(),
                                 linear ? ", linear start:" : "", errors.loss, errors.mean()));
    phases_.validated(trainer().step(), errors.loss);
    return linear ? std::numeric_limits<double>::infinity() : errors.mean();
  }

  Metrics test() override {
    const TaskErrors errors = measure(model_, test_), learned = measure(model_, learned_);
    print_errors(errors, o_.joint(), o_.hops);
    Figures by_task;
    for (const auto& [task, percent] : errors.percent) by_task.emplace_back(std::to_string(task), percent);
    return {{"mean_error_percent", errors.mean()},
            {"failed_tasks", static_cast<double>(errors.failed())},
            {"error_percent", by_task},
            {"training_error_percent", learned.mean()}};
  }

  // Questions of up to four tasks, each with the longest story that a picture has room for.
  void draw() override {
    HeatmapPicture shown{.columns = 2, .title = "how much each hop reads of each sentence"};
    for (const int64_t task : tasks_to_show(o_.tasks))
      if (const auto index = question_to_show(test_, task))
        shown.panels.push_back(reading(model_, test_, *index, vocabulary_));
    picture("attention.png", shown);
  }

  // The last question of a story file; the loss is of the model's own answer.
  void look(Recorder& recorder, const std::string& text) override {
    const Stories stories = read_stories(text, false);
    if (stories.questions.empty()) throw ValueError(text + ": no question; need a story with at least one");
    const size_t last = stories.questions.size() - 1;
    notice_unknown(stories.questions[last], stories, vocabulary_, text);
    record_question(recorder, model_, Questions(stories, {last}, vocabulary_, o_.memory), 0, vocabulary_);
  }
  void record(Recorder& recorder) override {
    for (const int64_t task : tasks_to_show(o_.tasks))
      if (const auto index = question_to_show(test_, task))
        record_question(recorder, model_, test_, *index, vocabulary_);
  }

  const Options& o_;
  TaskData data_;
  text::Vocabulary vocabulary_;
  Questions learned_, validation_, test_;
  Generator noise_ = root.fork(3);
  MemN2N model_;
  Phases phases_;
  Batches batches_;
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, Babi>(argc, argv);
}
