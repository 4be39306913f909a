// SPDX-License-Identifier: Apache-2.0
// An encoder folder: what its cards say and where its weights lie. Internal to mil/.
//   config.json             WSInfer model card: patch_size_pixels, spacing_um_px, transform; architecture for safetensors
//   microtome.json          optional, our keys, all optional, no others:
//     name           text   shown in documents; else the folder's name
//     architecture   text   a built-in name; wins over config.json's
//     format         text   "torchscript" or "safetensors": which file to take when both are there
//     feature_dim    count  checked against the network's output
//     sha256         hex    checked against the weights file before it is opened
//     licence        text   for the reader
//   torchscript_model.pt    TorchScript is code: run only what you would run as a program
//   model.safetensors       weights of a built-in network
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>

namespace microtome {

/// From bytes to what a network sees: resize (0: none; antialiased bilinear, rounded to whole grey levels as on an 8-bit image), / 255,
/// (x - mean) / std.
struct Preprocessing {
  int resize_px = 0;
  std::array<float, 3> mean{0.485F, 0.456F, 0.406F};  // ImageNet: torchvision's and timm's ResNets
  std::array<float, 3> std{0.229F, 0.224F, 0.225F};
};

struct EncoderCard {
  std::string name;
  std::string architecture;  // as written, e.g. "resnet50.tv_in1k"; may be empty
  std::string format;        // "torchscript" or "safetensors"
  std::filesystem::path weights;
  std::string sha256;            // of the weights file
  std::int64_t feature_dim = 0;  // 0: not stated
  int tile_px = 0;
  double mpp = 0;
  Preprocessing preprocessing;
};

/// Reads both cards and verifies the weights' sha256 where one is stated. Throws ModelError.
EncoderCard read_encoder_card(const std::filesystem::path& folder);

}  // namespace microtome
