// SPDX-License-Identifier: Apache-2.0
// A reader learns: which safetensors files are read, and in which words each broken one is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "mil/model_error.h"
#include "mil/weights_safetensors.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Safetensors : public testing::Test {
 protected:
  void SetUp() override { path_ = fs::temp_directory_path() / ("microtome-safetensors-" + std::to_string(getpid()) + ".safetensors"); }
  void TearDown() override { fs::remove(path_); }

  void write(const std::string& bytes) { std::ofstream(path_, std::ios::binary) << bytes; }

  /// A file of that header and so many bytes of data.
  void write(const std::string& header, std::size_t data_bytes) {
    const std::uint64_t length = header.size();
    write(std::string(reinterpret_cast<const char*>(&length), 8) + header + std::string(data_bytes, '\1'));
  }

  std::string refusal() const {
    try {
      read_safetensors(path_);
    } catch (const ModelError& e) {
      return e.what();
    }
    return "was read";
  }

  fs::path path_;
};

std::string bytes_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

TEST_F(Safetensors, EveryDtypeAndShapeComesBackAsWritten) {
  NamedTensors tensors;
  for (const at::ScalarType type :
       {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort, at::kChar, at::kByte})
    tensors[c10::toString(type)] = at::arange(6).reshape({2, 3}).to(type);
  tensors["bool"] = at::tensor({1, 0, 1}).to(at::kBool);
  tensors["scalar"] = at::scalar_tensor(2.5, at::kFloat);
  tensors["empty"] = at::empty({0, 4}, at::kFloat);
  tensors["transposed"] = at::arange(6).to(at::kFloat).reshape({2, 3}).t();
  write_safetensors(path_, tensors, {{"format", "pt"}});
  const NamedTensors read = read_safetensors(path_);
  ASSERT_EQ(read.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    ASSERT_TRUE(read.contains(name)) << name;
    EXPECT_EQ(read.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(read.at(name).equal(tensor)) << name;
  }
}

TEST_F(Safetensors, SameTensorsGiveTheSameBytes) {
  const NamedTensors tensors{{"b", at::ones({3}, at::kByte)}, {"a", at::ones({2}, at::kFloat)}};
  write_safetensors(path_, tensors, {{"k", "v"}});
  const std::string first = bytes_of(path_);
  write_safetensors(path_, tensors, {{"k", "v"}});
  EXPECT_EQ(bytes_of(path_), first);
  EXPECT_THAT(first,
              HasSubstr(R"("__metadata__":{"k":"v"},"a":{"data_offsets":[0,8],"dtype":"F32","shape":[2]},"b":{"data_offsets":[8,11])"));
}

TEST_F(Safetensors, ReadsAHandMadeFile) {
  write(std::string("\x3a\0\0\0\0\0\0\0", 8) + R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}     )" + "\x07\x09");
  EXPECT_TRUE(read_safetensors(path_).at("x").equal(at::tensor({7, 9}).to(at::kByte)));
}

TEST_F(Safetensors, MissingFileIsRefused) { EXPECT_THAT(refusal(), HasSubstr("wanted a safetensors file: No such file or directory")); }

TEST_F(Safetensors, ShortFileIsRefused) {
  write("abc");
  EXPECT_THAT(refusal(), HasSubstr("wanted a safetensors file: it has only 3 bytes"));
}

TEST_F(Safetensors, HeaderLongerThanTheFileIsRefused) {
  write(std::string("\xff\0\0\0\0\0\0\0{}", 10));
  EXPECT_THAT(refusal(), HasSubstr("wanted a header inside the file of 10 bytes: its header claims 255 bytes"));
  write(std::string(8, '\xff') + "{}");
  EXPECT_THAT(refusal(), HasSubstr("its header claims 18446744073709551615 bytes"));
}

TEST_F(Safetensors, TruncatedDataIsRefused) {
  write(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 7);
  EXPECT_THAT(refusal(), HasSubstr("wanted data_offsets of tensor 'x' inside 7 bytes of data: found 0 to 8"));
}

TEST_F(Safetensors, BytesBehindTheLastTensorAreRefused) {
  write(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 9);
  EXPECT_THAT(refusal(), HasSubstr("wanted 8 bytes of data: the file holds 9"));
}

TEST_F(Safetensors, OverlapsAndGapsAreRefused) {
  write(R"({"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"y":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})", 6);
  EXPECT_THAT(refusal(), HasSubstr("wanted tensor 'y' to begin at byte 4, where the one before it ends: it begins at 2"));
  write(R"({"x":{"dtype":"U8","shape":[4],"data_offsets":[1,5]}})", 5);
  EXPECT_THAT(refusal(), HasSubstr("wanted tensor 'x' to begin at byte 0, where the one before it ends: it begins at 1"));
}

