#include <fmt/format.h>
#include <fovea/autograd/distributions.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/layers/decoding/search.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <tuple>

namespace fovea {
namespace {

// A sentence under way: its ids after `begin`, and Σ log p of that.
struct Hypothesis {
  std::vector<int64_t> ids;
  double log_probability = 0;
};

void check_options(const char* name, const DecodingOptions& o) {
  if (o.begin < 0 || o.max_length < 0)
    throw ValueError(fmt::format("{}: begin {}, max_length {}; need 0 and above", name, o.begin, o.max_length));
}

// The next step's log p, f64 [R, V].
Tensor next_log_p(const char* name, IncrementalDecoder& decoder, const Tensor& last, const DecodingOptions& o) {
  const Tensor logits = decoder.step(last);
  if (!logits.defined() || logits.dim() != 2 || logits.size(0) != last.size(0) || logits.size(1) < 1)
    throw ShapeError(fmt::format("{}: the decoder's step is {} for {} rows; need [{}, V]", name, describe(logits),
                                 last.size(0), last.size(0)));
  if (o.end >= logits.size(1))
    throw ValueError(fmt::format("{}: the end mark {} is outside the vocabulary of {}", name, o.end, logits.size(1)));
  Tensor log_p = log_softmax(to(logits, f64), -1);
  if (any(ne(log_p, log_p))) throw ValueError(fmt::format("{}: the decoder's logits hold NaN", name));
  return log_p;
}

Decoded decoded(const std::vector<Hypothesis>& hypotheses, const DecodingOptions& o) {
  size_t max_length = 0;
  for (const Hypothesis& h : hypotheses) max_length = std::max(max_length, h.ids.size());
  std::vector<int64_t> ids, lengths;
  std::vector<double> log_p;
  for (const Hypothesis& h : hypotheses) {
    ids.insert(ids.end(), h.ids.begin(), h.ids.end());
    ids.insert(ids.end(), max_length - h.ids.size(), o.end);
    const bool ended = !h.ids.empty() && h.ids.back() == o.end;
    lengths.push_back(static_cast<int64_t>(h.ids.size()) - (ended ? 1 : 0));
    log_p.push_back(h.log_probability);
  }
  const auto B = static_cast<int64_t>(hypotheses.size());
  return {from(ids, {B, static_cast<int64_t>(max_length)}), from(lengths, {B}), from(log_p, {B})};
}

// One continuation for each source; `choose` makes ids [R] of log p [R, V].
template <class Choose>
Decoded one_each(const char* name, IncrementalDecoder& decoder, const DecodingOptions& o, const Choose& choose) {
  check_options(name, o);
  const NoGrad quiet;
  std::vector<Hypothesis> hypotheses(static_cast<size_t>(decoder.rows()));
  std::vector<size_t> live(hypotheses.size());  // the source of each row
  std::iota(live.begin(), live.end(), size_t{0});
  Tensor last = full({decoder.rows()}, static_cast<double>(o.begin), i64);
  for (int64_t t = 0; t < o.max_length && !live.empty(); ++t) {
    const Tensor log_p = next_log_p(name, decoder, last, o);
    last = choose(log_p);  // (1) or (2) [R]
    const Tensor chosen = gather(log_p, 1, unsqueeze(last, 1));
    std::vector<size_t> sources;
    std::vector<int64_t> rows;
    for (size_t r = 0; r < live.size(); ++r) {
      const auto row = static_cast<int64_t>(r);
      const int64_t id = last.at<int64_t>({row});
      Hypothesis& h = hypotheses[live[r]];
      h.ids.push_back(id);
      h.log_probability += chosen.at({row, 0});
      if (id == o.end) continue;
      sources.push_back(live[r]);
      rows.push_back(row);
    }
    const bool left = rows.size() < live.size();
    live = std::move(sources);
    if (!left || live.empty() || t + 1 == o.max_length) continue;
    const Tensor kept = from(rows, {static_cast<int64_t>(rows.size())});
    decoder.reorder(kept);
    last = index_select(last, 0, kept);
  }
  return decoded(hypotheses, o);
}

// A way to go on: -Σ log p, one id more, and the row of the sentence that it goes on from. The least is the best.
struct Candidate {
  double cost;
  int64_t id, row;
  bool operator<(const Candidate& other) const {
    return std::tie(cost, id, row) < std::tie(other.cost, other.id, other.row);
  }
};

// The beam of one source.
class Beam {
 public:
  Beam(const DecodingOptions& options, const BeamOptions& beam) : options_(options), beam_(beam), live_(1) {}

  size_t rows() const { return done_ ? 0 : live_.size(); }
  int64_t last(size_t row) const { return live_[row].ids.back(); }
  // What is returned: the best finished one, or the best that was cut.
  const Hypothesis& best() const { return best_ ? *best_ : live_.front(); }

