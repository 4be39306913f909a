// SPDX-License-Identifier: Apache-2.0
// Numbers whose unit is not known beforehand stay readable.
#include "pipeline/outputs/quantity_text.h"

#include <gtest/gtest.h>

namespace microtome {
namespace {

Metric metric(const std::string& name, double value, double low, double high) {
  return {name, value, {low, high, "BCa bootstrap of patients", ""}, 9, {}, ""};
}

TEST(QuantityText, FourDigitsWhateverTheSize) {
  for (const auto& [value, text] :
       {std::pair(8.52, "8.520"), std::pair(-0.0123, "-0.01230"), std::pair(123.456, "123.5"), std::pair(1234.56, "1235"),
        std::pair(1756538.2, "1756538"), std::pair(1.5e12, "1.5e+12"), std::pair(2e-7, "2e-07"), std::pair(0.0, "0")})
    EXPECT_EQ(quantity_text(value), text);
}

TEST(QuantityText, MeasuresWithAUnitHaveItsDigitsAndTheOthersThree) {
  EXPECT_EQ(regression_with_interval(metric("mae", 1500.4, 1200, 1900)), "1500 (1200 to 1900)");
  EXPECT_EQ(regression_limits(metric("bias", -0.5, -1, 0.25)), "-1.000 to 0.2500");
  EXPECT_EQ(regression_with_interval(metric("pearson", 0.91234, 0.8, 0.95)), "0.912 (0.80 to 0.95)");
  EXPECT_EQ(regression_limits(metric("r2", 0.91234, 0.8, 0.95)), "0.800 to 0.950");
}

TEST(QuantityText, WhatIsNotThereIsADash) {
  Metric bias = metric("bias", 3, 1, 4);
  bias.interval = {{}, {}, "", "every resample gives the same value"};
  EXPECT_EQ(regression_with_interval(bias), "3.000");
  EXPECT_EQ(regression_limits(bias), "-");
  bias.value.reset();
  EXPECT_EQ(regression_with_interval(bias), "-");
  EXPECT_EQ(regression_value(bias), "-");
}

}  // namespace
}  // namespace microtome
