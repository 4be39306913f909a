// SPDX-License-Identifier: Apache-2.0
// A tile encoder: RGB batch in, feature rows out. One immutable network shared by all lanes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace microtome {

/// What every document says about the encoder that was used.
struct EncoderFacts {
  std::string name;             // "resnet50-trunc", or the card's name
  std::string format;           // "builtin" (random weights), "torchscript", "safetensors"
  std::string sha256;           // of the weights file; of "random <name> seed <n> v1" for random weights
  bool random_weights = false;  // seeded random numbers instead of trained weights
  std::int64_t feature_dim = 0;
  int tile_px = 0;             // side of the tiles it wants; 0: any
  double mpp = 0;              // scale it wants; 0: any
  std::string device = "cpu";  // "cpu", "cuda:0"
  std::string precision = "float32";
};

/// Interface: a fake is worth having. encode may be called by several threads at once; on CPU each call computes on the calling
/// thread alone (one intra-op thread). Every forward pass has the same shape (batch slots x tile_px), so a tile's features depend on the
/// tile alone.
class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual const EncoderFacts& facts() const = 0;

  /// rgb: `slots` tiles of tile_px x tile_px x 3 bytes, `slots` the same in every call of a run (unused slots hold anything).
  /// features: slots * feature_dim float32, written row-major; rows of unused slots are undefined. Throws ModelError.
  virtual void encode(std::span<const std::uint8_t> rgb, int slots, int tile_px, std::span<float> features) const = 0;
};

struct EncoderSettings {
  std::string name;                // resnet18, resnet50, resnet50-trunc, or a folder with config.json (changes results)
  std::filesystem::path weights;   // safetensors for a built-in, torchvision key names (changes results)
  bool random_weights = false;     // seeded random weights; every document says so (changes results)
  std::uint64_t seed = 0;          // of the random weights (changes results)
  std::string device = "auto";     // auto, cpu, cuda, cuda:N (changes the last bits of results)
  std::string precision = "auto";  // auto, float32, float16, bfloat16 (changes the last bits of results)
};

/// Loads and checks everything before any slide is opened: file present, sha256, key names and shapes, one dry pass of
/// two tiles of tile_px (two, to find out models traced for exactly one). A built-in without weights is refused unless random_weights.
/// Throws ModelError with the sentence.
std::shared_ptr<const Encoder> load_encoder(const EncoderSettings& settings, int tile_px);

/// Names accepted beside folders, for messages and help.
const char* builtin_encoder_names();

/// The malloc settings that keep freed memory (architecture section 3). Speed only. Call it once, before any thread is started.
void keep_freed_memory();

/// LibTorch's version and what it can use, for `version` and documents.
std::string torch_version();
std::string torch_devices();

}  // namespace microtome
