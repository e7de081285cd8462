#include <fovea/autograd/ops.h>
#include <fovea/layers/decoding/search.h>
#include <fovea/optim/training/text/translator.h>

#include <algorithm>

namespace fovea::text {
namespace {

template <class T>
std::vector<T> part_of(const std::vector<T>& list, size_t first, size_t size) {
  const auto at = [&](size_t i) { return list.begin() + static_cast<std::ptrdiff_t>(std::min(i, list.size())); };
  return {at(first), at(first + size)};
}

Tensor row_of(const std::vector<int64_t>& ids) { return from(ids, {static_cast<int64_t>(ids.size())}); }

}  // namespace

PairBatch PairBatch::rows(int64_t begin, int64_t end) const {
  const auto part = [=](const Tensor& x) { return slice(x, 0, begin, end); };
  return Batch{{part(source), part(input_ids), part(targets)}, {part(lengths)}};
}

StepOutput token_loss(const Tensor& logits, const Tensor& targets) {
  const Tensor counted = ne(targets, scalar(Vocabulary::pad, i64));
  const Tensor right = logical_and(eq(argmax(logits.detach(), -1), targets), counted);
  const double tokens = sum(to(counted, f32)).item();
  StepOutput output{cross_entropy(logits, targets, {.ignore_index = Vocabulary::pad}),
                    {100 * sum(to(right, f32)).item() / tokens}};
  output.count = tokens;
  return output;
}

Example Translator::item(const Pair& pair) const {
  std::vector<int64_t> source = source_.ids(pair.source), inputs = target_.ids(pair.target), targets = inputs;
  if (options_.source_end) source.push_back(Vocabulary::end);
  inputs.insert(inputs.begin(), Vocabulary::begin);
  targets.push_back(Vocabulary::end);
  return {row_of(source), row_of(inputs), row_of(targets)};
}

PairBatch Translator::batch(const std::vector<Pair>& pairs) const {
  std::vector<Example> items;
  for (const Pair& pair : pairs) items.push_back(item(pair));
  return collate(items);
}

std::vector<Words> Translator::translate(const std::vector<Words>& sources, int64_t beam) const {
  const EvalMode quiet(model_);
  const DecodingOptions options{.begin = Vocabulary::begin, .end = Vocabulary::end, .max_length = options_.max_length};
  std::vector<Words> outputs;
  for (size_t first = 0; first < sources.size(); first += options_.batch) {
    std::vector<Pair> some;
    for (const Words& source : part_of(sources, first, options_.batch)) some.push_back({source, {}});
    const PairBatch asked = batch(some);
    const auto decoder = model_.decoder(asked.source, asked.lengths);
    const Decoded found = beam == 1 ? greedy(*decoder, options) : beam_search(*decoder, options, {.width = beam});
    for (int64_t b = 0; b < found.ids.size(0); ++b) {
      Words& words = outputs.emplace_back();
      for (int64_t t = 0; t < found.lengths.at<int64_t>({b}); ++t)
        words.push_back(target_.word(found.ids.at<int64_t>({b, t})));
    }
  }
  return outputs;
}

double Translator::loss(const std::vector<Pair>& pairs) const {
  const EvalMode quiet(model_);
  double sum = 0, tokens = 0;
  for (size_t first = 0; first < pairs.size(); first += options_.batch) {
    const std::vector<Pair> some = part_of(pairs, first, options_.batch);
    for (const Pair& pair : some) tokens += static_cast<double>(pair.target.size() + 1);
    const PairBatch batch = this->batch(some);
    sum += cross_entropy(logits(batch), batch.targets, {.ignore_index = Vocabulary::pad, .reduction = Reduction::sum})
               .item();
  }
  return sum / tokens;
}

Translator::Right Translator::measure(const std::vector<Pair>& pairs) const {
  std::vector<Words> sources;
  for (const Pair& pair : pairs) sources.push_back(pair.source);
  const std::vector<Words> outputs = translate(sources);
  double tokens = 0, right_tokens = 0, exact = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const Words &output = outputs[i], &target = pairs[i].target;
    for (size_t t = 0; t < target.size(); ++t) right_tokens += t < output.size() && output[t] == target[t] ? 1 : 0;
    right_tokens += output.size() <= target.size() ? 1 : 0;  // past its end an output says <end>
    tokens += static_cast<double>(target.size() + 1);
    exact += output == target ? 1 : 0;
  }
  return {100 * right_tokens / tokens, 100 * exact / static_cast<double>(pairs.size())};
}

std::pair<Words, std::function<void()>> Translator::reading(const Words& source) const {
  const Words output = translate({source}).front();
  return {output, [this, batch = batch({{source, output}})] {
            const EvalMode quiet(model_);
            logits(batch);
          }};
}

}  // namespace fovea::text
