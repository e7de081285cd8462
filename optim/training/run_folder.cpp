#include <fcntl.h>
#include <fmt/format.h>
#include <fovea/core/error.h>
#include <fovea/optim/training/run_folder.h>
#include <fovea/optim/training/text_file.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace fovea {
namespace {

constexpr const char* kLock = "lock";

// Empty, but for our lock and what a run left that was killed while it wrote its first file.
bool is_unused(const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::directory_iterator entries(folder, error);
  if (error) throw_file_error("look into", folder, error.value());
  return std::all_of(begin(entries), end(entries), [](const auto& entry) {
    return entry.path().filename() == "config.toml.tmp" || entry.path().filename() == kLock;
  });
}

}  // namespace

class RunFolder::Lock {
 public:
  explicit Lock(const std::filesystem::path& folder) : path_(folder / kLock) {
    while (!take()) ::close(descriptor_);
    const std::string owner = fmt::format("{}\n", ::getpid());
    if (::ftruncate(descriptor_, 0) != 0 || ::pwrite(descriptor_, owner.data(), owner.size(), 0) < 0) refuse(errno);
  }
  ~Lock() {
    ::unlink(path_.c_str());
    ::close(descriptor_);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  // False where the file went away between opening and locking, with the run that it was of.
  bool take() {
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor_ < 0) refuse(errno);
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) refuse(errno);
    struct stat held {
    }, named{};
    if (::fstat(descriptor_, &held) != 0) refuse(errno);
    return ::stat(path_.c_str(), &named) == 0 && held.st_dev == named.st_dev && held.st_ino == named.st_ino;
  }

  [[noreturn]] void refuse(int error) const {
    std::array<char, 16> owner{};
    const ssize_t read = descriptor_ < 0 ? 0 : ::pread(descriptor_, owner.data(), owner.size() - 1, 0);
    if (descriptor_ >= 0) ::close(descriptor_);
    if (error != EWOULDBLOCK) throw_file_error("lock", path_, error);
    const std::string_view process(owner.data(), read > 1 ? static_cast<size_t>(read) - 1 : 0);  // without line end
    throw FileError(fmt::format("{} is in use by {}; wait until that run has ended, or choose another folder",
                                path_.parent_path().string(),
                                process.empty() ? "another process" : fmt::format("process {}", process)));
  }

  std::filesystem::path path_;
  int descriptor_ = -1;
};

std::string summary_json(const Summary& summary) {
  using Json = nlohmann::ordered_json;
  Json metrics = Json::object();
  for (const auto& [name, metric] : summary.metrics) {
    Json& to = metrics[name];
    if (const auto* value = std::get_if<double>(&metric)) to = *value;
    if (const auto* text = std::get_if<std::string>(&metric)) to = *text;
    if (const auto* figures = std::get_if<Summary::Figures>(&metric)) {
      to = Json::object();
      for (const auto& [key, value] : *figures) to[key] = value;
    }
  }
  const Json json = {{"example", summary.example},       {"task", summary.task},   {"seed", summary.seed},
                     {"threads", summary.threads},       {"steps", summary.steps}, {"seconds", summary.seconds},
                     {"parameters", summary.parameters}, {"metrics", metrics}};
  return json.dump(2) + "\n";
}

RunFolder RunFolder::create(const std::filesystem::path& folder, std::string_view config_toml) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw_file_error("create", folder, error.value());
  auto lock = std::make_shared<const Lock>(folder);
  if (std::filesystem::exists(folder / "config.toml", error)) {
    throw FileError(
        fmt::format("{} holds another run; go on with it by --resume {}, or choose another folder with --out",
                    folder.string(), folder.string()));
  }
  if (!is_unused(folder)) {
    throw FileError(
        fmt::format("{} is not empty and not the folder of a run; choose another with --out", folder.string()));
  }
  write_text(folder / "config.toml", config_toml);
  return {std::move(lock), folder, false, config_toml};
}

RunFolder RunFolder::resume(const std::filesystem::path& folder, std::string_view config_toml) {
  if (!std::filesystem::exists(folder / "config.toml")) {
    throw FileError(fmt::format(
        "{} holds no run: there is no config.toml in it; --resume wants the folder that --out made", folder.string()));
  }
  return {std::make_shared<const Lock>(folder), folder, true, config_toml};
}

RunFolder RunFolder::open(const std::filesystem::path& folder, std::string_view config_toml) {
  return std::filesystem::exists(folder / "config.toml") ? resume(folder, config_toml) : create(folder, config_toml);
}

void RunFolder::renew_config() const {
  if (resumed_ && !config_toml_.empty()) write_text(file("config.toml"), config_toml_);
}

void RunFolder::write_summary(const Summary& summary) const { write_text(file("summary.json"), summary_json(summary)); }

}  // namespace fovea
