#!/usr/bin/env bash
# conan.sh CONAN FOLDER: Conan's recipe creates its package and a stranger's program with it. The dependencies are the
# system's (platform_requires), so that Conan's centre is not asked: what its packages would do is not seen here. Shared,
# because then the library itself knows what it needs.
set -euo pipefail
conan=$1 folder=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mkdir -p "$folder"
export CONAN_HOME=$folder/home
"$conan" profile detect --force >/dev/null 2>&1
cat >"$folder/profile" <<'PROFILE'
include(default)
[settings]
compiler.cppstd=20
[platform_requires]
fmt/9.1.0
nlohmann_json/3.11.2
openblas/0.3.21
utf8proc/2.8.0
[conf]
tools.cmake.cmaketoolchain:generator=Ninja
tools.cmake.cmaketoolchain:user_presets=
tools.cmake.cmaketoolchain:extra_variables={'CMAKE_UNITY_BUILD': 'ON', 'CMAKE_UNITY_BUILD_BATCH_SIZE': '8'}
PROFILE
"$conan" create "$root/packaging/conan" --profile "$folder/profile" --no-remote -o 'fovea/*:shared=True' \
  -c "tools.cmake.cmake_layout:test_folder=$folder/test" >"$folder/log" 2>&1 || { tail -60 "$folder/log" >&2; exit 1; }
grep -q "tanh'(2) = 0.070651" "$folder/log" || { echo "conan: the program did not run" >&2; exit 1; }
"$conan" remove -c 'fovea/*' >/dev/null 2>&1
echo "conan: created, and a stranger's program with it"
