#include <fovea/fovea.h>
using namespace fovea;

// Looks a question up among keys and answers with the value beside the key that is meant.
struct Lookup : Module {
  explicit Lookup(Generator& generator) : translate(16, 16, true, generator) {}
  void members(Members& m) override { m("translate", translate)("attention", attention); }
  Linear translate;
  LuongDotAttention attention{DotScore()};
};

int main(int argc, char** argv) {
  Generator generator(1);
  Lookup lookup(generator);
  const Tensor code = normal({16, 16}, 0, 1, generator);  // a question is its key in a code to be found out
  Generated<Batch> data(generator, [](Generator& g) -> Batch {
    return {.fields = {normal({32, 6, 16}, 0, 1, g), normal({32, 6, 1}, 0, 1, g)}};
  });
  Adam adam(parameters(lookup), {.lr = 0.01});
  Trainer trainer(lookup, adam, {.steps = 400, .figures = {"weight"}, .log_every = 100});
  if (argc > 1) trainer.folder(RunFolder::open(argv[1]));  // keeps the run there, or goes on with the one that is there
  Progress progress(trainer.events(), {.name = "lookup", .unit = "questions"});
  const auto step = [&](const Batch& batch) -> StepOutput {
    const Tensor &keys = batch.fields[0], &values = batch.fields[1];
    const Tensor question = lookup.translate(matmul(select(keys, 1, 2), code));
    const auto [answer, alignment] = lookup.attention(question, keys, values);
    const Tensor loss = mse_loss(answer, select(values, 1, 2)), weight = mean(select(alignment.weights, 1, 2));
    return {loss, {weight.item()}, batch.size()};
  };
  trainer.run(data, step);
  return step(data.next()).figures[0] > 0.9 ? 0 : 1;
}
