#include "examples/common/report.h"

#include <fmt/format.h>
#include <fovea/autograd/ops.h>
#include <fovea/core/error.h>
#include <fovea/core/file.h>
#include <fovea/core/safetensors.h>
#include <fovea/optim/training/metrics.h>
#include <fovea/optim/training/text_file.h>
#include <fovea/version.h>
#include <zlib.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "examples/common/report_page.h"

namespace fovea::examples {
namespace {

using Json = nlohmann::ordered_json;

Json parse(const std::filesystem::path& file) {
  Json json = Json::parse(read_text(file), nullptr, false);
  if (json.is_discarded()) throw FileError(fmt::format("{}: no JSON; need what a run wrote there", file.string()));
  return json;
}

std::string base64(const std::vector<unsigned char>& bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t three = 0;
    for (size_t k = 0; k < 3; ++k) three = three << 8 | (i + k < bytes.size() ? bytes[i + k] : 0u);
    for (size_t k = 0; k < 4; ++k)
      text += k > 0 && i + k - 1 >= bytes.size() ? '=' : kDigits[three >> (18 - 6 * k) & 63];
  }
  return text;
}

// To 11 bits behind the point, the even one of two that are as near; what is not finite stays.
uint32_t rounded(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  if (!std::isfinite(x)) return bits;
  const uint32_t up = bits + 0x7ff + (bits >> 12 & 1);
  return (std::isfinite(std::bit_cast<float>(up)) ? up : bits) & ~uint32_t{0xfff};
}

struct PackedFrame {
  Json tensors = Json::array();
  std::string data{};
};

// All numbers of a recorded step: the lowest bytes of all, then the next, compressed.
PackedFrame packed(const std::filesystem::path& file) {
  PackedFrame frame;
  std::vector<uint32_t> numbers;
  for (const auto& [name, x] : load_safetensors(file.string()).tensors) {
    const Tensor values = contiguous(to(x, f32));
    Json shape = Json::array();
    for (int d = 0; d < values.dim(); ++d) shape.push_back(values.size(d));
    frame.tensors.push_back({name, shape, numbers.size()});
    const float* data = values.data<float>();
    for (int64_t i = 0; i < values.numel(); ++i) numbers.push_back(rounded(data[i]));
  }
  std::vector<unsigned char> planes(4 * numbers.size());
  for (size_t i = 0; i < numbers.size(); ++i)
    for (size_t k = 0; k < 4; ++k) planes[k * numbers.size() + i] = static_cast<unsigned char>(numbers[i] >> 8 * k);
  uLongf size = compressBound(planes.size());
  std::vector<unsigned char> bytes(size);
  if (compress2(bytes.data(), &size, planes.data(), planes.size(), 9) != Z_OK)
    throw FileError(fmt::format("{}: zlib could not compress its numbers", file.string()));
  bytes.resize(size);
  frame.data = base64(bytes);
  return frame;
}

Json finite(const std::vector<double>& column) {
  Json values = Json::array();
  for (const double v : column) values.push_back(std::isfinite(v) ? Json(v) : Json());
  return values;
}

// Which of `count` frames to take so that their sizes stay below `room`: all, or evenly spread ones with both ends.
std::vector<size_t> chosen(const std::vector<size_t>& sizes, size_t room) {
  for (size_t take = sizes.size(); take > 0; --take) {
    std::vector<size_t> which;
    size_t sum = 0;
    for (size_t i = 0; i < take; ++i) {
      const size_t k = take == 1 ? sizes.size() - 1 : i * (sizes.size() - 1) / (take - 1);
      which.push_back(k), sum += sizes[k];
    }
    if (sum <= room || take == 1) return which;
  }
  return {};
}

Json recorded(const std::filesystem::path& folder, size_t run, size_t room, std::string& scripts) {
  Json record = parse(folder / "record.json");
  if (!record.contains("frames") || !record.contains("samples") || record.value("format", 0) != 1)
    throw FileError(
        fmt::format("{}: no record of format 1; need what a run wrote there", (folder / "record.json").string()));
  std::vector<PackedFrame> frames;
  std::vector<size_t> sizes;
  for (const Json& frame : record["frames"]) {
    frames.push_back(packed(folder / frame.value("file", std::string())));
    sizes.push_back(frames.back().data.size());
  }
  Json kept = Json::array();
  for (const size_t i : chosen(sizes, room)) {
    Json frame = record["frames"][i];
    const std::string id = fmt::format("frame-{}-{}", run, kept.size());
    frame.erase("file");
    frame["tensors"] = std::move(frames[i].tensors), frame["bytes"] = id;
    scripts += fmt::format("<script type=\"text/plain\" id=\"{}\">{}</script>\n", id, frames[i].data);
    kept.push_back(std::move(frame));
  }
  return Json{{"samples", record["samples"]}, {"frames", kept}};
}

Json described(const std::filesystem::path& run, size_t index, size_t room, std::string& scripts) {
  const auto file = [&](const char* name) { return run / name; };
  const auto there = [&](const char* name) { return std::filesystem::exists(file(name)); };
  if (!there("config.toml") || !there("metrics.csv"))
    throw FileError(fmt::format("{}: no config.toml and metrics.csv; need the folder of a run", run.string()));
  const Json summary = there("summary.json") ? parse(file("summary.json")) : Json();  // null of a run that was stopped
  const auto said = [&](const char* key, const std::string& otherwise) {
    return summary.is_object() ? summary.value(key, otherwise) : otherwise;
  };
  const Json titles = there("report.json") ? parse(file("report.json")) : Json::object();
  const MetricsTable metrics = read_metrics(file("metrics.csv"));
  Json values = Json::array();
  for (const auto& column : metrics.values) values.push_back(finite(column));
  const std::string name = run.filename().empty() ? run.parent_path().filename().string() : run.filename().string();
  const std::string called = titles.value("name", "");
  return Json{{"name", called.empty() ? name : called},
              {"example", said("example", name)},
              {"task", said("task", "")},
              {"command", titles.value("command", "")},
              {"config", read_text(file("config.toml"))},
              {"header", titles.value("header", "")},
              {"loss", titles.value("loss", Json{{"title", "loss"}, {"log", true}, {"smoothing", 0.9}})},
              {"summary", summary},
              {"metrics", {{"columns", metrics.columns}, {"values", values}}},
              {"record", there("record/record.json") ? recorded(file("record"), index, room, scripts) : Json()}};
}

void replace(std::string& page, std::string_view place, const std::string& with) {
  const size_t at = page.find(place);
  if (at != std::string::npos) page.replace(at, place.size(), with);
}

std::string page_of(const std::vector<std::filesystem::path>& runs, int64_t largest, const Json& live) {
  std::string page(report_page()), scripts;
  const auto room = static_cast<size_t>(std::max<int64_t>(0, largest - static_cast<int64_t>(page.size()))) /
                    std::max<size_t>(1, runs.size());
  Json all = Json::array();
  for (const std::filesystem::path& run : runs) {
    try {
      all.push_back(described(run, all.size(), room * 9 / 10, scripts));
    } catch (const Json::exception& error) {
      throw FileError(fmt::format("{}: summary.json, report.json or record.json is not what a run writes: {}",
                                  run.string(), error.what()));
    }
  }
  const Json report{{"fovea", library_version()}, {"live", live}, {"runs", all}};
  std::string text = report.dump(-1, ' ', false, Json::error_handler_t::replace);
  for (size_t at = 0; (at = text.find("</", at)) != std::string::npos; at += 3) text.replace(at, 2, "<\\/");
  for (size_t at = 0; (at = text.find("<!--", at)) != std::string::npos; at += 9) text.replace(at, 4, "\\u003c!--");
  replace(page, "<!--data-->",
          fmt::format("<script type=\"application/json\" id=\"report\">{}</script>\n{}", text, scripts));
  return page;
}

}  // namespace

