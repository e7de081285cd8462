#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/text/pairs.h>
#include <fovea/optim/training/text/tokens.h>
#include <fovea/optim/training/text/utf8.h>
#include <fovea/optim/training/text_file.h>

#include <string_view>

namespace fovea::text {

std::string PairFile::report(const PairLimits& limits) const {
  return fmt::format("{} pairs; left out: {} lines without words, {} pairs longer than {} tokens", pairs.size(), empty,
                     too_long, limits.max_length);
}

PairFile read_pairs(const std::filesystem::path& file, const PairLimits& limits) {
  const std::string bytes = read_text(file);
  std::string_view rest = without_mark(bytes);
  PairFile found;
  for (int64_t line = 1; !rest.empty(); ++line) {
    const size_t size = rest.find('\n');
    std::string_view text = rest.substr(0, size);
    rest.remove_prefix(size == std::string_view::npos ? rest.size() : size + 1);
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    const auto fail = [&](const std::string& what) {
      throw FileError(fmt::format("{}:{}: {}", file.string(), line, what));
    };
    if (text.size() > limits.max_line)
      fail(fmt::format("a line of {} bytes; need at most {}: is this a file of sentence pairs?", text.size(),
                       limits.max_line));
    if (const auto at = invalid_utf8(text))
      fail(fmt::format("byte {} of the line is not UTF-8; convert the file, for example with iconv", *at + 1));
    if (text.find_first_not_of(" \t") == std::string_view::npos) {
      ++found.empty;
      continue;
    }
    const size_t tab = text.find('\t');
    if (tab == std::string_view::npos) fail("one column; need source, a tab, target");
    const std::string_view behind = text.substr(tab + 1);
    Pair pair{tokenize(text.substr(0, tab)), tokenize(behind.substr(0, behind.find('\t')))};
    if (pair.source.empty() || pair.target.empty()) {
      ++found.empty;
    } else if (pair.source.size() > limits.max_length || pair.target.size() > limits.max_length) {
      ++found.too_long;
    } else {
      found.pairs.push_back(std::move(pair));
    }
  }
  if (found.pairs.empty())
    throw FileError(fmt::format("{}: no pair of at most {} tokens a side in it ({} lines without words, {} too long)",
                                file.string(), limits.max_length, found.empty, found.too_long));
  return found;
}

}  // namespace fovea::text
