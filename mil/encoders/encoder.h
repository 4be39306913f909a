// SPDX-License-Identifier: Apache-2.0
// A tile encoder: RGB batch in, a row of numbers a tile out. One immutable network shared by all lanes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace microtome {

class AllowedModels;

/// What every document says about the encoder that was used.
struct EncoderFacts {
  std::string name;             // "resnet50-trunc", or the card's name
  std::string format;           // "builtin" (random weights), "pt2", "torchscript", "safetensors"
  std::string sha256;           // of the model file; of "random <name> seed <n> v1" for random weights
  bool random_weights = false;  // seeded random numbers instead of trained weights
  std::int64_t feature_dim = 0;
  int tile_px = 0;                   // side of the tiles it wants; 0: any
  double mpp = 0;                    // scale it wants; 0: any
  std::string device = "cpu";        // "cpu", "cuda:0", "cuda:0,1"
  std::string precision = "float32";
  std::vector<std::string> classes;  // of a tile classifier, whose row is their probabilities; empty: the row is features
  std::string preprocessing;         // from bytes to the network's input and from its output to the row, in one line; part of the recipe
  int lanes = 0;                     // devices: calls of encode in flight at once, two a device; 0: the CPU, where each caller computes
  std::string note;                  // a form of the model that was passed over, and why; empty: none

  bool is_classifier() const { return !classes.empty(); }
};

/// What became of the work on devices other than the CPU; for the run's record.
struct EncoderRecord {
  struct Device {
    std::string name;         // "cuda:0"
    std::int64_t batches = 0;
    double busy_seconds = 0;  // between the first and the last kernel of each batch
  };
  std::vector<Device> devices;
  std::int64_t batch_limit = 0;  // tiles per forward pass since the device ran out of memory; 0: it never did
};

/// Interface: a fake is worth having. encode may be called by several threads at once. On the CPU each call computes on the calling thread
/// alone (one intra-op thread); on devices a call waits for the first that is free. Every forward pass has the same shape (batch slots x
/// tile_px, or the package's own batch), so a tile's row depends on the tile alone.
class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual const EncoderFacts& facts() const = 0;

  /// rgb: `slots` tiles of tile_px x tile_px x 3 bytes, `slots` the same in every call of a run (unused slots hold anything).
  /// features: slots * feature_dim float32, written row-major; rows of unused slots are undefined. Throws ModelError.
  virtual void encode(std::span<const std::uint8_t> rgb, int slots, int tile_px, std::span<float> features) const = 0;

  virtual EncoderRecord record() const { return {}; }
};

struct EncoderSettings {
  std::string name;                // resnet18, resnet34, resnet50, resnet50-trunc, or a folder with config.json (changes results)
  std::filesystem::path weights;   // safetensors for a built-in, torchvision key names (changes results)
  bool random_weights = false;     // seeded random weights; every document says so (changes results)
  std::uint64_t seed = 0;          // of the random weights (changes results)
  std::string device = "auto";     // auto, cpu, cuda (all that are visible), cuda:N, cuda:N,M (changes the last bits of results)
  std::string precision = "auto";  // auto, float32, float16, bfloat16 (changes the last bits of results)
  std::string form = "auto";       // auto, pt2, torchscript, safetensors: which of a folder's model files (changes the last bits of results)
};

/// How a run will use the encoder.
struct EncoderUse {
  int tile_px = 256;
  int batch = 16;                          // slots of each call
  int threads = 1;                         // lanes on the CPU
  const AllowedModels* allowed = nullptr;  // null: any file may be opened
};

/// Loads and checks everything before any slide is opened: cards, allow-list, sha256, key names and shapes, device and version of a package,
/// and one dry pass: of the golden tiles where the folder has them, whose outputs must agree, else of two made-up tiles (two, to find out
/// models traced for exactly one). On devices the dry pass has the run's shape, which warms them up. A built-in without weights is refused
/// unless random_weights. Throws ModelError with the sentence. Cost: reading the model file twice (sha256, load) and a pass of two tiles.
std::shared_ptr<const Encoder> load_encoder(const EncoderSettings& settings, const EncoderUse& use);

/// Tiles that the encoder wants: side in pixels and microns per pixel, 0 for any. Reads the card alone. Throws ModelError.
struct EncoderTiles {
  int tile_px = 0;
  double mpp = 0;
};
EncoderTiles encoder_tiles(const EncoderSettings& settings);

/// The golden tiles of a folder and the rows that the authors' own code gives for them; nullopt where there are none. Throws ModelError.
struct GoldenTiles {
  int tiles = 0;
  std::vector<std::uint8_t> rgb;  // tiles x tile_px x tile_px x 3
  std::vector<float> rows;        // tiles x feature_dim
};
std::optional<GoldenTiles> golden_tiles(const EncoderSettings& settings);

/// Forms in which the model lies in its folder, best first; "auto" alone for a built-in. Throws ModelError.
std::vector<std::string> model_forms(const EncoderSettings& settings);

/// Tiles per forward pass that keep a device busy: 16 on the CPU, 128 elsewhere. Throws ModelError for a device that is not there.
int suggested_batch(const std::string& device);

/// Names accepted beside folders, for messages and help.
const char* builtin_encoder_names();
bool is_builtin_encoder(const std::string& name);

/// The malloc settings that keep freed memory (architecture section 3). Speed only. Call it once, before any thread is started.
void keep_freed_memory();
/// Bytes that it keeps at the moment: free, but still the process's.
std::int64_t free_heap_bytes();

/// LibTorch's version and what it can use, for `version` and documents.
std::string torch_version();
std::string torch_devices();

}  // namespace microtome
