#include "examples/common/record.h"

#include <fmt/format.h>
#include <fovea/autograd/backward.h>
#include <fovea/autograd/mode.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/array.h>
#include <fovea/core/error.h>
#include <fovea/core/file.h>
#include <fovea/core/safetensors.h>

#include <array>
#include <chrono>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

namespace fovea::examples {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kLargest = 1 << 22;  // numbers of a tensor; what is larger is left out
constexpr size_t kMostFrames = 100;
constexpr std::array<std::string_view, 4> kStages{"content", "interpolated", "shifted", "sharpened"};

// 1, 2, 5, 10, 20, 50, ...
bool early(int64_t step) {
  while (step % 10 == 0 && step > 0) step /= 10;
  return step == 1 || step == 2 || step == 5;
}

// Calls of one attention after each other along Tq, those with fewer keys filled up: row 0 of the batch, [H, Tq, Tk].
Tensor joined(const std::vector<Tensor>& calls, double filling) {
  int64_t most = 0;
  for (const Tensor& each : calls) most = std::max(most, each.size(-1));
  std::vector<Tensor> equal;
  for (const Tensor& each : calls) {
    const Tensor row = select(each.detach(), 0, 0);
    equal.push_back(pad(row.dim() == 2 ? unsqueeze(row, 0) : row, {0, most - each.size(-1)}, filling));
  }
  return cat(equal, 1);
}

bool self_attention(const std::string& name) {
  return name.find("self") != std::string::npos || name.find("encoder") != std::string::npos;
}

void write_json(const std::filesystem::path& file, const Json& json) {
  const std::string text = json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  write_file(file.string(), std::as_bytes(std::span(text)), Flush::no);
}

}  // namespace

struct Recorded::Parts {
  std::string at;  // "0/"
  NamedTensors tensors{};
  Json views = Json::array(), attended = Json::array();  // what the call added, and what was seen of attentions
  Json texts = Json::object(), grid = Json::object();

  bool add(const std::string& name, const Tensor& x) {
    if (x.numel() > kLargest || x.numel() == 0) return false;
    tensors.emplace_back(at + name, array::clone(contiguous(to(x.detach(), f32))));
    return true;
  }
  void attentions(const WeightCollector& collected, const Tensor& loss, const RecordedSample& sample);
  void traces(const WeightCollector& collected);
};

Recorded::Recorded() : parts_(std::make_unique<Parts>()) {}
Recorded::~Recorded() = default;

void Recorded::text(const std::string& name, const RecordedWords& words) { parts_->texts[name] = words; }

void Recorded::images(const std::string& name, const Tensor& x, const RecordedMarks& marks) {
  if (!parts_->add(name, x)) return;
  Json view{{"kind", "images"}, {"name", name}, {"boxes", Json::array()}};
  for (const auto& [box, at] : marks.boxes)
    if (parts_->add(box, at)) view["boxes"].push_back(box);
  if (marks.path.defined() && parts_->add(name + ".path", marks.path)) view["path"] = name + ".path";
  parts_->views.push_back(std::move(view));
}

void Recorded::matrix(const std::string& name, const Tensor& x, const RecordedSides& sides) {
  if (!parts_->add(name, x)) return;
  Json view{{"kind", x.dim() == 3 ? "matrices" : "matrix"}, {"name", name}};
  if (!sides.rows.empty()) view["rows"] = sides.rows;
  if (!sides.columns.empty()) view["columns"] = sides.columns;
  parts_->views.push_back(std::move(view));
}

void Recorded::over_image(const std::string& image, int64_t rows, int64_t columns, bool queries) {
  parts_->grid = Json{{"image", image}, {"grid", {rows, columns}}};
  if (queries) parts_->grid["queries"] = {rows, columns};
}

