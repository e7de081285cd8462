// Where the files of tests/golden are. The folder's name is in one object alone, so that a compiler cache gives the
// others to a build in another folder.
#pragma once

#include <string>

namespace fovea::test {

// The path of `name` below tests/golden.
std::string data_file(const std::string& name);

}  // namespace fovea::test
