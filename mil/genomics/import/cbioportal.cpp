// SPDX-License-Identifier: Apache-2.0
// A cBioPortal study: meta_*.txt say what each data_*.txt is. Source: cBioPortal docs, "File Formats"; formats.md 1.5.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>

#include "mil/genomics/import/finish.h"
#include "mil/genomics/import/importers.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

namespace fs = std::filesystem;

using Meta = std::map<std::string, std::string>;

Meta read_meta(const fs::path& path) {
  const TextFile file = TextFile::read(path);
  std::string_view text = file.text();
  Meta meta;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos)
      meta[trimmed_id(std::string(line.substr(0, colon)))] = trimmed_id(std::string(line.substr(colon + 1)));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return meta;
}

std::vector<Meta> metas_of(const fs::path& study) {
  if (!fs::is_directory(study))
    throw ModelError(study.string() + ": wanted the folder of a cBioPortal study: it is none: name the folder with meta_study.txt");
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(study)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && name.starts_with("meta_") && name.ends_with(".txt")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Meta> metas;
  for (const fs::path& file : files) metas.push_back(read_meta(file));
  return metas;
}

std::string value_of(const Meta& meta, const std::string& key) {
  const auto found = meta.find(key);
  return found == meta.end() ? "" : found->second;
}

struct Clinical {
  std::unordered_map<std::string, std::string> patient_of;                      // sample -> patient
  std::map<std::string, std::unordered_map<std::string, std::string>> columns;  // name -> patient -> text
};

bool banned(const std::string& name) { return name == "MUTATION_COUNT" || name == "FRACTION_GENOME_ALTERED"; }

void read_clinical(const fs::path& path, bool samples, Clinical& clinical) {
  const TextFile file = TextFile::read(path);
  CellReader reader(file.text(), path.string(), '#');
  reader.next();
  const std::size_t patient = require_column(reader, "PATIENT_ID");
  const std::size_t sample = samples ? require_column(reader, "SAMPLE_ID") : no_column;
  const std::vector<std::string> header(reader.cells().begin(), reader.cells().end());
  while (reader.next()) {
    const std::string id(reader.cell(patient));
    if (samples) {
      clinical.patient_of[std::string(reader.cell(sample))] = id;
      continue;
    }
    for (std::size_t i = 0; i < header.size(); ++i) {
      if (i != patient && !banned(header[i])) clinical.columns[header[i]][id] = text_of(reader.cell(i));
    }
  }
}

Clinical clinical_of(const fs::path& study, const std::vector<Meta>& metas) {
  Clinical clinical;
  for (const Meta& meta : metas) {
    const std::string kind = value_of(meta, "datatype");
    if (value_of(meta, "genetic_alteration_type") != "CLINICAL") continue;
    if (kind == "PATIENT_ATTRIBUTES" || kind == "SAMPLE_ATTRIBUTES")
      read_clinical(study / value_of(meta, "data_filename"), kind == "SAMPLE_ATTRIBUTES", clinical);
  }
  return clinical;
}

/// "1:DECEASED" is an event, "0:LIVING" is none: the opposite of a censorship.
double event_of(const std::string& status) {
  if (status.starts_with("1")) return 1;
  return status.starts_with("0") ? 0 : std::numeric_limits<double>::quiet_NaN();
}

void add_survival(const std::string& name, const std::vector<std::string>& texts, GenomicTable& table) {
  std::vector<double> numbers;
  for (const std::string& text : texts) {
    double value = std::numeric_limits<double>::quiet_NaN();
    if (name == "OS_STATUS") {
      value = event_of(text);
    } else if (!parse_cell(text, value)) {
      throw ModelError("data_clinical_patient, column OS_MONTHS: wanted a number, got '" + text + "': write NA where nothing is known");
    }
    numbers.push_back(value);
  }
  table.row_numbers[name == "OS_STATUS" ? "event" : "survival_months"] = std::move(numbers);
  table.notes["event"] = "from OS_STATUS, 1:DECEASED; 1 means that it happened";
}