// Weights, scores, and the gradients of the loss by both, of every attention that reported.
void Recorded::Parts::attentions(const WeightCollector& collected, const Tensor& loss, const RecordedSample& sample) {
  std::vector<Tensor> asked;
  const auto ask = [&](const std::vector<WeightCollector::Named>& lists) {
    for (const auto& named : lists)
      for (const Tensor& x : named.second)
        if (x.requires_grad()) asked.push_back(x);
  };
  ask(collected.weights()), ask(collected.scores());
  std::vector<Tensor> found;
  if (loss.defined() && loss.requires_grad() && !asked.empty()) found = grad(loss, asked, {.allow_unused = true});
  size_t next = 0;
  const auto gradients = [&](const std::vector<Tensor>& list) {
    std::vector<Tensor> all;
    bool any = false;
    for (const Tensor& x : list) {
      const Tensor g = x.requires_grad() && !found.empty() ? found[next++] : Tensor();
      any = any || g.defined();
      all.push_back(g.defined() ? g : zeros(x.shape(), x.dtype()));
    }
    return any ? all : std::vector<Tensor>{};
  };
  const auto add_all = [&](const std::vector<WeightCollector::Named>& lists, const char* what, double filling) {
    for (const auto& [name, list] : lists) {
      const bool added = add(name + "/" + what, joined(list, filling));
      const std::vector<Tensor> by = gradients(list);
      if (added && !by.empty()) add(name + "/" + what + "_gradient", joined(by, 0));
      if (!added || std::string_view(what) != "weights") continue;
      const bool self = self_attention(name), behind = name.find("decoder") != std::string::npos;
      const std::string& side = behind ? sample.queries : sample.keys;
      Json view{{"kind", "attention"}, {"name", name}};
      if (const std::string& rows = self ? side : sample.queries; !rows.empty()) view["rows"] = rows;
      if (const std::string& columns = self ? side : sample.keys; !columns.empty()) view["columns"] = columns;
      if (!grid.empty()) view.update(grid), view.erase("columns");
      attended.push_back(std::move(view));
    }
  };
  add_all(collected.weights(), "weights", 0);
  add_all(collected.scores(), "scores", -std::numeric_limits<double>::infinity());
}

// Memories over time, and weights over their slots: where an addressing reports its four stages these, with the memory.
void Recorded::Parts::traces(const WeightCollector& collected) {
  std::string memory;
  std::vector<std::string> heads;
  Json others = Json::array();
  for (const auto& [name, list] : collected.traces()) {
    std::vector<Tensor> rows;
    for (const Tensor& x : list) rows.push_back(select(x, 0, 0));
    const size_t dot = name.rfind('.');
    const std::string before = dot == std::string::npos ? "" : name.substr(0, dot), last = name.substr(dot + 1);
    const bool stage = std::find(kStages.begin(), kStages.end(), last) != kStages.end();
    const Tensor over_time = stack(rows, 0);  // [T, ...]
    if (!add(stage ? fmt::format("{}/{}", before, last) : name, over_time)) continue;
    if (last == "memory") memory = name;
    if (last == kStages.back()) heads.push_back(before);
    if (!stage && over_time.dim() == 2)
      others.push_back(Json{{"kind", "matrix"}, {"name", name}, {"rows", "step"}});
    else if (!stage)
      others.push_back(Json{{"kind", "matrices"}, {"name", name}});
  }
  for (auto head = heads.rbegin(); head != heads.rend(); ++head) {
    Json view{{"kind", "addressing"}, {"name", *head}};
    if (!memory.empty()) view["memory"] = memory;
    attended.push_back(std::move(view));
  }
  for (Json& view : others) {
    const std::string name = view["name"];
    const bool shown = !heads.empty() && (name.ends_with("read_weights") || name.ends_with("write_weights"));
    if (!shown) attended.push_back(std::move(view));
  }
}

struct Recorder::Parts {
  std::function<Module&()> model;
  std::filesystem::path folder;
  Record record;
  Json samples = Json::array(), frames = Json::array();
  // Of the frame that is being made:
  NamedTensors tensors{};
  Json seen = Json::array(), described = Json::array();
  bool validated = false;
  double seconds = 0;

  void resume(const std::filesystem::path& file, int64_t step) {
    std::ifstream in(file);
    if (!in) return;
    const Json json = Json::parse(in, nullptr, false);
    if (json.is_discarded() || !json.contains("frames")) {
      const std::filesystem::path kept = file.string() + ".broken";
      std::filesystem::rename(file, kept);
      throw FileError(fmt::format("{}: is not what a run writes; it is {} now, and the record begins anew",
                                  file.string(), kept.filename().string()));
    }
    for (const Json& frame : json["frames"])
      if (frame.value("step", int64_t{0}) <= step) {
        frames.push_back(frame);
        validated = validated || !frame["score"].is_null();
      }
  }

