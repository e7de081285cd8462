// Numbers in text, as std::from_chars reads them: in no locale, and the whole number at once. Standard libraries that
// lack it for floating point (__cpp_lib_to_chars; LLVM's has it from version 20 on) get it by strtod.
#pragma once

#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <system_error>
#include <type_traits>

namespace fovea::detail {

// The program's locale must have the decimal point, as "C" has.
inline std::from_chars_result from_chars_by_strtod(const char* first, const char* last, double& value) {
  const std::string text(first, last);  // strtod wants an end mark, and passes over what from_chars refuses
  const size_t sign = !text.empty() && text[0] == '-' ? 1 : 0;
  const char after = sign < text.size() ? text[sign] : ' ';
  const bool hexadecimal = after == '0' && sign + 1 < text.size() && std::tolower(text[sign + 1]) == 'x';
  if (std::isspace(static_cast<unsigned char>(after)) != 0 || after == '+' || after == '-')
    return {first, std::errc::invalid_argument};
  char* end = nullptr;
  errno = 0;
  const double read = std::strtod(text.c_str(), &end);
  if (end == text.c_str()) return {first, std::errc::invalid_argument};
  if (errno == ERANGE && (read == 0 || std::isinf(read)))
    return {first + (end - text.c_str()), std::errc::result_out_of_range};
  value = hexadecimal ? (sign == 1 ? -0.0 : 0.0) : read;
  return {first + (hexadecimal ? static_cast<std::ptrdiff_t>(sign) + 1 : end - text.c_str()), std::errc()};
}

template <class Number>
std::from_chars_result from_chars(const char* first, const char* last, Number& value) {
#ifndef __cpp_lib_to_chars
  if constexpr (std::is_floating_point_v<Number>)
    return from_chars_by_strtod(first, last, value);
  else
#endif
    return std::from_chars(first, last, value);
}

}  // namespace fovea::detail