void add_clinical(const Clinical& clinical, GenomicTable& table) {
  std::vector<std::string> patients;
  for (const std::string& sample : table.row_ids) {
    const auto found = clinical.patient_of.find(sample);
    if (found == clinical.patient_of.end() && !clinical.patient_of.empty())
      throw ModelError("data_clinical_sample: find the sample " + sample + ": it has no line: give every sample one");
    if (found != clinical.patient_of.end()) patients.push_back(found->second);
  }
  if (patients.empty()) return;
  for (const auto& [name, values] : clinical.columns) {
    std::vector<std::string> texts;
    for (const std::string& patient : patients) {
      const auto found = values.find(patient);
      texts.push_back(found == values.end() ? "" : found->second);
    }
    if (name == "OS_STATUS" || name == "OS_MONTHS")
      add_survival(name, texts, table);
    else if (name.find('/') == std::string::npos)
      table.row_columns[name] = std::move(texts);
  }
  table.row_columns["patient_id"] = std::move(patients);
}

struct Profile {
  std::string modality;
  std::string units;
};

/// Empty modality: not a matrix of numbers that this program takes.
Profile profile_of(const Meta& meta, const ImportRequest& request) {
  const std::string type = value_of(meta, "genetic_alteration_type");
  const std::string kind = value_of(meta, "datatype");
  if (type == "MRNA_EXPRESSION") return kind == "Z-SCORE" ? Profile{"rnaseq_zscore", "zscore"} : Profile{"rnaseq", request.units};
  if (type == "COPY_NUMBER_ALTERATION" && kind == "DISCRETE") return {"cnv", "cn_gistic"};
  if (type == "COPY_NUMBER_ALTERATION" && (kind == "CONTINUOUS" || kind == "LOG2-VALUE")) return {"cnv_log2", "cn_log2"};
  if (type == "METHYLATION") return {"meth", "beta"};
  return {};
}

GeneRows layout_of(const CellReader& header) {
  GeneRows layout;
  layout.name = find_column(header, "Hugo_Symbol");
  const std::size_t entrez = find_column(header, "Entrez_Gene_Id");
  if (layout.name == no_column) layout.name = require_column(header, "Entrez_Gene_Id");
  for (std::size_t i = 0; i < header.cells().size(); ++i) {
    if (i == layout.name) continue;
    i == entrez ? void(layout.texts["entrez"] = i) : layout.samples.push_back(i);
  }
  return layout;
}

ImportedTable read_profile(const fs::path& path, const Profile& profile) {
  const TextFile file = TextFile::read(path);
  CellReader reader(file.text(), path.string(), '#');
  if (!reader.next()) throw ModelError(path.string() + ": wanted a header with Hugo_Symbol: the file is empty: fetch it again");
  ImportedTable imported{read_gene_rows(reader, layout_of(reader)), {}};
  imported.table.modality = profile.modality;
  imported.table.units = profile.units;
  return imported;
}

fs::path sequenced_of(const fs::path& study, const ImportRequest& request) {
  if (!request.sequenced.empty()) return request.sequenced;
  const fs::path listed = study / "case_lists" / "cases_sequenced.txt";
  if (fs::exists(listed)) return listed;
  throw ModelError(study.string() +
                   ": wanted the list of sequenced samples: case_lists/cases_sequenced.txt is not there: give --import.sequenced");
}

}  // namespace

std::vector<ImportedTable> import_cbioportal(const ImportRequest& request) {
  const fs::path& study = only_input(request);
  const std::vector<Meta> metas = metas_of(study);
  const Clinical clinical = clinical_of(study, metas);
  std::map<std::string, ImportedTable> tables;
  for (const Meta& meta : metas) {
    const fs::path data = study / value_of(meta, "data_filename");
    const Profile profile = profile_of(meta, request);
    const bool mutations = value_of(meta, "genetic_alteration_type") == "MUTATION_EXTENDED";
    if (profile.modality.empty() && !mutations) continue;
    ImportedTable imported =
        mutations ? read_maf({data}, read_sample_list(sequenced_of(study, request)), request) : read_profile(data, profile);
    add_clinical(clinical, imported.table);
    finish_import(imported, request, data);
    std::string& name = imported.table.modality;
    if (tables.contains(name)) name = value_of(meta, "stable_id");
    const std::string key = name;
    if (!tables.emplace(key, std::move(imported)).second)
      throw ModelError(study.string() + ": tell the profiles apart: two are called " + key + ": give them different stable_id");
  }
  if (tables.empty()) throw ModelError(study.string() + ": wanted profiles of genes: no meta_*.txt describes one: check --from");
  std::vector<ImportedTable> out;
  for (auto& [name, imported] : tables) out.push_back(std::move(imported));
  return out;
}

}  // namespace microtome