  void take(Recorder& self, int64_t step, const Json& score) {
    if (!frames.empty() && frames.back()["step"] == step) {
      if (score.is_null()) return;
      frames.erase(frames.size() - 1);
    }
    const auto began = std::chrono::steady_clock::now();
    tensors.clear(), seen = described = Json::array();
    {
      const EvalMode quiet(model());
      const EnableGrad tape;
      const Generator before = default_generator();
      record(self);
      default_generator() = before;
    }
    if (described.empty()) return;  // the program has no samples
    std::filesystem::create_directories(folder);
    const std::string file = fmt::format("{:06}.safetensors", step);
    write_file((folder / file).string(), serialize_safetensors(tensors), Flush::no);
    samples = described;
    frames.push_back(Json{{"step", step}, {"file", file}, {"score", score}, {"samples", seen}});
    const std::string dropped = thin();
    write_json(folder / "record.json", Json{{"format", 1}, {"samples", samples}, {"frames", frames}});
    std::error_code ignored;  // after what named it is gone: whoever reads meanwhile finds all that is named
    if (!dropped.empty()) std::filesystem::remove(folder / dropped, ignored);
    tensors.clear();
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  }

  // Of too many steps the validation goes without which the gap is smallest: those that stay lie evenly over the run.
  // Gives its file.
  std::string thin() {
    if (frames.size() <= kMostFrames) return {};
    size_t least = 0;
    int64_t smallest = std::numeric_limits<int64_t>::max();
    for (size_t i = 1; i + 1 < frames.size(); ++i) {
      const int64_t gap = frames[i + 1]["step"].get<int64_t>() - frames[i - 1]["step"].get<int64_t>();
      if (!frames[i]["score"].is_null() && gap < smallest) least = i, smallest = gap;
    }
    if (least == 0) return {};
    std::string file = frames[least]["file"];
    frames.erase(least);
    return file;
  }
};

Recorder::Recorder(Trainer& trainer, const RunFolder& folder, Record record)
    : parts_(new Parts{[&trainer]() -> Module& { return trainer.kept(); }, folder.file("record"), std::move(record)}) {
  trainer.events().subscribe("record", [this, resumed = folder.resumed()](const Event& event) {
    Parts& p = *parts_;
    if (event.kind == Event::Kind::start) {
      if (resumed) p.resume(p.folder / "record.json", event.step);
      if (event.step == 0) p.take(*this, 0, nullptr);
    } else if (event.kind == Event::Kind::step && !p.validated && early(event.step)) {
      p.take(*this, event.step, nullptr);
    } else if (event.kind == Event::Kind::validation) {
      p.validated = true;
      const double score = event.figures.front();
      p.take(*this, event.step, std::isfinite(score) ? Json(score) : Json());
    }
  });
}
Recorder::Recorder(Module& model, std::filesystem::path folder, Record record)
    : parts_(new Parts{[&model]() -> Module& { return model; }, std::move(folder), std::move(record)}) {
  parts_->take(*this, 0, nullptr);
}
Recorder::~Recorder() = default;

double Recorder::seconds() const { return parts_->seconds; }

void Recorder::sample(const RecordedSample& sample, const std::function<Tensor(Recorded&)>& call) {
  Recorded seen;
  seen.parts_->at = fmt::format("{}/", parts_->seen.size());
  Tensor loss;
  {
    const WeightCollector collected(Collect::all);
    loss = call(seen);
    seen.parts_->attentions(collected, loss, sample);
    seen.parts_->traces(collected);
  }
  const double value = loss.defined() ? loss.item() : std::numeric_limits<double>::quiet_NaN();
  parts_->seen.push_back(
      Json{{"loss", std::isfinite(value) ? Json(value) : Json()}, {"texts", std::move(seen.parts_->texts)}});
  Json texts = Json::object();
  for (const auto& [name, words] : sample.texts) texts[name] = words;
  Json views = std::move(seen.parts_->attended);  // these come first
  for (Json& view : seen.parts_->views) views.push_back(std::move(view));
  parts_->described.push_back(Json{{"title", sample.title}, {"texts", texts}, {"views", std::move(views)}});
  for (auto& each : seen.parts_->tensors) parts_->tensors.push_back(std::move(each));
}

}  // namespace fovea::examples
