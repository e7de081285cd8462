// The gradient that arrives at a letter: the same as by each string alone, and the model is left as it was.
#include <fovea/layers/seq2seq/encoder_decoder.h>
#include <fovea/layers/seq2seq/rnn_search.h>
#include <tests/catch.h>

#include "examples/reverse/gradients.h"

using namespace fovea;
using namespace fovea::examples;

TEST_CASE("the share of the gradient that arrives is that by the letter's row, and the model stays",
          "[examples][reverse]") {
  Generator generator(3);
  const LetterTask task("reverse", 5);
  EncoderDecoder blind({.source_vocabulary = task.vocabulary(), .embed_dim = 4, .hidden_size = 6}, generator);
  RnnSearch search({.source_vocabulary = task.vocabulary(), .embed_dim = 4, .hidden_size = 6}, generator);
  const Strings strings = task.answer(tensor<int64_t>({0, 3, 1}).reshape({1, 3}));  // no letter twice
  for (RecurrentModel* model : {static_cast<RecurrentModel*>(&blind), static_cast<RecurrentModel*>(&search)}) {
    const Tensor table = model->source_embedding.weight.tensor();
    const auto shares = gradient_shares(*model, strings);
    REQUIRE(shares.size() == 3);
    REQUIRE(model->source_embedding.weight.tensor().is_same(table));
    const Tensor logits = (*model)(strings.source, {}, strings.input_ids).logits;
    for (int64_t u = 0; u < 3; ++u) {
      const auto letter = strings.target.at<int64_t>({0, u});
      const Tensor loss = cross_entropy(select(logits, 1, u), select(strings.target, 1, u));
      const auto by = grad(loss, {table, logits}, {.retain_graph = true});
      const double share = norm(select(by[0], 0, letter)).item() / norm(by[1]).item();
      REQUIRE(shares[static_cast<size_t>(u)].first == std::to_string(2 * u + 1));
      REQUIRE(shares[static_cast<size_t>(u)].second == test::Approx(share).epsilon(1e-5));
      REQUIRE(share > 0);
    }
  }
}
