"""The library for Conan 2, of the sources that this file lies in.

  conan create packaging/conan --build=missing

Random123 is not in Conan's centre. Its headers are the system's, or where
-c user.fovea:random123=DIR says.
"""

import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir
from conan.tools.gnu import PkgConfigDeps

FOLDERS = ("core", "autograd", "layers", "optim")


class Fovea(ConanFile):
    name = "fovea"
    description = "Tensors, reverse-mode gradients, attention and memory"
    license = "Apache-2.0"
    topics = ("attention", "autograd", "neural-turing-machine", "transformer")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False], "arch": ["ANY"]}
    default_options = {"shared": False, "fPIC": True, "arch": ""}
    implements = ["auto_shared_fpic"]

    def sources(self):
        return os.path.abspath(os.path.join(self.recipe_folder, "..", ".."))

    def set_version(self):
        lists = load(self, os.path.join(self.sources(), "CMakeLists.txt"))
        self.version = re.search(r"project\(fovea VERSION ([0-9.]+)", lists)[1]

    def export_sources(self):
        for name in ("CMakeLists.txt", "LICENSE", *(f"{folder}/*" for folder in FOLDERS)):
            copy(self, name, src=self.sources(), dst=self.export_sources_folder)

    def validate(self):
        check_min_cppstd(self, 20)

    def requirements(self):
        self.requires("fmt/[>=9 <13]")
        self.requires("nlohmann_json/[>=3.11 <4]")
        self.requires("openblas/[>=0.3.20 <1]")
        self.requires("utf8proc/[>=2.8 <3]")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        CMakeDeps(self).generate()
        PkgConfigDeps(self).generate()  # utf8proc is found so
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables.update(
            FOVEA_ARCH=str(self.options.arch),
            FOVEA_MPI="OFF",
            FOVEA_BUILD_TESTS=False,
            FOVEA_BUILD_EXAMPLES=False,
            FOVEA_BUILD_BENCH=False,
        )
        random123 = self.conf.get("user.fovea:random123")
        if random123:
            toolchain.cache_variables["FOVEA_RANDOM123_INCLUDE"] = random123
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", src=self.source_folder, dst=os.path.join(self.package_folder, "licenses"))
        rmdir(self, os.path.join(self.package_folder, "lib", "cmake"))  # Conan writes its own
        rmdir(self, os.path.join(self.package_folder, "lib", "pkgconfig"))

    def package_info(self):
        self.cpp_info.libs = ["fovea"]
        self.cpp_info.set_property("cmake_file_name", "fovea")
        self.cpp_info.set_property("cmake_target_name", "fovea::fovea")
        self.cpp_info.set_property("pkg_config_name", "fovea")
        if self.settings.os in ("Linux", "FreeBSD"):
            self.cpp_info.system_libs = ["pthread", "m"]
