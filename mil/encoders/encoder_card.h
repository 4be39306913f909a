// SPDX-License-Identifier: Apache-2.0
// An encoder folder: what its cards say and which model files lie in it. Internal to mil/.
//   config.json             WSInfer model card: patch_size_pixels, spacing_um_px, transform, class_names, num_classes; architecture
//   microtome.json          optional, our keys, all optional, no others:
//     name           text    shown in documents; else the folder's name
//     architecture   text    a built-in name; wins over config.json's
//     output         text    "features" or "classes"; else: classes where config.json has class_names and there is no microtome.json
//     feature_dim    count   checked against the network's output
//     pooling        text    "none": the network gives one row a tile; "class", "mean", "class+mean": it gives tokens (B, T, D)
//     prefix_tokens  count   class token and registers in front of the patch tokens, for pooling; else 1
//     precision      text    "float32", "float16", "bfloat16": what the authors compute in; --precision auto follows it where the device can
//     format         text    "pt2", "torchscript" or "safetensors": which form to take when several are there
//     sha256         text or object {file name: hex}   checked against the model file before it is opened
//     licence        text    for the reader
//     source         text    for the reader: what it was exported from
//   model.cpu.pt2, model.cuda.pt2, model.pt2   AOTInductor packages: native code
//   torchscript_model.pt    TorchScript is code too: run only what you would run as a program
//   model.safetensors       weights of a built-in network
//   golden.safetensors      "tiles" U8 (n, tile_px, tile_px, 3) and "outputs" F32 (n, D): what the authors' own code gives for them
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "mil/encoders/preprocessing.h"

namespace microtome {

enum class OutputKind { features, classes };
enum class Pooling { none, class_token, mean, class_and_mean };

/// One way of running the model, as it lies in the folder.
struct ModelFile {
  std::string form;        // "pt2", "torchscript", "safetensors"
  std::string device;      // of a .pt2 whose name says it: "cpu", "cuda"; else ""
  std::filesystem::path path;
  std::string sha256;      // stated in microtome.json, lower case; "" where it is not
};

struct EncoderCard {
  std::string name;
  std::string architecture;  // as written, e.g. "resnet50.tv_in1k"; may be empty
  OutputKind output = OutputKind::features;
  std::vector<std::string> classes;  // of config.json; empty for features
  std::int64_t feature_dim = 0;      // 0: not stated; for classes their number
  Pooling pooling = Pooling::none;
  int prefix_tokens = 1;
  std::string precision;  // "" where the card does not say
  std::string format;     // wanted form, "" where the card does not say
  int tile_px = 0;
  double mpp = 0;
  Preprocessing preprocessing;
  std::vector<ModelFile> files;  // those that are there: .pt2 first, then TorchScript, then safetensors
  std::filesystem::path golden;  // empty where there is none
};

/// Reads both cards and lists the model files; opens none of those. Throws ModelError: a card that is missing, torn or says what makes no
/// sense (the file, the key and what was found are named), a file named by sha256 that is not there, no model file at all.
EncoderCard read_encoder_card(const std::filesystem::path& folder);

/// sha256 of the file; where the card states one they must agree. Throws ModelError.
std::string verified_sha256(const ModelFile& file);

}  // namespace microtome
