// SPDX-License-Identifier: Apache-2.0
// microtome synth: a synthetic archive with known truth. Slides come from tiling/specimen; labels, survival and genes are drawn here, from
// the same seed.
#include <fmt/format.h>

#include <atomic>
#include <cmath>
#include <fstream>
#include <mutex>
#include <random>
#include <sstream>
#include <thread>

#include "mil/genomics/table.h"
#include "mil/sha256.h"
#include "pipeline/commands.h"
#include "pipeline/outputs/publication.h"
#include "pipeline/run_setup.h"
#include "reporting/image_file.h"
#include "tiling/specimen.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

constexpr int kPlantedGenes = 5;

/// std's distributions differ between libraries; these do not.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }
  double normal() { return std::sqrt(-2 * std::log(1 - uniform())) * std::cos(2 * M_PI * uniform()); }
  double exponential(double mean) { return -mean * std::log(1 - uniform()); }

 private:
  std::mt19937_64 engine_;
};

struct SynthPatient {
  std::string id;
  bool tumour = false;
  double tumour_share = 0;
  double months = 0;
  bool event = false;
  bool held_out = false;
  std::vector<float> genes;
};

struct SynthSlide {
  std::string id;
  const SynthPatient* patient = nullptr;
  SpecimenSettings specimen;
};

/// Every other patient has a tumour; more tumour and more of gene 1 shorten survival, and a third of the patients are censored.
std::vector<SynthPatient> draw_patients(const SynthSettings& s) {
  Draw draw(s.seed * 7919 + 17);
  std::vector<SynthPatient> out(static_cast<std::size_t>(s.patients));
  const int every = s.held_out > 0 ? std::max(2, static_cast<int>(std::lround(1 / s.held_out))) : 0;
  for (int p = 0; p < s.patients; ++p) {
    SynthPatient& patient = out[static_cast<std::size_t>(p)];
    patient.id = fmt::format("P{:04}", p + 1);
    patient.tumour = p % 2 == 1;
    patient.tumour_share = patient.tumour ? s.least_tumour + (s.most_tumour - s.least_tumour) * draw.uniform() : 0;
    for (int g = 0; g < s.genes; ++g) {
      patient.genes.push_back(static_cast<float>(draw.normal() + (patient.tumour && g < kPlantedGenes ? 1.5 : 0)));
    }
    const double hazard = 0.02 * std::exp(3 * patient.tumour_share + 0.3 * patient.genes[0]);
    const double death = draw.exponential(1 / hazard);
    const double censored = draw.exponential(90);
    patient.event = death <= censored;
    patient.months = std::round(10 * std::min(death, censored)) / 10;
    patient.held_out = every > 0 && (p / 2) % every == every - 1;
  }
  return out;
}

std::vector<SynthSlide> list_slides(const SynthSettings& s, const std::vector<SynthPatient>& patients) {
  std::vector<SynthSlide> out;
  for (const auto& patient : patients) {
    for (int n = 0; n < s.slides_per_patient; ++n) {
      SynthSlide slide{fmt::format("{}-S{}", patient.id, n + 1), &patient, {}};
      slide.specimen = {s.seed * 1000003 + out.size() + 1, s.width, s.height, s.mpp, patient.tumour_share, s.pen, s.dust};
      out.push_back(std::move(slide));
    }
  }
  return out;
}

void make_slide(const fs::path& output, const SynthSlide& slide) {
  Publication pixels(output / "slides");
  const Specimen specimen = make_specimen(pixels.beside(slide.id + ".svs"), slide.specimen);
  pixels.publish();
  publish_file(output / "truth" / (slide.id + ".geojson"), specimen_truth_geojson(specimen));
}

