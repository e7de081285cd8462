#include "tests/data_file.h"

namespace fovea::test {

std::string data_file(const std::string& name) { return FOVEA_TEST_DATA "/" + name; }

}  // namespace fovea::test
