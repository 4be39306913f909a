// SPDX-License-Identifier: Apache-2.0
#include "mil/genomics/import/gene_names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace microtome {

namespace {

constexpr std::array<std::string_view, 12> months{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};

bool digit(char c) { return c >= '0' && c <= '9'; }

int number_in(std::string_view text) {
  int value = -1;
  if (text.empty() || text.size() > 2 || !std::all_of(text.begin(), text.end(), digit)) return -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

int month_in(std::string_view text) {
  if (text.size() != 3) return 0;
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  const auto found = std::find(months.begin(), months.end(), lower);
  return found == months.end() ? 0 : static_cast<int>(found - months.begin()) + 1;
}

struct Date {
  int month = 0;
  int day = 0;
};

std::optional<Date> date_in(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(0, dash);
  const std::string_view after = text.substr(dash + 1);
  if (month_in(after) > 0 && number_in(before) > 0) return Date{month_in(after), number_in(before)};
  if (month_in(before) > 0 && number_in(after) > 0) return Date{month_in(before), number_in(after)};
  const bool iso = before.size() == 4 && std::all_of(before.begin(), before.end(), digit) && after.size() >= 5 && after[2] == '-';
  if (!iso) return std::nullopt;
  const Date date{number_in(after.substr(0, 2)), number_in(after.substr(3, 2))};
  return date.month > 0 && date.day > 0 ? std::optional(date) : std::nullopt;
}

}  // namespace

std::optional<DateName> date_name(const std::string& name) {
  const std::optional<Date> date = date_in(name);
  if (!date) return std::nullopt;
  const std::string number = std::to_string(date->day);
  if (date->month == 9) return DateName{"SEPT" + number};
  if (date->month == 3 && date->day > 2) return DateName{"MARCH" + number};
  if (date->month == 12 && date->day == 1) return DateName{"DEC1"};
  return DateName{};
}

}  // namespace microtome
