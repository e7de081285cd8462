// fewshot: a network learns to learn characters that it never saw, from one to a few drawings of each.
//
//   fewshot --ways 5 --shots 5 --model snail|lstm ...
#include <fmt/format.h>
#include <fovea/fovea.h>

#include "examples/common/program.h"
#include "examples/fewshot/episodes.h"
#include "examples/fewshot/omniglot.h"
#include "examples/fewshot/options.h"
#include "examples/fewshot/pictures.h"
#include "examples/fewshot/recorded.h"

namespace fovea::examples {
namespace {

// The labels that are asked, i64 [B, Q].
Tensor asked(const Tensor& label, int64_t questions) { return slice(label, 1, label.size(1) - questions); }

double percent_right(const Tensor& y, const Tensor& label) {
  return 100 * mean(to(eq(argmax(y, 2), asked(label, y.size(1))), f64)).item();
}

class FewShot final : public Program {
 public:
  explicit FewShot(const Options& o)
      : Program(o, {.figure = "right %", .unit = "episodes", .loss = "cross-entropy of the label asked, nats"}),
        o_(o),
        test_(read_characters(o, "evaluation")),
        learner_(make_learner(o, initial)) {
    const Tensor background = read_characters(o, "background");
    const int64_t kept = std::max(background.size(0) / 10, o.ways);  // of the first alphabets
    training_ = with_rotations(slice(background, 0, kept));
    validation_ = contiguous(slice(background, 0, 0, kept));
    check_enough("training", training_, o.pool, o.shots + 1);
    check_enough("validation", validation_, o.ways, o.shots + 1);
    check_enough("test", test_, o.ways, o.shots + 1);
    train_with(*learner_);
    each_step<Cosine>(CosineOptions{.total = o.anneal});
  }

 private:
  StepOutput step() override {
    const int64_t ways = data.randint(2, o_.labels + 1), questions = o_.ask == "one" ? 1 : ways;
    const int64_t most = std::clamp<int64_t>(std::max(o_.labels, o_.ways * o_.shots) / ways, 1, o_.shots);
    const int64_t shots = data.randint(1, most + 1), drawings = shots + 1;
    const Tensor pool = draw_pool(o_.pool, training_.size(0), drawings, training_.size(1), data);
    const auto [drawing, label] = draw_episodes(o_.pool, drawings, {o_.labels, ways, shots, questions, o_.batch}, data);
    const Tensor images = moved(images_of(training_, flatten(pool)), o_.move, data);
    const Tensor y = (*learner_)(learner_->embedding(images), drawing, label, questions);
    return {cross_entropy(y, asked(label, questions)), {percent_right(y.detach(), label)}};
  }

  // % of `count` episodes; each drawing becomes a vector once.
  double right(const Tensor& characters, int64_t shots, int64_t count, Generator generator) const {
    std::vector<Tensor> features;
    for (int64_t first = 0, all = characters.size(0) * characters.size(1); first < all; first += 500)
      features.push_back(learner_->embedding(images_of(characters, arange(first, std::min(first + 500, all)))));
    const Tensor seen = cat(features, 0);
    double sum = 0;
    in_pieces(count, 250, [&](int64_t some) {
      const auto [drawing, label] =
          draw_episodes(characters.size(0), characters.size(1), {o_.labels, o_.ways, shots, 1, some}, generator);
      sum += percent_right((*learner_)(seen, drawing, label, 1), label) * static_cast<double>(some);
    });
    return sum / static_cast<double>(count);
  }

  double validate() override {
    const double one = right(validation_, 1, 1000, root.fork(3)),
                 all = right(validation_, o_.shots, 1000, root.fork(4));
    trainer().sample(fmt::format("step {}: validation {:.2f} % right of one drawing each, {:.2f} % of {}",
                                 trainer().step(), one, all, o_.shots));
    return 200 - one - all;
  }

  Metrics test() override {
    Figures accuracy;
    for (int64_t shots = 1; shots <= o_.shots; shots += std::max<int64_t>(1, o_.shots - 1)) {  // 1 and --shots
      accuracy.emplace_back(std::to_string(shots), right(test_, shots, o_.test_size, root.fork(5)));
      say("{} episodes of {} characters never seen, {} drawings of each: {:.2f} % right", o_.test_size, o_.ways, shots,
          accuracy.back().second);
    }
    return {{"accuracy_percent", accuracy}};
  }

  // One episode, and where the network looks from the drawing that is asked.
  void draw() override {
    Generator generator = root.fork(6);
    const int64_t shots = std::min<int64_t>(o_.shots, 2);
    const auto [drawing, label] =
        draw_episodes(test_.size(0), test_.size(1), {o_.labels, o_.ways, shots, 1, 1}, generator);
    const int64_t T = drawing.size(1);
    const Tensor images = images_of(test_, flatten(drawing));
    const WeightCollector collected;
    const Tensor p = softmax((*learner_)(learner_->embedding(images), reshape(arange(T), {1, T}), label, 1), 2);
    std::vector<Tensor> looks;
    for (const auto& [name, list] : collected.weights()) looks.push_back(select(select(list.front(), 0, 0), 0, -1));
    const int64_t answer = argmax(p, 2).item<int64_t>(), right = label.at<int64_t>({0, T - 1});
    HeatmapPicture shown{.title = fmt::format("answered {}, sure to {:.0f} %; it is {}", answer + 1,
                                              100 * p.at({0, 0, answer}), right + 1)};
    shown.panels.push_back(drawings_of(images, label));
    if (!looks.empty()) shown.panels.push_back(looks_of(looks, label));
    picture("episode.png", shown);
  }

  void look(Recorder& recorder, const std::string& text) override {
    record_drawings(recorder, *learner_, typed_drawings(text, o_.labels, std::max(o_.labels, o_.ways * o_.shots)));
  }
  void record(Recorder& recorder) override {
    Generator generator = root.fork(6);
    const EpisodeSizes sizes{o_.labels, o_.ways, std::min<int64_t>(o_.shots, 2), 1, 1};
    const auto [drawing, label] = draw_episodes(test_.size(0), test_.size(1), sizes, generator);
    record_drawings(recorder, *learner_, {images_of(test_, flatten(drawing)), label});
  }

  const Options& o_;
  Tensor training_{}, validation_{}, test_;
  Box<FewShotLearner> learner_;
};

}  // namespace
}  // namespace fovea::examples

int main(int argc, char** argv) {
  using namespace fovea::examples;
  return main_of<Options, FewShot>(argc, argv);
}
