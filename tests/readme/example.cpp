#include <fovea/fovea.h>

#include <cstdio>

using namespace fovea;

// Looks a question up among keys and answers with the value beside the key that is meant.
class Lookup : public Module {
 public:
  explicit Lookup(Generator& generator) : translate_(16, 16, true, generator) {}
  void members(Members& m) override { m("translate", translate_)("attention", attention_); }
  Attended operator()(const Tensor& question, const Tensor& keys, const Tensor& values) const {
    return attention_(translate_(question), keys, values);
  }

 private:
  Linear translate_;
  LuongDotAttention attention_{DotScore()};
};

int main() {
  Generator generator(1);
  Lookup lookup(generator);
  Adam adam(parameters(lookup), {.lr = 0.01});
  const Tensor code = normal({16, 16}, 0, 1, generator);  // a question is its key in a code to be found out
  for (int step = 0;; ++step) {
    const Tensor keys = normal({32, 6, 16}, 0, 1, generator), values = normal({32, 6, 1}, 0, 1, generator);
    const auto [answer, alignment] = lookup(matmul(select(keys, 1, 2), code), keys, values);
    const Tensor loss = mse_loss(answer, select(values, 1, 2));
    if (step % 100 == 0)
      std::printf("step %d: loss %.4f, weight of the key meant %.2f\n", step, loss.item(),
                  mean(select(alignment.weights, 1, 2)).item());
    if (step == 400) return loss.item() < 0.2 ? 0 : 1;
    adam.zero_grad();
    loss.backward();
    adam.step();
  }
}
