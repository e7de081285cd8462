#include <fovea/fovea.h>

#include <cstdio>
using namespace fovea;

// Looks a question up among keys and answers with the value beside the key that is meant.
struct Lookup : Module {
  explicit Lookup(Generator& generator) : translate(16, 16, true, generator) {}
  void members(Members& m) override { m("translate", translate)("attention", attention); }
  Linear translate;
  LuongDotAttention attention{DotScore()};
};

int main() {
  Generator generator(1);
  Lookup lookup(generator);
  Adam adam(parameters(lookup), {.lr = 0.01});
  const Tensor code = normal({16, 16}, 0, 1, generator);  // a question is its key in a code to be found out
  for (int step = 0;; ++step) {
    const Tensor keys = normal({32, 6, 16}, 0, 1, generator), values = normal({32, 6, 1}, 0, 1, generator);
    const Tensor question = lookup.translate(matmul(select(keys, 1, 2), code));
    const auto [answer, alignment] = lookup.attention(question, keys, values);
    const Tensor loss = mse_loss(answer, select(values, 1, 2)), weight = mean(select(alignment.weights, 1, 2));
    if (step % 100 == 0) std::printf("step %d: loss %.4f, weight %.2f\n", step, loss.item(), weight.item());
    if (step == 400) return loss.item() < 0.2 ? 0 : 1;
    adam.zero_grad();
    loss.backward();
    adam.step();
  }
}
