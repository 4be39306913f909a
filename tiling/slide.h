// SPDX-License-Identifier: Apache-2.0
// A whole-slide image behind one door. Nobody outside tiling/ learns which library opens it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
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
struct Level {
  Size size;
  double downsample = 1;
  Size tile;
  bool trusted = true;
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

/// Pixels of one slide. Methods are const and may be called from several threads at once.
/// A failed read leaves the slide usable: the next read is answered as if nothing had happened.
class Slide {
 public:
  virtual ~Slide() = default;
  virtual const SlideInfo& info() const = 0;

  /// Reads `size` pixels of `level` whose top left is the level-0 pixel `origin`, as rows of RGB bytes into `rgb`
  /// (size.width * size.height * 3 bytes). Transparent and outside pixels are the background. Throws SlideError.
  virtual void read(int level, Level0Point origin, Size size, std::span<std::uint8_t> rgb) const = 0;
};

/// Opens any format OpenSlide knows. Throws SlideError (not_a_slide, cannot_open) whose sentence names no path.
std::unique_ptr<Slide> open_slide(const std::filesystem::path& path);

/// True when the file looks like a slide to OpenSlide; cheap, never throws. For finding slides in a folder.
bool looks_like_slide(const std::filesystem::path& path);

/// The scale to use: measured sources in the file first, then `given` (manifest or command line), then the objective
/// power as a last guess. A given value that contradicts a measured one by more than 5 % is an error (mpp_conflict), as is
/// a scale outside 0.05..10 or with oblong pixels (mpp_implausible) or none at all (no_mpp).
Scale resolve_scale(const SlideInfo& info, const std::optional<Scale>& given);

/// Name and version of the library behind open_slide, for documents.
std::string slide_library_version();

}  // namespace microtome
