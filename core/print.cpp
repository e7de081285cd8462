// Tensors as text: type and shape, then rows and columns in the manner of NumPy. Above 1000 elements an axis longer
// than six shows three from each end. All numbers shown share one format and one width.
#include <fmt/format.h>
#include <fovea/core/array.h>
#include <fovea/core/tensor.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <string>
#include <vector>

namespace fovea {
namespace {

constexpr int64_t kShowAll = 1000;
constexpr int64_t kEdge = 3;
constexpr size_t kLineWidth = 100;
constexpr int64_t kGap = -1;

class Printer {
 public:
  explicit Printer(const Tensor& x) : shortened_(x.numel() > kShowAll) {
    if (is_floating(x.dtype()))
      format_floats(x);
    else
      visit(x, [&](const Tensor& element) {
        cells_.push_back(x.dtype() != boolean ? fmt::format("{}", element.item<int64_t>())
                                              : (element.item<bool>() ? "true" : "false"));
      });
    for (const std::string& cell : cells_) width_ = std::max(width_, cell.size());
  }

  std::string text(const Tensor& x) {
    if (x.dim() == 0) return cells_.front();
    print(x.shape(), 0);
    return std::move(out_);
  }

 private:
  // The positions shown along an axis; kGap stands for the ones left out.
  std::vector<int64_t> positions(int64_t size) const {
    std::vector<int64_t> shown;
    const bool all = !shortened_ || size <= 2 * kEdge;
    for (int64_t i = 0; i < size; ++i) {
      if (!all && i == kEdge) {
        shown.push_back(kGap);
        i = size - kEdge;
      }
      shown.push_back(i);
    }
    return shown;
  }

  template <class Body>
  void visit(const Tensor& x, const Body& body) const {
    if (x.dim() == 0) return body(x);
    for (const int64_t i : positions(x.shape()[0]))
      if (i != kGap) visit(array::select(x, 0, i), body);
  }

  // Whole numbers as "3.", others with four digits; by powers of ten where the range is wide.
  void format_floats(const Tensor& x) {
    std::vector<double> values;
    visit(x, [&](const Tensor& element) { values.push_back(element.item()); });
    double largest = 0, smallest = INFINITY;
    bool whole = true;
    for (const double value : values) {
      if (!std::isfinite(value)) continue;
      whole = whole && value == std::trunc(value);
      largest = std::max(largest, std::abs(value));
      if (value != 0) smallest = std::min(smallest, std::abs(value));
    }
    const bool powers = largest >= 1e8 || (!whole && (smallest < 1e-4 || largest > 1000 * smallest));
    for (const double value : values) {
      if (!std::isfinite(value))
        cells_.push_back(std::isnan(value) ? "nan" : (value > 0 ? "inf" : "-inf"));
      else
        cells_.push_back(powers ? fmt::format("{:.4e}", value)
                                : (whole ? fmt::format("{:.0f}.", value) : fmt::format("{:.4f}", value)));
    }
  }

  void print(const Shape& shape, int axis) {
    out_ += '[';
    if (axis + 1 == shape.rank()) {
      print_row(positions(shape[axis]), static_cast<size_t>(axis) + 1);
    } else {
      const std::string separator = fmt::format(",{:\n>{}}{: >{}}", "", shape.rank() - axis - 1, "", axis + 1);
      bool first = true;
      for (const int64_t i : positions(shape[axis])) {
        if (!first) out_ += separator;
        first = false;
        if (i == kGap)
          out_ += "...";
        else
          print(shape, axis + 1);
      }
    }
    out_ += ']';
  }

  void print_row(const std::vector<int64_t>& shown, size_t indent) {
    size_t column = indent;
    for (size_t k = 0; k < shown.size(); ++k) {
      const std::string cell = shown[k] == kGap ? "..." : fmt::format("{:>{}}", cells_[next_++], width_);
      if (k > 0) {
        const bool wraps = column + 2 + cell.size() > kLineWidth;
        out_ += wraps ? ",\n" + std::string(indent, ' ') : ", ";
        column = wraps ? indent : column + 2;
      }
      out_ += cell;
      column += cell.size();
    }
  }

  bool shortened_;
  std::vector<std::string> cells_;  // in row-major order
  size_t width_ = 0;
  size_t next_ = 0;
  std::string out_;
};

}  // namespace

std::string describe(const Tensor& x) {
  return x.defined() ? fmt::format("{}{}", name_of(x.dtype()), x.shape().str()) : "undefined";
}

std::string to_string(const Tensor& x) {
  if (!x.defined()) return "undefined";
  if (x.numel() == 0) return describe(x) + " []";
  const bool one_line = x.dim() < 2;
  return describe(x) + (one_line ? " " : "\n") + Printer(x).text(x);
}

std::ostream& operator<<(std::ostream& out, const Tensor& x) { return out << to_string(x); }

}  // namespace fovea
