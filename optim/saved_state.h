// What a checkpoint keeps of a thing that changes while training: named tensors, and short texts.
//
// A Saveable is saved by saved_state() and restored by load_state(), which is strict: names, shapes, types, kinds and
// numbers must be those that this object would save itself. It has two halves, so that several objects can be restored
// together or not at all: prepare_load checks everything and changes nothing; what it returns then changes and cannot
// fail. Errors: FileError lists what does not fit.
#pragma once

#include <fovea/core/random.h>
#include <fovea/core/safetensors.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace fovea {

struct SavedState {
  NamedTensors tensors;
  Metadata metadata;
};

class Saveable {
 public:
  virtual ~Saveable() = default;
  // The tensors are copies.
  virtual SavedState saved_state() const = 0;
  virtual std::function<void()> prepare_load(const SavedState& saved) = 0;
  void load_state(const SavedState& saved) { prepare_load(saved)(); }

 protected:
  Saveable() = default;
  Saveable(const Saveable&) = default;
  Saveable& operator=(const Saveable&) = default;
};

// The numbers of an options struct, each listed once in its `void fields(Fields& f) { f("lr", lr)("eps", eps); }`.
class Fields {
 public:
  virtual ~Fields() = default;
  virtual Fields& operator()(std::string_view name, double& value) = 0;
  virtual Fields& operator()(std::string_view name, int64_t& value) = 0;
  virtual Fields& operator()(std::string_view name, bool& value) = 0;
};

// Writes each number as "prefix.name", with all its digits.
class FieldWriter final : public Fields {
 public:
  FieldWriter(Metadata& into, std::string_view prefix) : into_(into), prefix_(prefix) {}
  Fields& operator()(std::string_view name, double& value) override;
  Fields& operator()(std::string_view name, int64_t& value) override;
  Fields& operator()(std::string_view name, bool& value) override;

 private:
  Metadata& into_;
  std::string prefix_;
};

// Reads what FieldWriter wrote. FileError names a number that is missing or is none.
class FieldReader final : public Fields {
 public:
  FieldReader(const Metadata& from, std::string_view prefix) : from_(from), prefix_(prefix) {}
  Fields& operator()(std::string_view name, double& value) override;
  Fields& operator()(std::string_view name, int64_t& value) override;
  Fields& operator()(std::string_view name, bool& value) override;

 private:
  template <class Number>
  void parse(std::string_view name, Number& value) const;
  const Metadata& from_;
  std::string prefix_;
};

template <class Options>
void write_fields(Metadata& into, std::string_view prefix, Options options) {
  FieldWriter writer(into, prefix);
  options.fields(writer);
}
template <class Options>
Options read_fields(const Metadata& from, std::string_view prefix) {
  Options options;
  FieldReader reader(from, prefix);
  options.fields(reader);
  return options;
}

// The state of a generator.
SavedState saved_generator(const Generator& generator);
std::function<void()> prepare_generator(Generator& generator, const SavedState& saved);

// The text under `name`; FileError if there is none.
const std::string& text_of(const Metadata& metadata, std::string_view name);
// FileError unless metadata holds `value` under `name`.
void require_text(const Metadata& metadata, std::string_view name, std::string_view value);
// FileError unless `given` has exactly the names of `wanted`, with the same shapes and types; `what` begins the
// message. Returns the given tensors in the order of the wanted ones.
std::vector<Tensor> matched(std::string_view what, const NamedTensors& wanted, const NamedTensors& given);

}  // namespace fovea
