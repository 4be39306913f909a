// SPDX-License-Identifier: Apache-2.0
#include "pipeline/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "pipeline/config.h"
#include "pipeline/inputs/delimited_table.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

const std::set<std::string> kSlideExtensions = {".svs", ".tif", ".tiff", ".ndpi", ".vms", ".vmu", ".scn", ".mrxs", ".svslide", ".bif"};

bool is_slide_file(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return std::tolower(c); });
  return kSlideExtensions.count(extension) > 0 && path.filename().string().front() != '.';
}

void fill_tcga_keys(SlideKeys& keys) {
  const std::string stem = fs::path(keys.slide_id).filename().string();
  if (keys.patient_id.empty()) keys.patient_id = tcga_patient(stem).value_or("");
  if (keys.sample_id.empty()) keys.sample_id = tcga_sample(stem).value_or("");
}

/// An id becomes a folder below slides/: it must not leave it.
void require_safe_id(const std::string& id, const std::string& where) {
  const fs::path as_path(id);
  bool safe = !id.empty() && !as_path.is_absolute() && id.back() != '/';
  for (const auto& part : as_path) safe = safe && part != ".." && part != "." && part.string().front() != '.';
  for (const unsigned char c : id) safe = safe && c >= 0x20 && c != 0x7f && c != '\\';
  if (!safe) throw ConfigError(fmt::format("{}: wanted a slide id that can name a folder, got '{}'", where, id));
}

void require_unique_ids(const std::vector<ManifestRow>& rows, const std::string& where) {
  std::map<std::string, const fs::path*> seen;
  for (const auto& row : rows) {
    const auto [at, fresh] = seen.emplace(row.keys.slide_id, &row.path);
    if (!fresh) {
      throw ConfigError(fmt::format("{}: wanted one slide per id: '{}' names both {} and {}", where, row.keys.slide_id,
                                    at->second->string(), row.path.string()));
    }
  }
}

std::vector<fs::path> find_slides(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (at->path().filename().string().front() == '.' && at->is_directory()) at.disable_recursion_pending();
    if (at->is_regular_file() && is_slide_file(at->path())) out.push_back(at->path());
  }
  if (error) throw ConfigError(fmt::format("{}: wanted to list the archive: {}", folder.string(), error.message()));
  return out;
}

/// Stem where it is unique, else the relative path without extension, else with it.
std::vector<std::string> distinct_ids(const std::vector<fs::path>& files, const fs::path& folder) {
  std::map<std::string, int> stems, relatives;
  auto relative = [&](const fs::path& p) { return fs::relative(p, folder).replace_extension("").generic_string(); };
  for (const auto& file : files) {
    ++stems[file.stem().string()];
    ++relatives[relative(file)];
  }
  std::vector<std::string> ids;
  for (const auto& file : files) {
    if (stems[file.stem().string()] == 1) {
      ids.push_back(file.stem().string());
    } else {
      ids.push_back(relatives[relative(file)] == 1 ? relative(file) : fs::relative(file, folder).generic_string());
    }
  }
  return ids;
}

std::vector<ManifestRow> read_folder(const fs::path& folder) {
  const auto files = find_slides(folder);
  const auto ids = distinct_ids(files, folder);
  std::vector<ManifestRow> rows(files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    require_safe_id(ids[i], files[i].string());
    rows[i].keys.slide_id = ids[i];
    rows[i].path = files[i];
    fill_tcga_keys(rows[i].keys);
  }
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.keys.slide_id < b.keys.slide_id; });
  if (rows.empty()) {
    throw ConfigError(
        fmt::format("{}: wanted slides: no file with a slide's extension (.svs, .tif, .ndpi, .mrxs, .scn, ...) is in it", folder.string()));
  }
  return rows;
}

double parse_mpp(const std::string& text, const std::string& where) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0.05 && value <= 10)) {
    throw ConfigError(fmt::format("{}: wanted mpp as microns per pixel in 0.05..10, got '{}'", where, text));
  }
  return value;
}

ManifestRow parse_row(const DelimitedTable& table, std::size_t index, const fs::path& file) {
  auto cell = [&](const char* name) {
    const auto column = table.column(name);
    return column ? table.rows[index][*column] : std::string();
  };
  const std::string where = fmt::format("{}: row {}", file.string(), index + 2);
  ManifestRow row;
  row.keys = {cell("slide_id"), cell("patient_id"), cell("sample_id")};
  require_safe_id(row.keys.slide_id, where);
  if (cell("path").empty()) throw ConfigError(where + ": wanted a path, got an empty cell");
  row.path = file.parent_path() / cell("path");
  if (!cell("mpp").empty()) row.mpp = parse_mpp(cell("mpp"), where);
  if (!cell("mask").empty()) row.mask = file.parent_path() / cell("mask");
  fill_tcga_keys(row.keys);
  return row;
}

std::vector<ManifestRow> read_manifest(const fs::path& file) {
  const DelimitedTable table = read_delimited(file);
  for (const char* name : {"slide_id", "path"}) {
    if (!table.column(name)) throw ConfigError(fmt::format("{}: wanted a column '{}' in the header row", file.string(), name));
  }
  std::vector<ManifestRow> rows;
  for (std::size_t i = 0; i < table.rows.size(); ++i) rows.push_back(parse_row(table, i, file));
  if (rows.empty()) throw ConfigError(fmt::format("{}: wanted slides: the manifest has no row", file.string()));
  return rows;
}

}  // namespace

std::vector<ManifestRow> read_archive(const fs::path& archive, const fs::path& manifest) {
  if (archive.empty() == manifest.empty()) {
    throw ConfigError(archive.empty() ? "wanted slides: give --archive DIR or --manifest FILE"
                                      : "wanted one source of slides: give --archive or --manifest, not both");
  }
  const fs::path& source = archive.empty() ? manifest : archive;
  if (!fs::exists(source)) throw ConfigError(fmt::format("{}: wanted an archive: no such file or folder", source.string()));
  auto rows = fs::is_directory(source) ? read_folder(source) : read_manifest(source);
  require_unique_ids(rows, source.string());
  return rows;
}

std::vector<ManifestRow> task_share(std::vector<ManifestRow> rows, int index, int count) {
  std::vector<ManifestRow> out;
  for (std::size_t r = static_cast<std::size_t>(index); r < rows.size(); r += static_cast<std::size_t>(count))
    out.push_back(std::move(rows[r]));
  return out;
}

std::string manifest_csv(const std::vector<ManifestRow>& rows) {
  std::string out = "slide_id,path,patient_id,sample_id,mpp,mask\n";
  for (const auto& row : rows) {
    const std::string mask = row.mask.empty() ? "" : fs::absolute(row.mask).string();
    out += fmt::format("{},{},{},{},{},{}\n", csv_cell(row.keys.slide_id), csv_cell(fs::absolute(row.path).string()),
                       csv_cell(row.keys.patient_id), csv_cell(row.keys.sample_id), row.mpp ? fmt::format("{}", *row.mpp) : "",
                       csv_cell(mask));
  }
  return out;
}

}  // namespace microtome
