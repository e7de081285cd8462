#include <fmt/format.h>
#include <fovea/core/internal/number_text.h>
#include <fovea/optim/saved_state.h>

#include <charconv>
#include <unordered_map>

namespace fovea {
namespace {

std::string joined(std::string_view prefix, std::string_view name) { return fmt::format("{}.{}", prefix, name); }

}  // namespace

Fields& FieldWriter::operator()(std::string_view name, double& value) {
  into_[joined(prefix_, name)] = fmt::format("{}", value);  // the shortest text that reads back as the same number
  return *this;
}

Fields& FieldWriter::operator()(std::string_view name, int64_t& value) {
  into_[joined(prefix_, name)] = fmt::format("{}", value);
  return *this;
}

Fields& FieldWriter::operator()(std::string_view name, bool& value) {
  into_[joined(prefix_, name)] = fmt::format("{:d}", value);
  return *this;
}

template <class Number>
void FieldReader::parse(std::string_view name, Number& value) const {
  const std::string& text = text_of(from_, joined(prefix_, name));
  const char* const last = text.data() + text.size();
  Number parsed{};
  const auto [end, failure] = detail::from_chars(text.data(), last, parsed);
  if (failure != std::errc() || end != last)
    throw FileError(fmt::format("state: \"{}.{}\" is \"{}\"; need a number", prefix_, name, text));
  value = parsed;
}

Fields& FieldReader::operator()(std::string_view name, double& value) {
  parse(name, value);
  return *this;
}

Fields& FieldReader::operator()(std::string_view name, int64_t& value) {
  parse(name, value);
  return *this;
}

Fields& FieldReader::operator()(std::string_view name, bool& value) {
  const std::string& text = text_of(from_, joined(prefix_, name));
  if (text != "0" && text != "1")
    throw FileError(fmt::format("state: \"{}.{}\" is \"{}\"; need 0 or 1", prefix_, name, text));
  value = text == "1";
  return *this;
}

SavedState saved_generator(const Generator& generator) {
  return {{}, {{"key", std::to_string(generator.key())}, {"counter", std::to_string(generator.counter())}}};
}

std::function<void()> prepare_generator(Generator& generator, const SavedState& saved) {
  const auto number = [&](std::string_view name) {  // unsigned: beyond what Fields has
    const std::string& text = text_of(saved.metadata, name);
    uint64_t value = 0;
    const char* const last = text.data() + text.size();
    const auto [end, failure] = std::from_chars(text.data(), last, value);
    if (failure != std::errc() || end != last)
      throw FileError(fmt::format("state: \"{}\" is \"{}\"; need a whole number", name, text));
    return value;
  };
  return [&generator, key = number("key"), counter = number("counter")] { generator.set_state(key, counter); };
}

const std::string& text_of(const Metadata& metadata, std::string_view name) {
  const auto found = metadata.find(std::string(name));
  if (found == metadata.end())
    throw FileError(fmt::format("state: \"{}\" is missing; it was saved by something else", name));
  return found->second;
}

void require_text(const Metadata& metadata, std::string_view name, std::string_view value) {
  const std::string& found = text_of(metadata, name);
  if (found != value) throw FileError(fmt::format("state: \"{}\" is \"{}\"; this needs \"{}\"", name, found, value));
}

std::vector<Tensor> matched(std::string_view what, const NamedTensors& wanted, const NamedTensors& given) {
  std::unordered_map<std::string_view, const Tensor*> left;
  std::string faults;
  for (const auto& [name, tensor] : given)
    if (!left.emplace(name, &tensor).second) faults += fmt::format(" {} twice;", name);
  std::vector<Tensor> found;
  for (const auto& [name, tensor] : wanted) {
    const auto at = left.find(name);
    if (at == left.end()) {
      faults += fmt::format(" {} missing;", name);
      continue;
    }
    const Tensor& candidate = *at->second;
    if (!candidate.defined() || !(candidate.shape() == tensor.shape()) || candidate.dtype() != tensor.dtype())
      faults += fmt::format(" {} is {}, need {};", name, describe(candidate), describe(tensor));
    found.push_back(candidate);
    left.erase(at);
  }
  for (const auto& [name, tensor] : given)
    if (left.erase(name) > 0) faults += fmt::format(" {} unexpected;", name);
  if (faults.empty()) return found;
  faults.pop_back();
  throw FileError(fmt::format("{}: the saved tensors do not fit:{}; nothing was changed", what, faults));
}

}  // namespace fovea
