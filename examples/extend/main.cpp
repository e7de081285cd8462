// extend: checks the gradient of an attention that the library does not have (nearness.h), and trains it to look
// values up: the query is one of the keys in an unknown code, with noise, and the answer is the value beside that key.
//
//   extend [--seed S] [--steps N] [--out FOLDER]     --out: the run is kept there, and gone on with if it is there
#include <fovea/fovea.h>

#include <cstdio>
#include <map>
#include <optional>

#include "nearness.h"

using namespace fovea;

namespace {

constexpr int64_t items = 8, size = 8;

struct Questions {
  Tensor query, keys, values, wanted;  // [B, D], [B, T, D], [B, T, 1], i64 [B]
};

// code is a rotation: what the attention has to undo.
Questions ask(int64_t batch, const Tensor& code, Generator& generator) {
  const Tensor keys = normal({batch, items, size}, 0, 1, generator), wanted = randint({batch}, 0, items, generator);
  const Tensor key = gather(keys, 1, expand(reshape(wanted, {batch, 1, 1}), {batch, 1, size}));
  const Tensor query = matmul(squeeze(key, 1), code) + normal({batch, size}, 0, 0.05, generator);
  return {query, keys, normal({batch, items, 1}, 0, 1, generator), wanted};
}

// By query, keys, W and b.
GradcheckResult check_gradient() {
  Generator generator(1);
  std::vector<Tensor> inputs;
  for (const Shape& shape : {Shape{2, 3, 3}, Shape{2, 5, 4}, Shape{4, 3}, Shape{}})
    inputs.push_back(uniform(shape, -1, 1, generator, f64).requires_grad_());
  return gradcheck([](const std::vector<Tensor>& x) { return std::vector{nearness(x[0], x[1], x[2], x[3])}; }, inputs);
}

double percent_right(const NearnessAttention& attention, const Tensor& code, Generator generator) {
  const NoGrad guard;
  const Questions asked = ask(2000, code, generator);
  const Tensor found = argmax(attention(asked.query, asked.keys, asked.values).alignment.weights, -1);
  return 100 * mean(to(eq(found, asked.wanted), f64)).item();
}

int run(uint64_t seed, int64_t steps, const std::string& folder) {
  const GradcheckResult checked = check_gradient();
  std::printf("gradient of nearness: %s\n", checked ? "agrees with differences" : checked.message.c_str());
  if (!checked) return 1;

  const Generator root(seed);
  Generator initial = root.fork(1);
  const Tensor code = init::orthogonal({size, size}, initial);
  NearnessAttention attention(NearnessScore(size, size, initial));
  Generated<Questions> data(root.fork(2), [&](Generator& g) { return ask(64, code, g); });
  Adam adam(parameters(attention), {.lr = 0.01});
  Trainer trainer(attention, adam, {.steps = steps});
  std::optional<RunFolder> kept;
  if (!folder.empty()) trainer.folder(kept.emplace(RunFolder::open(folder)));
  trainer.events().subscribe("the screen", [](const Event& e) {
    if (e.kind == Event::Kind::step && e.step % 200 == 1)
      std::printf("step %4d: loss %.4f\n", static_cast<int>(e.step - 1), e.figures[0]);
  });
  const auto ended = trainer.run(data, [&](const Questions& asked) {
    const Tensor answer = attention(asked.query, asked.keys, asked.values).context;  // [B, 1]
    return mse_loss(answer, gather(squeeze(asked.values, -1), 1, unsqueeze(asked.wanted, 1)));
  });
  if (ended == Trainer::Ended::interrupted) return 130;

  const double right = percent_right(attention, code, root.fork(3));
  std::printf("2000 fresh questions: %.2f %% of the keys found\n", right);
  if (kept)
    kept->write_summary({"extend",
                         "retrieval",
                         seed,
                         num_threads(),
                         trainer.step(),
                         trainer.seconds(),
                         parameter_count(attention),
                         {{"exact_percent", right}}});
  return 0;
}

constexpr const char* kUsage = "usage: extend [--seed S] [--steps N] [--out FOLDER]";

int usage(const std::string& why) {
  std::fprintf(stderr, "extend: %s\n%s\n", why.c_str(), kUsage);
  return 2;
}

// The exit code, or 1 where what was said did not reach stdout.
int printed(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  std::perror("extend: cannot write to standard output");
  return code == 0 ? 1 : code;
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> flags{{"--seed", "1"}, {"--steps", "1000"}, {"--out", ""}};
  if (argc == 2 && std::string(argv[1]) == "--help") return std::puts(kUsage), printed(0);
  for (int i = 1; i < argc; i += 2) {
    if (flags.count(argv[i]) == 0) return usage(std::string("unknown flag ") + argv[i]);
    if (i + 1 == argc) return usage(std::string(argv[i]) + " needs a value");
    flags[argv[i]] = argv[i + 1];
  }
  for (const char* name : {"--seed", "--steps"})
    if (flags[name].empty() || flags[name].size() > 9 ||
        flags[name].find_first_not_of("0123456789") != std::string::npos)
      return usage(std::string(name) + " must be a whole number of at most 9 digits, not \"" + flags[name] + "\"");
  try {
    return printed(run(std::stoull(flags["--seed"]), std::stoll(flags["--steps"]), flags["--out"]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "extend: %s\n", error.what());
    return 1;
  }
}
