// SPDX-License-Identifier: Apache-2.0
// A whole-slide image behind one door. Nobody outside tiling/ learns which library opens it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tiling/geometry.h"

namespace microtome {

/// Why a slide (or a region of it) cannot be used. what() is a sentence without the path, "what we wanted: what the
/// library said: what to do"; code() is a stable word for tables: not_a_slide, cannot_open, read_failed, no_mpp, mpp_conflict,
/// mpp_implausible, needs_upsampling, too_many_unreadable, mask, bad_specimen, cannot_write.
class SlideError : public std::runtime_error {
 public:
  SlideError(std::string code, const std::string& sentence) : std::runtime_error(sentence), code_(std::move(code)) {}
  const std::string& code() const { return code_; }

 private:
  std::string code_;
};

/// One level of the pyramid. `downsample` is level-0 pixels per level pixel: real, never assumed a power of two.
/// `tile` is the stored tile's size, {0,0} if unknown. `trusted` is false for a level that the library is known to
/// read wrongly (OpenSlide 3.4.1: a non-JPEG TIFF level smaller than one tile); nothing may be built on such a level.
/// `reduction` n > 0 is a level that is not stored: the one before it in the list, decoded at 1/2^n by the codec itself (JPEG: fewer DCT
/// coefficients; JPEG 2000: fewer wavelet levels). Such levels follow all stored ones.
struct Level {
  Size size;
  double downsample = 1;
  Size tile;
  bool trusted = true;
  int reduction = 0;
  double offset = 0;  // level-0 x is level x / downsample + offset: half-resolution JPEG 2000 samples sit on even pixels, not between two
};

/// Microns per level-0 pixel and where the number came from: "openslide.mpp", "aperio.MPP", "tiff.resolution",
/// "objective-power" (a guess: 40x is taken as 0.25), "manifest" or "command line". `mpp` is the mean of x and y.
struct Scale {
  double mpp = 0;
  std::string source;
  double y_over_x = 1;  // as the file says; resolve_scale refuses what is more than 1 % off
};

/// The facts about a slide that may leave tiling/. No vendor property is handed on: scanners put patient names there.
struct SlideInfo {
  std::string vendor;          // "aperio", "generic-tiff", ...
  std::string reader;          // "openslide 3.4.1"
  std::vector<Level> levels;   // [0] is the full resolution
  std::optional<Scale> scale;  // what the file says; nullopt: it does not say
  Level0Rect bounds;           // the scanned part; the whole slide where the file does not say
  Rgb background;              // what is put where nothing was scanned
};

/// A rectangle of one level that somebody wants: the question, where the pixels go, and the answer.
struct LevelWindow {
  std::int64_t x = 0, y = 0;    // top left, pixels of the level (not of level 0); may lie outside the level
  Size size;                    // pixels of the level
  std::uint8_t* rgb = nullptr;  // of the first pixel; rows of RGB bytes
  std::int64_t row_bytes = 0;   // from one row to the next

  double shift_x = 0, shift_y = 0;  // answer: the first pixel lies this much right of x, below y (level pixels, |shift| < 1)
  std::string error;                // answer: why the pixels cannot be used (a sentence without the path); empty: they can
};

/// Stored bytes that were fetched ahead of their decoding. Only the slide that made them can use them.
class StoredBytes {
 public:
  virtual ~StoredBytes() = default;
};

/// Pixels of one slide. Methods are const and may be called from several threads at once.
/// A failed read leaves the slide usable: the next read is answered as if nothing had happened.
class Slide {
 public:
  virtual ~Slide() = default;
  virtual const SlideInfo& info() const = 0;

  /// Fills the windows of one level. Transparent and outside pixels are the background. What cannot be read is said in the window's
  /// `error`, and its pixels are then undefined. Windows of one call share their decoding, so ask for a batch at once; the pixels do
  /// not depend on what is asked for together. `fetched` may be what fetch() gave for these windows, or null.
  virtual void read(int level, std::span<LevelWindow> windows, const StoredBytes* fetched) const = 0;

  /// Reads what the windows will need from storage, without decoding: blocks for as long as the storage takes. Null where the reader
  /// knows no such thing. Never throws for a damaged file: read() says what is wrong.
  virtual std::shared_ptr<const StoredBytes> fetch(int level, std::span<const LevelWindow> windows) const {
    (void)level, (void)windows;
    return nullptr;
  }
};

/// One window, of which `rgb` (size.width * size.height * 3 bytes) is all. Returns its shift. Throws SlideError (read_failed).
struct WindowShift {
  double x = 0, y = 0;
};
WindowShift read_window(const Slide& slide, int level, std::int64_t x, std::int64_t y, Size size, std::span<std::uint8_t> rgb);

/// Opens tiled TIFF (also BigTIFF and Aperio SVS) with our own reader, everything else through OpenSlide; info().reader says which.
/// Throws SlideError (not_a_slide, cannot_open) whose sentence names no path.
std::unique_ptr<Slide> open_slide(const std::filesystem::path& path);

/// True when the file looks like a slide to one of the readers; cheap, never throws. For finding slides in a folder.
bool looks_like_slide(const std::filesystem::path& path);

/// The scale to use: measured sources in the file first, then `given` (manifest or command line), then the objective
/// power as a last guess. A given value that contradicts a measured one by more than 5 % is an error (mpp_conflict), as is
/// a scale outside 0.05..10 or with oblong pixels (mpp_implausible) or none at all (no_mpp).
Scale resolve_scale(const SlideInfo& info, const std::optional<Scale>& given);

/// Name and version of OpenSlide, for documents.
std::string slide_library_version();

/// Names and versions of all libraries that decode slides.
std::vector<std::pair<std::string, std::string>> slide_libraries();

}  // namespace microtome
