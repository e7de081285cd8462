// Catch2, version 2 or 3, under one set of names. Every test includes this header and no other of Catch2.
//
// Beyond the macros, which are the same in both: Approx, contains(text) for REQUIRE_THROWS_WITH, and fail_run for a
// listener that finds fault with the run as a whole. A file that defines FOVEA_TEST_LISTENER before including this may
// derive from Listener and register it with CATCH_REGISTER_LISTENER.
#pragma once

#include <string>
#include <string_view>

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#ifdef FOVEA_TEST_LISTENER
#define CATCH_CONFIG_EXTERNAL_INTERFACES
#endif
#include <catch2/catch.hpp>
#endif

namespace fovea::test {

#if __has_include(<catch2/catch_all.hpp>)
using Catch::Approx;
using ListenerBase = Catch::EventListenerBase;
inline auto contains(const std::string& text) { return Catch::Matchers::ContainsSubstring(text); }
#else
using Catch::Detail::Approx;
#ifdef FOVEA_TEST_LISTENER
using ListenerBase = Catch::TestEventListenerBase;
#endif
inline auto contains(const std::string& text) { return Catch::Matchers::Contains(text); }
#endif

#if defined(FOVEA_TEST_LISTENER) || __has_include(<catch2/catch_all.hpp>)
struct Listener : ListenerBase {
  using ListenerBase::ListenerBase;
};
#endif

/// Makes the executable fail, whatever its test cases said, and prints why.
void fail_run(std::string_view why);

}  // namespace fovea::test
