// SPDX-License-Identifier: Apache-2.0
// A reader learns: which packages of compiled code run on this processor, by what they say of themselves.
#include <ATen/cpu/Utils.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "mil/encoders/network.h"

namespace microtome {
namespace {

std::string misfit(const std::string& isa) {
  PackageFacts facts;
  facts.device = "cpu";
  facts.isa = isa;
  facts.precision = "float32";
  return package_misfit(facts, Placement{});
}

TEST(PackageMisfit, AProcessorIsNamedByWordsAndMustHaveThemAll) {
  EXPECT_EQ(misfit(""), "");
  EXPECT_EQ(misfit("INVALID_VEC_ISA"), "") << "torch's name for none";
  EXPECT_EQ(misfit("AVX1024 AMX_PLUS"), "it was compiled for a processor with AVX1024 AMX_PLUS, this one lacks AVX1024 AMX_PLUS");
  const auto capabilities = at::cpu::get_cpu_capabilities();
  if (!capabilities.at("avx2").toBool()) GTEST_SKIP() << "no x86 processor with AVX2";
  EXPECT_EQ(misfit("AVX2"), "");
  EXPECT_EQ(misfit("AVX2 AVX1024"), "it was compiled for a processor with AVX2 AVX1024, this one lacks AVX1024");
  for (const char* word : {"avx512_vnni", "amx_tile"})
    EXPECT_EQ(misfit(std::string("AVX2 ") + word).empty(), capabilities.at(word).toBool()) << word;
}

}  // namespace
}  // namespace microtome
