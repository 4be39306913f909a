// SPDX-License-Identifier: Apache-2.0
// How fast pixels come out of a slide: ours beside the bare decoder and beside other readers, over real scanned texture. See README.md.
// Usage: bench_read [--verify-only] [--case TEXT] [--rows A,B] [--runs N]. JSON lines on stdout; exit code 1 where a row's pixels differ.
#include <cstdlib>
#include <iostream>
#include <stdexcept>

#include "tests/bench/read_cases.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

bool run(const BenchOptions& options) {
  const TempDir folder;
  const char* shared = std::getenv("MICROTOME_SHARED");
  const Texture texture = read_texture(std::filesystem::path(shared ? shared : MICROTOME_SHARED) / "slides/CMU-1-Small-Region.svs");
  const ReadSlides slides{make_slide_as_scanned(folder / "scanned.svs", texture, 32), make_slide_of_256(folder / "of_256.svs", texture, 30),
                          make_slide_of_jpeg2000(folder / "jpeg2000.svs", texture, 16)};
  std::vector<NamedCase> cases = tile_cases(slides, folder.path());
  for (NamedCase& work : survey_cases(texture, folder.path())) cases.push_back(std::move(work));
  cases.push_back(slow_storage_case(slides));
  bool right = true, any = false;
  for (const NamedCase& work : cases) {
    if (!is_wanted(options, work.name)) continue;
    any = true;
    right = work.run(options) && right;
  }
  if (!any) throw std::invalid_argument("--case: no case has '" + options.only + "' in its name");
  return right;
}

}  // namespace
}  // namespace microtome

int main(int argc, char** argv) try {
  return microtome::run(microtome::parse_bench_options(argc, argv)) ? 0 : 1;
} catch (const std::invalid_argument& error) {
  std::cerr << "bench_read: " << error.what() << '\n';
  return 2;
} catch (const std::exception& error) {
  std::cerr << "bench_read: " << error.what() << '\n';
  return 1;
}
