#include <fovea/core/internal/dispatch.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

enum Set { baseline, avx2, avx512 };
constexpr std::string_view kNames[] = {"baseline", "avx2", "avx512"};

Set best() {
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi") ||
      !__builtin_cpu_supports("bmi2"))
    return baseline;
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
  return wide ? avx512 : avx2;
}

// FOVEA_KERNELS asks for less than the CPU can.
Set chosen() {
  const Set most = best();
  const char* const asked = std::getenv("FOVEA_KERNELS");
  if (asked == nullptr || *asked == '\0') return most;
  for (int set = baseline; set <= most; ++set)
    if (kNames[set] == asked) return static_cast<Set>(set);
  std::fprintf(stderr, "fovea: FOVEA_KERNELS=%s is none of what this CPU runs: baseline%s%s; taking %s\n", asked,
               most >= avx2 ? ", avx2" : "", most >= avx512 ? ", avx512" : "", kNames[most].data());
  return most;
}

}  // namespace

void fovea_choose_kernels() {
  const Set set = chosen();
  if (set == baseline) return;
  for (long i = 0; i < fovea_kernel_count; ++i) {
    FoveaKernelSlot& slot = fovea_kernel_slots[i];
    slot.used = set == avx512 ? slot.avx512 : slot.avx2;
  }
}
