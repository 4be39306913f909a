// SPDX-License-Identifier: Apache-2.0
#include "pipeline/resume.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "mil/model_error.h"
#include "mil/sha256.h"
#include "pipeline/options.h"
#include "tiling/given_mask.h"
#include "tiling/slide.h"
#include "tiling/tile_reader.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kMiB = 1 << 20;

std::string read_piece(std::ifstream& file, std::int64_t from, std::int64_t length) {
  std::string piece(static_cast<std::size_t>(length), '\0');
  file.seekg(from);
  file.read(piece.data(), length);
  return piece;
}

std::string identity_of(const fs::path& path, std::int64_t bytes) {
  std::ifstream file(path, std::ios::binary);
  const std::int64_t piece = std::min(bytes, kMiB);
  std::string text = fmt::format("{}\n", bytes) + read_piece(file, 0, piece) + read_piece(file, bytes - piece, piece);
  if (!file) throw SlideError("read_failed", "wanted the first and last MiB of the slide: the file cannot be read: check its permissions");
  return sha256_of_text(text);
}

}  // namespace

std::string bag_recipe(const Config& config, const std::vector<std::shared_ptr<const Encoder>>& encoders) {
  std::string each;
  for (const auto& encoder : encoders) {
    const EncoderFacts& facts = encoder->facts();
    each += fmt::format("encoder={} {} {} {}\ninput={}\n", facts.name, facts.sha256, facts.random_weights, facts.precision, facts.preprocessing);
    for (const auto& name : facts.classes) each += fmt::format("class={}\n", name);
  }
  Config of_bags = config;
  of_bags.run.max_missing_genes = {};  // model_recipe's, both
  of_bags.run.hash_slides = {};
  return sha256_of_text(fmt::format("results={}\n{}resampling={}\n{}", kResultsVersion, result_settings(of_bags, {"run", "tiling", "tissue"}),
                                    kResamplingKernel, each));
}

std::string slide_bag_recipe(const std::string& bag_recipe, const ManifestRow& row, const std::string& identity, const std::string& mask_sha256) {
  return sha256_of_text(fmt::format("{}\n{}\n{}\n{}\nmask={}\n", bag_recipe, identity, row.keys.slide_id, row.mpp.value_or(0), mask_sha256));
}

std::string model_recipe(const Config& config, const std::string& model_sha256, const std::string& genomics_sha256) {
  return sha256_of_text(fmt::format("results={}\ndocuments={}\nmodel={}\ngenomics={}\nmax_missing_genes={}\nhash_slides={}\n", kResultsVersion, kDocumentsVersion, model_sha256,
                                    genomics_sha256, config.run.max_missing_genes, config.run.hash_slides));
}

std::string slide_recipe(const std::string& slide_bag_recipe, const std::string& model_recipe, const SlideKeys& keys) {
  return sha256_of_text(fmt::format("{}\n{}\n{}\n{}\n", slide_bag_recipe, model_recipe, keys.patient_id, keys.sample_id));
}

std::string identify_mask(const fs::path& mask) {
  if (mask.empty()) return "";
  std::error_code error;
  if (!fs::is_regular_file(mask, error)) refuse_mask("there is no such file", "check the manifest's mask column");
  try {
    return sha256_of_file(mask);
  } catch (const ModelError&) {  // its sentence names the path
    refuse_mask("the file cannot be read", "check its permissions");
  }
}

SlideFile identify_slide(const fs::path& path, const std::optional<FindingsMarker>& known) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
    throw SlideError("not_found", "wanted the slide's file: there is no such file: check the manifest");
  }
  SlideFile out;
  out.bytes = facts.st_size;
  out.mtime_ns = static_cast<std::int64_t>(facts.st_mtim.tv_sec) * 1'000'000'000 + facts.st_mtim.tv_nsec;
  const bool unchanged = known && known->slide_bytes == out.bytes && known->slide_mtime_ns == out.mtime_ns && !known->identity.empty();
  out.identity = unchanged ? known->identity : identity_of(path, out.bytes);
  return out;
}

std::optional<Findings> read_document(const fs::path& folder) {
  std::ifstream file(folder / "findings.json", std::ios::binary);
  if (!file) return std::nullopt;
  std::stringstream text;
  text << file.rdbuf();
  return read_findings(text.str());
}

std::optional<FindingsMarker> read_marker(const fs::path& folder) {
  const auto document = read_document(folder);
  return document ? std::optional(marker_of(*document)) : std::nullopt;
}

bool are_there(const fs::path& folder, const std::vector<FindingsArtifact>& artifacts) {
  return std::all_of(artifacts.begin(), artifacts.end(), [&](const FindingsArtifact& artifact) {
    std::error_code error;
    const auto bytes = fs::file_size(folder / artifact.path, error);
    return !error && static_cast<std::int64_t>(bytes) == artifact.bytes;
  });
}

bool is_done(const fs::path& folder, const FindingsMarker& marker, const std::string& recipe) {
  return marker.recipe == recipe && marker.status != "failed" && are_there(folder, marker.artifacts);
}

}  // namespace microtome
