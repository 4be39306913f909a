// SPDX-License-Identifier: Apache-2.0
// microtome synth: a synthetic archive with known truth. Slides come from tiling/specimen; labels, survival and genes from
// pipeline/synth/cohort, from the same seed.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include "mil/genomics/table.h"
#include "pipeline/commands.h"
#include "pipeline/outputs/publication.h"
#include "pipeline/progress.h"
#include "pipeline/run_setup.h"
#include "pipeline/synth/cohort_files.h"
#include "reporting/image_file.h"
#include "tiling/specimen.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

struct SynthSlide {
  std::string id;
  const SynthPatient* patient = nullptr;
  SpecimenSettings specimen;
};

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

/// A line a slide, in the order in which they are made, with an estimate of what is left.
class SlideLines {
 public:
  SlideLines(std::size_t slides, bool quiet) : slides_(slides), quiet_(quiet) {}
  void tell(const std::string& id) {
    const std::lock_guard lock(mutex_);
    ++made_;
    if (quiet_) return;
    const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    const double left = elapsed / static_cast<double>(made_) * static_cast<double>(slides_ - made_);
    fmt::print(stderr, "{} of {}: {}{}\n", made_, slides_, id, made_ < slides_ ? ", about " + spoken_duration(left) + " left" : "");
  }

 private:
  std::size_t slides_, made_ = 0;
  bool quiet_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Slides are independent of each other: a plain pool. The first failure ends the command.
void make_slides(const fs::path& output, const std::vector<SynthSlide>& slides, int threads, bool quiet) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  SlideLines lines(slides.size(), quiet);
  auto work = [&] {
    for (std::size_t i = next++; i < slides.size(); i = next++) {
      try {
        make_slide(output, slides[i]);
        lines.tell(slides[i].id);
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

void write_genes(const fs::path& output, const char* name, const GenomicTable& table) {
  Publication publication(output);
  write_genomic_table(publication.beside(name), table, MatrixEncoding::dense);
  publication.publish();
}

/// Everything but the slides. The marker is last: with it the archive is there.
void write_tables(const fs::path& output, const SynthSettings& s, const std::vector<SynthPatient>& patients, const std::vector<SynthSlide>& slides) {
  write_genes(output, "genomics.h5ad", genes_table(s, patients));
  if (s.shuffled_genes) write_genes(output, "genomics_shuffled.h5ad", genes_table(s, patients, shuffled_places(s)));
  std::vector<SlideOf> slides_of;
  for (const auto& slide : slides) slides_of.emplace_back(slide.id, slide.patient);
  publish_file(output / "manifest.csv", manifest_text(slides, true, true));
  publish_file(output / "train.csv", manifest_text(slides, true, false));
  publish_file(output / "held_out.csv", manifest_text(slides, false, true));
  publish_file(output / "labels.csv", labels_text(s, slides_of));
  if (s.clinical) publish_file(output / "clinical.csv", clinical_text(patients));
  if (s.planted()) {
    publish_file(output / "truth.csv", truth_csv(patients));
    publish_file(output / "truth.json", truth_json(s));
  }
  publish_file(output / "archive.json", archive_json(s));
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
  const std::string recipe = archive_json(s);
  if (already_there(output / "archive.json", recipe)) {
    fmt::print(stderr, "{}: the archive is there already\n", output.string());
    return ExitCode::done;
  }
  require_writable(output);
  start_image_library("microtome", 1);
  const auto patients = draw_patients(s);
  const auto slides = list_slides(s, patients);
  try {
    make_slides(output, slides, run_threads(options.config), options.config.engine.progress == "none");
  } catch (const SlideError& e) {
    throw OutputError(fmt::format("{}: {}", output.string(), e.what()));
  }
  write_tables(output, s, patients, slides);
  fmt::print(stderr, "{}: {} slides of {} patients\n", output.string(), slides.size(), patients.size());
  return ExitCode::done;
}

}  // namespace microtome
