// Shakespeare: a decoder-only Transformer says what character comes next.
#include <fmt/format.h>
#include <fovea/fovea.h>
#include <fovea/optim/training/text/translator.h>

#include <algorithm>

#include "examples/common/attention_map.h"
#include "examples/transformer/options.h"

namespace fovea::examples {

using namespace text;
namespace {

// A text as numbers: bytes that occur, in their order.
struct CharacterText {
  std::string alphabet{};
  std::vector<int64_t> training{}, validation{};  // the first nine tenths, and the rest

  int64_t id(char c) const {
    const size_t at = alphabet.find(c);
    if (at == std::string::npos)
      throw ValueError(fmt::format("the character with byte {} does not occur in the text; begin with others",
                                   static_cast<int>(static_cast<unsigned char>(c))));
    return static_cast<int64_t>(at);
  }
  // A line break and a space are hard to see.
  std::string visible(int64_t id) const {
    const char c = alphabet[static_cast<size_t>(id)];
    return c == '\n' ? "\u21b5" : c == ' ' ? "\u2423" : std::string(1, c);
  }
};

CharacterText load_text(const Options& o) {
  constexpr const char* name = "text/tinyshakespeare.txt";
  std::filesystem::path file;
  try {
    file = o.data_file(name);
  } catch (const FileError& error) {
    throw FileError(
        fmt::format("{}; it is data/tinyshakespeare/input.txt of github.com/karpathy/char-rnn, to be put as "
                    "DIR/{}; any other text will do",
                    error.what(), name));
  }
  const std::string text = read_text(file);
  if (static_cast<int64_t>(text.size()) < 20 * (o.context + 1))
    throw FileError(fmt::format("{}: {} characters; need at least {} for a context of {}", file.string(), text.size(),
                                20 * (o.context + 1), o.context));
  CharacterText found;
  for (int c = 0; c < 256; ++c)
    if (text.find(static_cast<char>(c)) != std::string::npos) found.alphabet += static_cast<char>(c);
  for (const char c : o.beginning) found.id(c);  // refused now rather than after training
  for (size_t i = 0; i < text.size(); ++i)
    (i < text.size() / 10 * 9 ? found.training : found.validation).push_back(found.id(text[i]));
  return found;
}

// Windows of a text, and the characters that come next: both i64 [B, T].
struct Windows {
  std::vector<int64_t> inputs{}, targets{};
  void add(const std::vector<int64_t>& text, int64_t at, int64_t T) {
    inputs.insert(inputs.end(), text.begin() + at, text.begin() + at + T);
    targets.insert(targets.end(), text.begin() + at + 1, text.begin() + at + T + 1);
  }
  Tensor input_ids(int64_t T) const { return from(inputs, {static_cast<int64_t>(inputs.size()) / T, T}); }
  Tensor target_ids(int64_t T) const { return from(targets, {static_cast<int64_t>(targets.size()) / T, T}); }
};

class TextRun final : public Program {
 public:
  explicit TextRun(const Options& o)
      : Program(o, {.figure = "characters right",
                    .unit = "windows",
                    .loss = "cross-entropy a character, nats",
                    .log_loss = false}),
        o_(o),
        text_(load_text(o)),
        model_(as_asked([&] {
          return TransformerLanguageModel({.transformer = o.transformer(),
                                           .vocabulary = static_cast<int64_t>(text_.alphabet.size()),
                                           .positions = Positions::sinusoidal},
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
    const Tensor target = windows.target_ids(T), logits = model_(windows.input_ids(T), nullptr, noise_);
    return {cross_entropy(logits, target), {mean(to(eq(argmax(logits.detach(), -1), target), f32)).item()}};
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
    fmt::print("{} characters of validation: {:.4f} nats a character\n{}\n", text_.validation.size(), loss,
               generated(400));
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
    std::string text;
    for (const int64_t id : ids) text += text_.alphabet[static_cast<size_t>(id)];
    return text;
  }

  void draw() override {
    const int64_t shown = std::min<int64_t>(o_.context, 32);
    const std::vector<int64_t> ids(text_.validation.begin(), text_.validation.begin() + shown);
    Words characters;
    for (const int64_t id : ids) characters.push_back(text_.visible(id));
    const auto seen = attended([&] { model_(from(ids, {1, shown})); });
    picture("attention.png",
            head_maps(seen, "self_attn", "",
                      {"where each character looked", "last input", "inputs before", characters, characters}));
  }

  const Options& o_;
  CharacterText text_;
  Generator noise_ = root.fork(5);
  TransformerLanguageModel model_;
};

}  // namespace

int run_text(const Options& options) { return TextRun(options).run(); }

}  // namespace fovea::examples
