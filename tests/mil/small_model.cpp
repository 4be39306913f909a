// SPDX-License-Identifier: Apache-2.0
// Test folders without the code under test: the safetensors bytes are laid down here by hand.
#include "small_model.h"

#include <stdlib.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "mil/sha256.h"

namespace microtome::test {

namespace fs = std::filesystem;

ScratchFolder::ScratchFolder() {
  auto name = (fs::temp_directory_path() / "microtome-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch folder");
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

ModelCard small_card(bool genes) {
  ModelCard card;
  card.classes = {"low", "middle", "high"};
  card.feature_dim = 6;
  card.embed_dim = 5;
  card.attention_dim = 4;
  card.encoder = "resnet18";
  card.encoder_sha256 = "abc";
  card.tile_px = 256;
  card.mpp = 0.5;
  if (!genes) return card;
  card.modalities = {{"rna", {"TP53", "KRAS", "EGFR"}, {1.0, 2.0, 3.0}, {2.0, 4.0, 0.5}, "log2(TPM+1)", "linear", 2, {}}};
  return card;
}

std::vector<float> wave(double step, double phase, double amplitude, std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t k = 0; k < count; ++k) values[k] = static_cast<float>(amplitude * std::sin(step * static_cast<double>(k) + phase));
  return values;
}

WeightTable small_weights(const ModelCard& card) {
  const auto genes = card.modalities.empty() ? 0 : static_cast<std::int64_t>(card.modalities[0].features.size());
  const auto d = card.feature_dim, e = card.embed_dim, a = card.attention_dim, g = card.modalities.empty() ? 0 : card.modalities[0].dim;
  const auto c = static_cast<std::int64_t>(card.classes.size());
  WeightTable table{{"feature_scaler.mean", {{d}, {}}},
                    {"feature_scaler.scale", {{d}, {}}},
                    {"patch_embed.0.weight", {{e, d}, {}}},
                    {"patch_embed.0.bias", {{e}, {}}},
                    {"global_attn.attention_a.0.weight", {{a, e}, {}}},
                    {"global_attn.attention_a.0.bias", {{a}, {}}},
                    {"global_attn.attention_b.0.weight", {{a, e}, {}}},
                    {"global_attn.attention_b.0.bias", {{a}, {}}},
                    {"global_attn.attention_c.weight", {{1, a}, {}}},
                    {"global_attn.attention_c.bias", {{1}, {}}},
                    {"classifier.weight", {{c, genes > 0 ? e + g : e}, {}}},
                    {"classifier.bias", {{c}, {}}}};
  if (genes > 0) {
    table["tables.0.encoder.0.weight"].shape = {g, genes};
    table["tables.0.encoder.0.bias"].shape = {g};
    table["tables.0.null"].shape = {g};
    table["tiles.null"].shape = {e};
  }
  int index = 0;
  for (auto& [name, tensor] : table) {
    std::size_t count = 1;
    for (const auto side : tensor.shape) count *= static_cast<std::size_t>(side);
    tensor.values = wave(0.37, 1.1 * index++ + 0.5, 0.6, count);
  }
  for (auto& value : table["feature_scaler.scale"].values) value = static_cast<float>(static_cast<double>(value) + 1.5);
  return table;
}

void write_model_folder(const fs::path& folder, const ModelCard& card, const WeightTable& weights) {
  nlohmann::ordered_json header;
  std::string data;
  for (const auto& [name, tensor] : weights) {
    const auto begin = data.size();
    data.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float));
    header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  auto text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  const std::uint64_t length = text.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  write_all(folder / weights_file_name, bytes + text + data);
  write_model_card(folder, {card, sha256_of_file(folder / weights_file_name)});
}

Bag wave_bag(std::int64_t tiles, std::int64_t feature_dim) {
  Bag bag;
  bag.slide_id = "wave";
  bag.feature_dim = feature_dim;
  bag.features = wave(0.61, 0.2, 2.0, static_cast<std::size_t>(tiles * feature_dim));
  bag.coords.assign(static_cast<std::size_t>(tiles) * 2, 0);
  return bag;
}

std::string numbered(const char* prefix, int number) { return std::string(prefix).append(std::to_string(number)); }

std::string read_all(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_all(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
}

}  // namespace microtome::test
