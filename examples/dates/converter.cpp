#include "examples/dates/converter.h"

#include <fmt/format.h>
#include <fovea/autograd/mode.h>
#include <fovea/layers/attention/weights.h>
#include <fovea/layers/decoding/search.h>

#include <algorithm>

#include "examples/common/picture.h"
#include "examples/common/tensor_grid.h"

namespace fovea::examples {
namespace {

constexpr int64_t kLongestAnswer = 11;  // "1979-05-03" and the end

std::vector<int64_t> ids_of(const std::string& text) {
  std::vector<int64_t> ids;
  for (size_t i = 0; i < text.size(); ++i) {
    ids.push_back(Characters::id(text[i]));
    if (ids.back() < 0)
      throw ValueError(
          fmt::format("\"{}\": character {} is {}, which no date has; need letters A-Z a-z, digits, blanks and , . / -",
                      text, i + 1,
                      text[i] >= 32 && text[i] < 127 ? fmt::format("'{}'", text[i])
                                                     : fmt::format("byte {}", static_cast<unsigned char>(text[i]))));
  }
  return ids;
}

// Rows filled up to the longest: i64 [B, T]; the lengths go into `lengths`.
Tensor padded(const std::vector<std::string>& texts, std::vector<int64_t>& lengths) {
  size_t longest = 1;
  for (const std::string& text : texts) longest = std::max(longest, text.size());
  std::vector<int64_t> all;
  for (const std::string& text : texts) {
    const std::vector<int64_t> ids = ids_of(text);
    all.insert(all.end(), ids.begin(), ids.end());
    all.insert(all.end(), longest - ids.size(), Characters::pad);
    lengths.push_back(static_cast<int64_t>(ids.size()));
  }
  return from(all, {static_cast<int64_t>(texts.size()), static_cast<int64_t>(longest)});
}

Decoded decoded(const RnnSearch& model, const std::vector<std::string>& dates) {
  std::vector<int64_t> lengths;
  const Tensor source = padded(dates, lengths);
  const auto decoder = model.decoder(source, from(lengths, {source.size(0)}));
  return greedy(*decoder, {.begin = Characters::begin, .end = Characters::end, .max_length = kLongestAnswer});
}

std::string text_of(const Decoded& said, int64_t row) {
  std::string text;
  for (int64_t i = 0; i < said.lengths.at<int64_t>({row}); ++i)
    text += Characters::character(said.ids.at<int64_t>({row, i}));
  return text;
}

std::vector<std::string> letters(const std::string& text) {
  std::vector<std::string> out;
  for (char c : text) out.push_back(c == ' ' ? "_" : std::string(1, c));
  return out;
}

}  // namespace

Pairs draw_pairs(int64_t count, Share share, Generator& generator, int64_t form) {
  Pairs pairs;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t day = draw_day(share, generator);
    pairs.emplace_back(written(day, form < 0 ? generator.randint(0, forms()) : form), iso(day));
  }
  return pairs;
}

DateBatch batch_of(const Pairs& pairs) {
  std::vector<std::string> sources, answers;
  for (const auto& pair : pairs) {
    sources.push_back(pair.first);
    answers.push_back(pair.second);
  }
  std::vector<int64_t> lengths, answer_lengths;
  const Tensor source = padded(sources, lengths), answer = padded(answers, answer_lengths);
  const auto mark = [&](int64_t id) { return full({answer.size(0), 1}, static_cast<double>(id), i64); };
  return {source, from(lengths, {source.size(0)}), cat({mark(Characters::begin), answer}, 1),
          cat({answer, mark(Characters::end)}, 1)};
}

std::vector<std::string> convert(const RnnSearch& model, const std::vector<std::string>& dates) {
  std::vector<std::string> out;
  for (size_t first = 0; first < dates.size(); first += 100) {
    const size_t last = std::min(dates.size(), first + 100);
    const std::vector<std::string> some(dates.begin() + static_cast<std::ptrdiff_t>(first),
                                        dates.begin() + static_cast<std::ptrdiff_t>(last));
    const Decoded said = decoded(model, some);
    for (size_t row = 0; row < some.size(); ++row) out.push_back(text_of(said, static_cast<int64_t>(row)));
  }
  return out;
}

double exact_percent(const RnnSearch& model, const Pairs& pairs) {
  std::vector<std::string> dates;
  for (const auto& pair : pairs) dates.push_back(pair.first);
  const std::vector<std::string> said = convert(model, dates);
  int64_t right = 0;
  for (size_t i = 0; i < pairs.size(); ++i) right += said[i] == pairs[i].second ? 1 : 0;
  return 100 * static_cast<double>(right) / static_cast<double>(pairs.size());
}

void draw_attention(const RnnSearch& model, const std::vector<std::string>& dates, const std::filesystem::path& file) {
  const NoGrad quiet;
  HeatmapPicture picture{.columns = 2, .title = "where the model looks while it writes each character"};
  for (const std::string& date : dates) {
    const std::string answer = convert(model, {date}).front();
    std::vector<int64_t> lengths;
    const Tensor source = padded({date}, lengths);
    std::vector<int64_t> heard{Characters::begin};
    for (int64_t id : ids_of(answer)) heard.push_back(id);
    WeightCollector collected;
    model(source, {}, from(heard, {1, static_cast<int64_t>(heard.size())}));
    const Tensor weights = select(collected.over_time("attention"), 0, 0);  // [U, T]
    std::vector<std::string> rows = letters(answer);
    rows.push_back("end");
    picture.panels.push_back({.grid = grid_of(weights),
                              .title = date,
                              .row_title = "written",
                              .column_title = "read",
                              .row_labels = rows,
                              .column_labels = letters(date),
                              .range = ValueRange{0, 1}});
  }
  write_heatmaps(file, picture);
}

}  // namespace fovea::examples
