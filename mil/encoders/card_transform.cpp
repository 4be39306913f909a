// SPDX-License-Identifier: Apache-2.0
// Names, arguments and defaults are those of torchvision's classes.
#include "mil/encoders/card_transform.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace microtome {
namespace {

/// torchvision's `size`: a number, or a list of one or two.
int read_size(const CardObject& arguments, const std::string& step) {
  if (!arguments.is_list("size")) return static_cast<int>(arguments.count("size", 1, kMaxSide));
  const std::vector<double> sides = arguments.numbers("size");
  if (sides.empty() || sides.size() > 2 || sides.front() != sides.back())
    arguments.refuse_value("size", fmt::format("a square {} 'size', as tiles are square", step));
  const double side = sides.front();
  if (!(side >= 1 && side <= kMaxSide && side == std::floor(side)))
    arguments.refuse_value("size", fmt::format("'size' as whole numbers from 1 to {}", kMaxSide));
  return static_cast<int>(side);
}

/// 2 and 3: torchvision's numbers, which are PIL's, in cards of before there were names.
Interpolation read_interpolation(const CardObject& arguments) {
  const std::string value = arguments.json_text("interpolation");
  if (value.empty() || value == R"("bilinear")" || value == "2") return Interpolation::bilinear;
  if (value == R"("bicubic")" || value == "3") return Interpolation::bicubic;
  arguments.refuse_value("interpolation", "Resize with interpolation 'bilinear' or 'bicubic'");
}

/// For PIL images torchvision ignores the argument. Behind ToTensor null, and once "warn", meant none.
void check_antialias(const CardObject& arguments, bool after_scaling) {
  const std::string value = arguments.json_text("antialias");
  if (value.empty() || value == "true" || (!after_scaling && (value == "null" || value == R"("warn")"))) return;
  arguments.refuse_value("antialias", after_scaling ? "Resize behind ToTensor with antialias true" : "Resize with antialias");
}

void read_resize(Preprocessing& preprocessing, const CardObject& arguments, bool after_scaling) {
  arguments.refuse_other_keys("Resize", {"size", "interpolation", "antialias", "max_size"});
  check_antialias(arguments, after_scaling);
  const std::string max_size = arguments.json_text("max_size");
  if (!max_size.empty() && max_size != "null") arguments.refuse_value("max_size", "Resize without max_size");
  preprocessing.interpolation = read_interpolation(arguments);
  preprocessing.resize_px = read_size(arguments, "Resize");
  preprocessing.resize_after_scaling = after_scaling;
}

void read_center_crop(Preprocessing& preprocessing, const CardObject& arguments, int tile_px) {
  arguments.refuse_other_keys("CenterCrop", {"size"});
  const int side = preprocessing.input_px(tile_px);
  preprocessing.crop_px = read_size(arguments, "CenterCrop");
  if (preprocessing.crop_px > side)
    arguments.refuse_value("size", fmt::format("a CenterCrop 'size' of at most {}, the side it crops", side));
}

std::array<double, 3> read_three(const CardObject& arguments, const char* key, bool positive) {
  const std::vector<double> numbers = arguments.numbers(key);
  if (numbers.size() != 3) arguments.refuse_value(key, fmt::format("three numbers in Normalize '{}'", key));
  for (const double each : numbers) {
    const auto number = static_cast<float>(each);  // the arithmetic is float32: what overflows or vanishes there is refused too
    if (!std::isfinite(number) || (positive && !(number > 0)))
      arguments.refuse_value(key, fmt::format("finite numbers{} in Normalize '{}'", positive ? " above 0" : "", key));
  }
  return {numbers[0], numbers[1], numbers[2]};
}

void read_normalize(Preprocessing& preprocessing, const CardObject& arguments) {
  arguments.refuse_other_keys("Normalize", {"mean", "std", "inplace"});
  preprocessing.mean = read_three(arguments, "mean", false);
  preprocessing.std = read_three(arguments, "std", true);
}

/// What was read so far of the list.
struct Reading {
  Preprocessing preprocessing{.mean = {0, 0, 0}, .std = {1, 1, 1}};
  bool scaled = false;  // ToTensor was there
  std::string last;     // of the other steps
};

int place_of(const std::string& name) { return name == "Resize" ? 1 : name == "CenterCrop" ? 2 : name == "Normalize" ? 3 : 0; }

void check_order(const CardObject& step, const Reading& reading, const std::string& name) {
  const bool to_tensor = name == "ToTensor";
  if (!to_tensor && place_of(name) == 0)
    step.refuse("the transforms Resize, CenterCrop, ToTensor and Normalize", fmt::format("found '{}'", name));
  constexpr const char* kOrder = "each once and in this order: Resize, CenterCrop, Normalize, and ToTensor before Normalize";
  if (to_tensor && reading.scaled) step.refuse(kOrder, "found 'ToTensor' twice");
  if (!to_tensor && place_of(name) <= place_of(reading.last))
    step.refuse(kOrder, fmt::format("found '{}' behind '{}'", name, reading.last));
  if (name == "Normalize" && !reading.scaled) step.refuse(kOrder, "found 'Normalize' without ToTensor before it");
}

void read_step(Reading& reading, const CardObject& step, int tile_px) {
  step.refuse_other_keys("each transform", {"name", "arguments"});
  const std::string name = step.text("name");
  const CardObject arguments = step.object("arguments");
  check_order(step, reading, name);
  if (name == "Resize") read_resize(reading.preprocessing, arguments, reading.scaled);
  if (name == "CenterCrop") read_center_crop(reading.preprocessing, arguments, tile_px);
  if (name == "Normalize") read_normalize(reading.preprocessing, arguments);
  if (name == "ToTensor" && !arguments.keys().empty()) step.refuse_value("arguments", "ToTensor without arguments");
  if (name == "ToTensor")
    reading.scaled = true;
  else
    reading.last = name;
}

}  // namespace

Preprocessing read_transform(const CardObject& config, int tile_px) {
  Reading reading;
  for (const CardObject& step : config.objects("transform")) read_step(reading, step, tile_px);
  if (!reading.scaled) config.refuse("ToTensor among the transforms", "it is missing");
  return reading.preprocessing;
}

}  // namespace microtome
