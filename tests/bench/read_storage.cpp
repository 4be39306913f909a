// SPDX-License-Identifier: Apache-2.0
// A network file system that takes 20 ms to answer each read, as a ByteSource over the real file.
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "tests/bench/read_cases.h"
#include "tiling/readers.h"

namespace microtome {
namespace {

using std::chrono::milliseconds;

class SlowBytes final : public ByteSource {
 public:
  SlowBytes(std::unique_ptr<ByteSource> bytes, milliseconds delay) : bytes_(std::move(bytes)), delay_(delay) {}
  std::int64_t size() const override { return bytes_->size(); }
  std::int64_t read(std::int64_t offset, std::span<std::uint8_t> bytes) const override {
    std::this_thread::sleep_for(delay_);
    return bytes_->read(offset, bytes);
  }
  // a hint cannot help here: the delay is the storage's, not the cache's
  void will_need(std::int64_t, std::int64_t) const override {}

 private:
  std::unique_ptr<ByteSource> bytes_;
  milliseconds delay_;
};

SlideOpener opener(const std::filesystem::path& path, milliseconds delay) {
  return [=] {
    std::string why_not;
    auto slide = open_with_tiff(std::make_unique<SlowBytes>(open_file_bytes(path), delay), why_not);
    if (!slide) throw std::runtime_error(why_not);
    return slide;
  };
}

bool run_slow_storage(const BenchSlide& slide, const BenchOptions& options) {
  const ReadJob job{&slide, 256, 256, 32, tiles_in_order(slide, 256)};
  const milliseconds none{0}, delay{20};
  const std::size_t all = job.origins.size(), few = 64;
  BenchCase bench{"read", "slow-storage", "tiles/s", "no-delay", "delay", 3, {}};
  bench.rows.push_back(tile_row(job, "no-delay", 1, all, read_with_us(job, 1, opener(slide.path, none)), kSameBytes));
  bench.rows.push_back(tile_row(job, "delay", 1, few, read_with_us(job, 1, opener(slide.path, delay)), kSameBytes));
  for (const int ahead : {4, 16}) {
    bench.rows.push_back(tile_row(job, "delay-fetch-ahead-" + std::to_string(ahead), 1, all,
                                  read_with_us_ahead(job, ahead, opener(slide.path, delay)), kSameBytes));
  }
  return run_case(bench, options, std::cout, std::cerr);
}

}  // namespace

NamedCase slow_storage_case(const ReadSlides& slides) {
  return {"slow-storage", [&slides](const BenchOptions& options) { return run_slow_storage(slides.scanned, options); }};
}

}  // namespace microtome
