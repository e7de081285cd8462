#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fovea/core/error.h>
#include <fovea/core/internal/number_text.h>
#include <fovea/optim/training/metrics.h>
#include <fovea/optim/training/text_file.h>
#include <unistd.h>

#include <cerrno>
#include <limits>

namespace fovea {
namespace {

std::string header_of(const std::vector<std::string>& columns) {
  for (const std::string& column : columns) {
    if (column.empty() || column.find_first_of(",\r\n") != std::string::npos)
      throw ValueError(
          fmt::format("metrics.csv: a column is called \"{}\"; need a name without commas and line ends", column));
  }
  return fmt::format("step,{}", fmt::join(columns, ","));
}

std::string_view take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

double number(std::string_view text) {
  double value = std::numeric_limits<double>::quiet_NaN();
  detail::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::vector<std::string_view> cells(std::string_view line) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = line.find(',');
    parts.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return parts;
    line.remove_prefix(end + 1);
  }
}

// The header and the whole rows up to `last_step`; a row that a crash cut short has no line end and goes.
std::string kept_rows(const std::filesystem::path& file, std::string_view header, int64_t last_step) {
  const std::string text = read_text(file);
  std::string_view rest = without_mark(text);
  const std::string_view found = take_line(rest);
  if (found != header) {
    throw FileError(
        fmt::format("{}: columns are \"{}\", this program writes \"{}\"; resume with the program that began the "
                    "run",
                    file.string(), found, header));
  }
  std::string kept = fmt::format("{}\n", header);
  const size_t columns = cells(header).size();
  while (rest.find('\n') != std::string_view::npos) {
    const std::string_view line = take_line(rest);
    const std::vector<std::string_view> row = cells(line);
    if (row.size() == columns && number(row[0]) <= static_cast<double>(last_step)) kept += fmt::format("{}\n", line);
  }
  return kept;
}

}  // namespace

MetricsFile::MetricsFile(const std::filesystem::path& file, const std::vector<std::string>& columns,
                         int64_t resume_step)
    : file_(file), columns_(columns.size()) {
  const std::string header = header_of(columns);
  const bool there = std::filesystem::exists(file);
  if (there && resume_step < 0)
    throw FileError(fmt::format("{} is there already; it belongs to another run", file.string()));
  write_text(file, there ? kept_rows(file, header, resume_step) : header + "\n");
  descriptor_ = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (descriptor_ < 0) throw_file_error("append to", file, errno);
}

MetricsFile::~MetricsFile() { ::close(descriptor_); }

void MetricsFile::append(int64_t step, std::span<const double> values) {
  if (values.size() != columns_) {
    throw ShapeError(fmt::format("{}: a row of {} values for {} columns", file_.string(), values.size(), columns_));
  }
  const std::string line = fmt::format("{},{:.8g}\n", step, fmt::join(values, ","));
  ssize_t written = 0;
  do written = ::write(descriptor_, line.data(), line.size());
  while (written < 0 && errno == EINTR);
  if (written < 0) throw_file_error("append to", file_, errno);
  if (static_cast<size_t>(written) != line.size()) throw_file_error("append to", file_, ENOSPC);
}

void MetricsFile::sync() {
  if (::fsync(descriptor_) != 0) throw_file_error("sync", file_, errno);
}

void MetricsFile::operator()(const Event& event) {
  if (!event.means.empty()) append(event.step, event.means);
  if (event.kind == Event::Kind::saving) sync();
}

const std::vector<double>& MetricsTable::column(std::string_view name) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] == name) return values[i];
  }
  throw IndexError(fmt::format("metrics: no column \"{}\"; there are {}", name, fmt::join(columns, ", ")));
}

MetricsTable read_metrics(const std::filesystem::path& file) {
  const std::string text = read_text(file);
  std::string_view rest = without_mark(text);
  MetricsTable table;
  for (const std::string_view name : cells(take_line(rest))) table.columns.emplace_back(name);
  table.values.resize(table.columns.size());
  while (rest.find('\n') != std::string_view::npos) {
    const std::vector<std::string_view> row = cells(take_line(rest));
    if (row.size() != table.columns.size()) continue;
    for (size_t i = 0; i < row.size(); ++i) table.values[i].push_back(number(row[i]));
  }
  return table;
}

}  // namespace fovea
