// einsum: sums of products by the letters of an equation, as in PyTorch and NumPy: "bij,bjk->bik".
//
// Each letter is an index; one that the output leaves out is summed over. A letter twice in one operand takes its
// diagonal. "..." stands for any number of dimensions, aligned from the back. Without "->" the output is "..." and then
// each letter that occurs once, A to Z before a to z. Sizes of 1 broadcast.
//
// Operands are multiplied in pairs from the left. A pair is one matmul: letters of both that are still needed are
// batches, those of both that are not the inner size, the others rows and columns. Everything is made of other ops, so
// any order of gradient exists.
// Errors: ValueError for a malformed equation, ShapeError for sizes that do not fit it, both with the equation.
#include <fmt/format.h>
#include <fovea/autograd/check.h>
#include <fovea/autograd/ops.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

namespace fovea {
namespace {

// One for each dimension: a letter, or for those of "..." a number below 'A', which falls from the last one on.
using Labels = std::string;

constexpr char kLastOfEllipsis = '@';
constexpr char kEllipsis = '.';  // stands for all of them while parsing

struct Operand {
  Tensor x;
  Labels labels;
};

bool contains(const Labels& labels, char label) { return labels.find(label) != Labels::npos; }

struct Equation {
  explicit Equation(std::string_view given) : text(given) {
    std::string_view rest = given;
    const size_t arrow = given.find("->");
    if (arrow != std::string_view::npos) {
      rest = given.substr(0, arrow);
      output = term(given.substr(arrow + 2));
      has_output = true;
    }
    for (size_t comma; (comma = rest.find(',')) != std::string_view::npos; rest = rest.substr(comma + 1))
      inputs.push_back(term(rest.substr(0, comma)));
    inputs.push_back(term(rest));
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw ValueError(fmt::format("einsum: \"{}\": {}", text, what));
  }
  [[noreturn]] void fail_shape(const std::string& what) const {
    throw ShapeError(fmt::format("einsum: \"{}\": {}", text, what));
  }

  std::string text;
  std::vector<Labels> inputs;
  Labels output;
  bool has_output = false;