TEST_F(Safetensors, BackwardOffsetsAreRefused) {
  write(R"({"x":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}})", 4);
  EXPECT_THAT(refusal(), HasSubstr("inside 4 bytes of data: found 4 to 0"));
}

TEST_F(Safetensors, ATensorListedTwiceIsRefused) {
  write(R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1);
  EXPECT_THAT(refusal(), HasSubstr("wanted each tensor once: 'x' is listed twice"));
}

TEST_F(Safetensors, UnknownDtypeIsRefused) {
  write(R"({"x":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", 1);
  EXPECT_THAT(refusal(), HasSubstr("wanted a known dtype for tensor 'x': found 'F8_E4M3'"));
  write(R"({"x":{"shape":[1],"data_offsets":[0,1]}})", 1);
  EXPECT_THAT(refusal(), HasSubstr("wanted a known dtype for tensor 'x': found 'none'"));
}

TEST_F(Safetensors, ShapeThatOverflowsIsRefused) {
  write(R"({"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0);
  EXPECT_THAT(refusal(), HasSubstr("wanted a shape that fits into memory for tensor 'x': its product overflows 64 bits"));
  write(R"({"x":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}})", 0);
  EXPECT_THAT(refusal(), HasSubstr("its product overflows 64 bits"));
}

TEST_F(Safetensors, ShapeThatDiffersFromTheSpanIsRefused) {
  write(R"({"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", 8);
  EXPECT_THAT(refusal(), HasSubstr("wanted 12 bytes for the shape of tensor 'x': found 8"));
}

TEST_F(Safetensors, NumbersThatAreNoCountsAreRefused) {
  for (const char* dim : {"-1", "1.5", "\"1\"", "18446744073709551615", "null"}) {
    write(std::string(R"({"x":{"dtype":"F32","shape":[)") + dim + R"(],"data_offsets":[0,4]}})", 4);
    EXPECT_THAT(refusal(), HasSubstr("wanted whole numbers from 0 on in shape and data_offsets of 'x': found ")) << dim;
  }
}

TEST_F(Safetensors, MalformedEntriesAreRefused) {
  write(R"({"x":1})", 0);
  EXPECT_THAT(refusal(), HasSubstr("wanted an array 'data_offsets' for tensor 'x': it is missing"));
  write(R"({"x":{"dtype":"F32","data_offsets":[0,0]}})", 0);
  EXPECT_THAT(refusal(), HasSubstr("wanted an array 'shape' for tensor 'x': it is missing"));
  write(R"({"x":{"dtype":"F32","shape":[0],"data_offsets":[0]}})", 0);
  EXPECT_THAT(refusal(), HasSubstr("wanted two data_offsets for tensor 'x': found 1"));
}

TEST_F(Safetensors, HeadersThatAreNoJsonObjectAreRefused) {
  write("{\"x\":", 0);
  EXPECT_THAT(refusal(), HasSubstr("wanted a safetensors header in JSON: [json.exception.parse_error"));
  write("[]", 0);
  EXPECT_THAT(refusal(), HasSubstr("wanted a safetensors header that is a JSON object: it is something else"));
}

TEST_F(Safetensors, EveryTruncationOfAGoodFileIsRefused) {
  write_safetensors(path_, {{"a", at::ones({2, 2}, at::kFloat)}, {"b", at::ones({1}, at::kByte)}}, {});
  const std::string whole = bytes_of(path_);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write(whole.substr(0, length));
    EXPECT_THAT(refusal(), HasSubstr("export or copy the file again")) << length;
  }
}

TEST_F(Safetensors, AnyFlippedByteIsReadOrRefusedNeverWorse) {
  write_safetensors(path_, {{"a", at::ones({2, 2}, at::kFloat)}, {"b", at::ones({1}, at::kByte)}}, {});
  const std::string whole = bytes_of(path_);
  int refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x15);
    write(bytes);
    refused += refusal() != "was read";
  }
  EXPECT_GT(refused, 50);
}

TEST_F(Safetensors, AFileThatCannotBeWrittenLeavesNothingBehind) {
  const fs::path nowhere = path_ / "x.safetensors";
  try {
    write_safetensors(nowhere, {{"a", at::ones({2})}}, {});
    FAIL() << "was written";
  } catch (const ModelError& e) {
    EXPECT_THAT(e.what(), HasSubstr("wanted to write 1 tensors: the file could not be written whole"));
  }
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(Safetensors, ADtypeTheFormatLacksIsRefused) {
  try {
    write_safetensors(path_, {{"z", at::zeros({1}, at::kComplexFloat)}}, {});
    FAIL() << "was written";
  } catch (const ModelError& e) {
    EXPECT_THAT(e.what(), HasSubstr("wanted a dtype that safetensors has for tensor 'z': found ComplexFloat"));
  }
}

}  // namespace
}  // namespace microtome