  // One step. Row i of this beam is row offset + i of `values` (log p, largest first) and `ids`, both [R, k]. Returns
  // the row of the decoder that each live sentence goes on from.
  std::vector<int64_t> grow(const Tensor& values, const Tensor& ids, int64_t offset) {
    std::vector<Candidate> all;
    for (size_t i = 0; i < live_.size(); ++i)
      for (int64_t j = 0, row = offset + static_cast<int64_t>(i); j < values.size(1); ++j)
        all.push_back(
            {-(live_[i].log_probability + values.at({row, j})), ids.at<int64_t>({row, j}), static_cast<int64_t>(i)});
    const size_t kept = std::min(all.size(), static_cast<size_t>(beam_.width) - finished_);
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end());
    all.resize(kept);
    std::vector<Hypothesis> next;
    std::vector<int64_t> parents;
    for (const Candidate& c : all) {
      if (std::isinf(c.cost)) continue;  // impossible
      Hypothesis h{live_[static_cast<size_t>(c.row)].ids, -c.cost};
      h.ids.push_back(c.id);
      if (c.id == options_.end) {
        finish(std::move(h));
        continue;
      }
      next.push_back(std::move(h));
      parents.push_back(offset + c.row);
    }
    live_ = std::move(next);
    done_ = live_.empty() || hopeless();
    return done_ ? std::vector<int64_t>{} : parents;
  }

 private:
  double score(double log_probability, int64_t length) const {
    return log_probability / std::pow((5 + static_cast<double>(length)) / 6, beam_.length_penalty);  // (3)
  }
  double score(const Hypothesis& h) const { return score(h.log_probability, static_cast<int64_t>(h.ids.size())); }
  void finish(Hypothesis h) {
    ++finished_;  // its place in the beam is taken
    if (!best_ || score(h) > score(*best_)) best_ = std::move(h);
  }
  // Σ log p only falls and lp only grows: no live sentence can score more than this.
  bool hopeless() const { return best_ && score(*best_) >= score(live_.front().log_probability, options_.max_length); }

  const DecodingOptions& options_;
  const BeamOptions& beam_;
  std::vector<Hypothesis> live_;    // best first
  std::optional<Hypothesis> best_;  // of the finished
  size_t finished_ = 0;
  bool done_ = false;
};

}  // namespace

void detail::check_last(const Tensor& last, int64_t rows) {
  if (!last.defined() || last.dim() != 1 || last.size(0) != rows)
    throw ShapeError(fmt::format("IncrementalDecoder: the ids are {}; need i64 [{}]", describe(last), rows));
}

Decoded greedy(IncrementalDecoder& decoder, const DecodingOptions& options) {
  return one_each("greedy", decoder, options, [](const Tensor& log_p) { return argmax(log_p, -1); });
}

Decoded sample(IncrementalDecoder& decoder, const DecodingOptions& options, const SamplingOptions& sampling) {
  if (!(sampling.temperature >= 0 && std::isfinite(sampling.temperature)) || sampling.top_k < 0)
    throw ValueError(
        fmt::format("sample: temperature {}, top_k {}; need 0 and above", sampling.temperature, sampling.top_k));
  return one_each("sample", decoder, options, [&](const Tensor& log_p) {
    const int64_t V = log_p.size(1), k = sampling.top_k == 0 ? V : std::min(sampling.top_k, V);
    if (sampling.temperature == 0 || k == 1) return argmax(log_p, -1);
    const double sharpness = 1 / sampling.temperature;
    // The most probable stays at 0, so that a temperature near 0 makes no inf - inf.
    const auto draw = [&](const Tensor& x) {
      return Categorical((x - max(x, -1, true)) * sharpness).sample(sampling.generator);
    };
    if (k == V) return draw(log_p);
    const auto found = topk(log_p, k, -1);  // values, ids
    return squeeze(gather(found.second, 1, unsqueeze(draw(found.first), 1)), 1);
  });
}

Decoded beam_search(IncrementalDecoder& decoder, const DecodingOptions& options, const BeamOptions& beam) {
  check_options("beam_search", options);
  if (beam.width < 1 || !(beam.length_penalty >= 0 && std::isfinite(beam.length_penalty)))
    throw ValueError(fmt::format("beam_search: width {}, length_penalty {}; need 1 and 0 and above", beam.width,
                                 beam.length_penalty));
  const NoGrad quiet;
  std::vector<Beam> beams(static_cast<size_t>(decoder.rows()), Beam(options, beam));
  std::vector<int64_t> last(beams.size(), options.begin);
  for (int64_t t = 0; t < options.max_length && !last.empty(); ++t) {
    const auto R = static_cast<int64_t>(last.size());
    const Tensor log_p = next_log_p("beam_search", decoder, from(last, {R}), options);
    const auto best = topk(log_p, std::min(beam.width, log_p.size(1)), -1);  // values, ids [R, k]
    std::vector<int64_t> parents;
    last.clear();
    int64_t offset = 0;
    for (Beam& each : beams) {
      const auto before = static_cast<int64_t>(each.rows());
      if (before == 0) continue;
      for (const int64_t parent : each.grow(best.first, best.second, offset)) parents.push_back(parent);
      for (size_t i = 0; i < each.rows(); ++i) last.push_back(each.last(i));
      offset += before;
    }
    const auto rows = static_cast<int64_t>(parents.size());
    const Tensor order = from(parents, {rows});
    if (rows > 0 && t + 1 < options.max_length && !(rows == R && equal(order, arange(R)))) decoder.reorder(order);
  }
  std::vector<Hypothesis> hypotheses;
  for (const Beam& each : beams) hypotheses.push_back(each.best());
  return decoded(hypotheses, options);
}

}  // namespace fovea