 private:
  // The letters of one term, its "..." as one kEllipsis.
  Labels term(std::string_view part) const {
    Labels labels;
    for (size_t i = 0; i < part.size(); ++i) {
      const char c = part[i];
      if (c == ' ') continue;
      if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
        labels += c;
      } else if (part.substr(i, 3) == "..." && !contains(labels, kEllipsis)) {
        labels += kEllipsis;
        i += 2;
      } else {
        fail(fmt::format("'{}' in \"{}\"; need letters, at most one \"...\" in a term, ',' and one \"->\"", c, part));
      }
    }
    return labels;
  }
};

// `count` dimensions for the ellipsis.
Labels spread(const Labels& labels, int count) {
  Labels out;
  for (const char label : labels) {
    if (label != kEllipsis) out += label;
    for (int i = count; label == kEllipsis && i > 0; --i) out += static_cast<char>(kLastOfEllipsis - i + 1);
  }
  return out;
}

// x with dimensions a < b of equal size as one, the last, where both positions agree.
Operand diagonal(Operand in, size_t a, size_t b, const Equation& equation) {
  const int64_t n = in.x.size(static_cast<int64_t>(a)), m = in.x.size(static_cast<int64_t>(b));
  const char label = in.labels[a];
  if (n != m) equation.fail_shape(fmt::format("'{}' has sizes {} and {} in {}", label, n, m, describe(in.x)));
  Shape order, shape;
  Labels labels;
  for (size_t d = 0; d < in.labels.size(); ++d) {
    if (d == a || d == b) continue;
    order.append(static_cast<int64_t>(d));
    shape.append(in.x.size(static_cast<int64_t>(d)));
    labels += in.labels[d];
  }
  order.append(static_cast<int64_t>(a));
  order.append(static_cast<int64_t>(b));
  shape.append(n * n);
  return {slice(reshape(permute(in.x, order), shape), -1, 0, n * n, n + 1), labels + label};
}

Operand labelled(const Tensor& x, const Labels& term, const Equation& equation) {
  check::floating("einsum", x);
  const int written = static_cast<int>(std::count_if(term.begin(), term.end(), [](char c) { return c != kEllipsis; }));
  if (contains(term, kEllipsis) ? written > x.dim() : written != x.dim())
    equation.fail_shape(fmt::format("{} for \"{}\"; need rank {}{}", describe(x), spread(term, 0), written,
                                    contains(term, kEllipsis) ? " and above" : ""));
  Operand out{x, spread(term, x.dim() - written)};
  for (size_t b = 1; b < out.labels.size();) {
    const size_t a = out.labels.find(out.labels[b]);
    out = a < b ? diagonal(out, a, b, equation) : out;
    b = a < b ? 1 : b + 1;
  }
  return out;
}

// A dimension of size 1 goes where the label is longer in another operand; other sizes must be equal.
void align_sizes(std::vector<Operand>& operands, const Equation& equation) {
  for (Operand& in : operands)
    for (size_t d = 0; d < in.labels.size(); ++d)
      for (const Operand& other : operands) {
        const size_t at = other.labels.find(in.labels[d]);
        if (at == Labels::npos) continue;
        const int64_t here = in.x.size(static_cast<int64_t>(d)), there = other.x.size(static_cast<int64_t>(at));
        if (here == there) continue;
        if (here != 1 && there != 1)
          equation.fail_shape(fmt::format("sizes {} and {} of one dimension, in {} and {}; need equal ones, or 1", here,
                                          there, describe(in.x), describe(other.x)));
        if (here != 1) continue;
        in.x = select(in.x, static_cast<int64_t>(d), 0);
        in.labels.erase(d--, 1);
        break;
      }
}

// Summed over what nobody needs any more.
Operand reduced(Operand in, const Labels& needed) {
  Dims dims;
  Labels kept;
  for (size_t d = 0; d < in.labels.size(); ++d)
    if (contains(needed, in.labels[d]))
      kept += in.labels[d];
    else
      dims.list.append(static_cast<int64_t>(d));
  if (dims.list.rank() == 0) return in;
  return {sum(in.x, dims), kept};
}

// in's dimensions in three groups, each as one: [first, second, third].
Tensor grouped(const Operand& in, const Labels& first, const Labels& second, const Labels& third) {
  Shape order, shape;
  for (const Labels* group : {&first, &second, &third}) {
    int64_t size = 1;
    for (const char label : *group) {
      order.append(static_cast<int64_t>(in.labels.find(label)));
      size *= in.x.size(order.back());
    }
    shape.append(size);
  }
  return reshape(permute(in.x, order), shape);
}

Operand contracted(const Operand& a, const Operand& b, const Labels& needed, const Equation& equation) {
  const Operand left = reduced(a, needed + b.labels), right = reduced(b, needed + a.labels);
  Labels batch, inner, rows, columns;
  Shape shape;
  for (const char label : left.labels) {
    const bool shared = contains(right.labels, label);
    (!shared ? rows : contains(needed, label) ? batch : inner) += label;
  }
  for (const char label : right.labels)
    if (!contains(left.labels, label)) columns += label;
  if (batch.size() + rows.size() + columns.size() > kMaxRank)
    equation.fail_shape(fmt::format("{} and {} give a product above rank {}", describe(a.x), describe(b.x), kMaxRank));
  for (const Labels* group : {&batch, &rows})
    for (const char label : *group) shape.append(left.x.size(static_cast<int64_t>(left.labels.find(label))));
  for (const char label : columns) shape.append(right.x.size(static_cast<int64_t>(right.labels.find(label))));
  checked_numel("einsum", shape);  // before any copy
  const Tensor x = grouped(left, batch, rows, inner), y = grouped(right, batch, inner, columns);
  if (inner.empty()) return {reshape(x * y, shape), batch + rows + columns};
  if (batch.empty()) return {reshape(matmul(select(x, 0, 0), select(y, 0, 0)), shape), rows + columns};
  return {reshape(matmul(x, y), shape), batch + rows + columns};
}

// What the equation leaves out: "..." first, then each letter that occurs once.
Labels implicit_output(const Equation& equation) {
  Labels all, output;
  for (const Labels& term : equation.inputs) all += term;
  if (contains(all, kEllipsis)) output += kEllipsis;
  std::sort(all.begin(), all.end());
  for (const char label : all)
    if (label != kEllipsis && std::count(all.begin(), all.end(), label) == 1) output += label;
  return output;
}

Labels output_of(const Equation& equation, const std::vector<Operand>& operands) {
  int ellipsis = 0;
  Labels all;
  for (const Operand& in : operands) {
    all += in.labels;
    ellipsis = std::max(
        ellipsis, static_cast<int>(std::count_if(in.labels.begin(), in.labels.end(), [](char c) { return c < 'A'; })));
  }
  Labels output = spread(equation.has_output ? equation.output : implicit_output(equation), ellipsis);
  for (const char label : output) {
    if (!contains(all, label)) equation.fail(fmt::format("the output's '{}' is in no input", label));
    if (std::count(output.begin(), output.end(), label) > 1)
      equation.fail(fmt::format("the output has '{}' twice", label));
  }
  return output;
}

}  // namespace

Tensor einsum(std::string_view equation, std::span<const Tensor> list) {
  const Equation parsed(equation);
  if (parsed.inputs.size() != list.size())
    parsed.fail(fmt::format("{} terms for {} operands", parsed.inputs.size(), list.size()));
  std::vector<Operand> operands;
  for (size_t i = 0; i < list.size(); ++i) {
    check::same_dtype("einsum", list[0], list[i]);
    operands.push_back(labelled(list[i], parsed.inputs[i], parsed));
  }
  const Labels output = output_of(parsed, operands);
  align_sizes(operands, parsed);
  Operand y = operands[0];
  for (size_t i = 1; i < operands.size(); ++i) {
    Labels needed = output;
    for (size_t k = i + 1; k < operands.size(); ++k) needed += operands[k].labels;
    y = contracted(y, operands[i], needed, parsed);
  }
  y = reduced(y, output);
  Shape order;
  for (const char label : output) order.append(static_cast<int64_t>(y.labels.find(label)));
  return permute(y.x, order);
}

Tensor einsum(std::string_view equation, std::initializer_list<Tensor> operands) {
  return einsum(equation, std::span<const Tensor>(operands.begin(), operands.size()));
}

}  // namespace fovea