void keep_titles(const std::filesystem::path& folder, const ReportTitles& titles) {
  const Json json{{"command", titles.command},
                  {"header", titles.header},
                  {"name", titles.name},
                  {"loss", {{"title", titles.loss}, {"log", titles.log_loss}, {"smoothing", titles.smoothing}}}};
  write_text(folder / "report.json", json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

void write_report(const std::filesystem::path& file, const std::vector<std::filesystem::path>& runs, int64_t largest) {
  const std::string page = page_of(runs, largest, nullptr);
  write_file(file.string(), std::as_bytes(std::span(page)), Flush::no);
}

std::string live_page(const std::filesystem::path& run, const std::string& token, int64_t largest) {
  return page_of({run}, largest, Json{{"address", ""}, {"token", token}});
}

std::string newest_frame(const std::filesystem::path& run) {
  const std::filesystem::path file = run / "record" / "record.json";
  if (!std::filesystem::exists(file)) return {};
  const Json record = parse(file);
  Json frame = record.at("frames").back();
  PackedFrame numbers = packed(run / "record" / frame.value("file", std::string()));
  frame.erase("file");
  frame["tensors"] = std::move(numbers.tensors);
  const Json event{{"run", 0}, {"frame", frame}, {"data", numbers.data}, {"samples", record.at("samples")}};
  return event.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace fovea::examples