/// Slides are independent of each other: a plain pool. The first failure ends the command.
void make_slides(const fs::path& output, const std::vector<SynthSlide>& slides, int threads) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  auto work = [&] {
    for (std::size_t i = next++; i < slides.size(); i = next++) {
      try {
        make_slide(output, slides[i]);
        fmt::print(stderr, "{} of {}: {}\n", i + 1, slides.size(), slides[i].id);
      } catch (...) {
        const std::lock_guard lock(mutex);
        failure = std::current_exception();
        next = slides.size();
      }
    }
  };
  {
    std::vector<std::jthread> pool;
    for (int t = 0; t < threads; ++t) pool.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
}

std::string manifest_text(const std::vector<SynthSlide>& slides, bool train, bool held_out) {
  std::string out = "slide_id,path,patient_id\n";
  for (const auto& slide : slides) {
    if (slide.patient->held_out ? held_out : train) out += fmt::format("{},slides/{}.svs,{}\n", slide.id, slide.id, slide.patient->id);
  }
  return out;
}

std::string labels_text(const std::vector<SynthSlide>& slides) {
  std::string out = "slide_id,patient_id,label,time,event\n";
  for (const auto& slide : slides) {
    const SynthPatient& p = *slide.patient;
    out += fmt::format("{},{},{},{},{}\n", slide.id, p.id, p.tumour ? "tumour" : "normal", p.months, p.event ? 1 : 0);
  }
  return out;
}

void write_genes(const fs::path& output, const std::vector<SynthPatient>& patients, int genes) {
  GenomicTable table;
  for (int g = 0; g < genes; ++g) table.genes.push_back(fmt::format("GENE{:03}", g + 1));
  for (const auto& patient : patients) {
    table.row_ids.push_back(patient.id);
    table.values.insert(table.values.end(), patient.genes.begin(), patient.genes.end());
  }
  table.units = "zscore";
  Publication publication(output);
  write_genomic_table(publication.beside("genomics.h5ad"), table, MatrixEncoding::dense);
  publication.publish();
}

std::string recipe_text(const SynthSettings& s) {
  return fmt::format(
      "{{\"format\": 1, \"patients\": {}, \"slides_per_patient\": {}, \"seed\": {}, \"width\": {}, \"height\": {}, \"mpp\": {}, \"genes\": "
      "{}, \"held_out\": {}, \"pen\": {}, \"dust\": {}}}\n",
      s.patients, s.slides_per_patient, s.seed, s.width, s.height, s.mpp, s.genes, s.held_out, s.pen, s.dust);
}

bool already_there(const fs::path& marker, const std::string& recipe) {
  std::ifstream file(marker);
  std::stringstream text;
  text << file.rdbuf();
  return file && text.str() == recipe;
}

}  // namespace

ExitCode command_synth(const ParsedOptions& options, const std::vector<std::string>&) {
  const SynthSettings& s = options.config.synth;
  const fs::path output = options.config.run.output;
  if (output.empty()) throw ConfigError("wanted a place for the archive: give --output DIR");
  const std::string recipe = recipe_text(s);
  if (already_there(output / "archive.json", recipe)) {
    fmt::print(stderr, "{}: the archive is there already\n", output.string());
    return ExitCode::done;
  }
  require_writable(output);
  start_image_library("microtome", 1);
  const auto patients = draw_patients(s);
  const auto slides = list_slides(s, patients);
  try {
    make_slides(output, slides, run_threads(options.config));
  } catch (const SlideError& e) {
    throw OutputError(fmt::format("{}: {}", output.string(), e.what()));
  }
  write_genes(output, patients, s.genes);
  publish_file(output / "manifest.csv", manifest_text(slides, true, true));
  publish_file(output / "train.csv", manifest_text(slides, true, false));
  publish_file(output / "held_out.csv", manifest_text(slides, false, true));
  publish_file(output / "labels.csv", labels_text(slides));
  publish_file(output / "archive.json", recipe);
  fmt::print(stderr, "{}: {} slides of {} patients\n", output.string(), slides.size(), patients.size());
  return ExitCode::done;
}

}  // namespace microtome
