#include <fovea/optim/training/terminal.h>
#include <fovea/optim/training/text/utf8.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace fovea {
namespace {

constexpr int kNarrowest = 20, kWidest = 10'000;

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void append_fitted(std::string& fitted, std::string_view line, size_t width) {
  const size_t margin = std::min(line.find_first_not_of(' '), line.size());
  fitted += line.substr(0, margin);
  size_t used = margin;
  bool first = true;
  for (size_t at = margin; at < line.size();) {
    const size_t word_at = std::min(line.find_first_not_of(' ', at), line.size());
    const size_t end = std::min(line.find(' ', word_at), line.size());
    const size_t gap = word_at - at, columns = text::columns_of(line.substr(word_at, end - word_at));
    if (!first && used + gap + columns > width) {
      fitted += '\n' + std::string(margin + 2, ' ');
      used = margin + 2;
    } else {
      fitted.append(gap, ' ');
      used += gap;
    }
    fitted += line.substr(word_at, end - word_at);
    used += columns;
    first = false;
    at = end;
  }
}

}  // namespace

TerminalStyle terminal_style(std::FILE* stream) {
  TerminalStyle style;
  const int columns = std::atoi(std::string(environment("COLUMNS")).c_str());
  const bool terminal = ::isatty(::fileno(stream)) != 0;
  winsize size{};
  if (terminal && ::ioctl(::fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.width = size.ws_col;
    style.height = size.ws_row;
  }
  if (columns > 0) style.width = columns;
  style.width = std::clamp(style.width, kNarrowest, kWidest);
  style.bounded = terminal || columns > 0;
  const std::string_view term = environment("TERM");
  if (!terminal || term == "dumb") return style;
  style.rewrites = true;
  if (!environment("NO_COLOR").empty()) return style;
  const std::string_view colours = environment("COLORTERM");
  const bool full = colours == "truecolor" || colours == "24bit";
  style.colour = full ? TerminalColour::true_colour : TerminalColour::palette_256;
  return style;
}

std::string fitted(std::string_view text, const TerminalStyle& style) {
  if (!style.bounded) return std::string(text);
  const auto width = static_cast<size_t>(style.width - 1);
  std::string fitted;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    append_fitted(fitted, text.substr(0, end), width);
    if (end != std::string_view::npos) fitted += '\n';
    text.remove_prefix(std::min(text.size(), end == std::string_view::npos ? end : end + 1));
  }
  return fitted;
}

}  // namespace fovea
