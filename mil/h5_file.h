// SPDX-License-Identifier: Apache-2.0
// The little of HDF5 that this room's files need: numbers and texts as data sets and attributes, inside groups. Internal to mil/; callers
// never see the C library. Types on disk are what h5py writes itself: variable-length UTF-8 texts, scalar attributes, little endian.
// Same calls, same bytes: no times are stored. An open H5File holds the process-wide HDF5 lock, so a build of the library without
// thread safety is safe too. Files are opened without file locks: every file is written beside its place and renamed when whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace microtome {

/// What is wrong with a file, before its path is known: becomes the room's own error in with_path().
class H5Fault : public std::runtime_error {
 public:
  H5Fault(const std::string& wanted, const std::string& said, std::string advice = "")
      : std::runtime_error(wanted + ": " + said), wanted_(wanted), said_(said), advice_(std::move(advice)) {}
  const std::string& wanted() const { return wanted_; }
  const std::string& said() const { return said_; }
  const std::string& advice() const { return advice_; }

 private:
  std::string wanted_;
  std::string said_;
  std::string advice_;
};

/// Runs work() and turns an H5Fault into Error("path: wanted: said: advice").
template <class Error, class Work>
auto with_path(const std::filesystem::path& path, const std::string& advice, Work work) {
  try {
    return work();
  } catch (const H5Fault& fault) {
    throw Error(path.string() + ": " + fault.what() + ": " + (fault.advice().empty() ? advice : fault.advice()));
  }
}

/// An identifier of the library, closed when it goes.
class H5Handle {
 public:
  using Close = int (*)(std::int64_t);
  H5Handle() = default;
  /// Throws H5Fault(wanted, what the library said) when id is negative.
  H5Handle(std::int64_t id, Close close, const std::string& wanted);
  H5Handle(H5Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  H5Handle& operator=(H5Handle&& other) noexcept;
  ~H5Handle();
  std::int64_t id() const { return id_; }
  int close();  // now; the library's answer

 private:
  std::int64_t id_ = -1;
  Close close_ = nullptr;
};

/// Throws H5Fault(wanted, what the library said) when status is negative.
void check_h5(int status, const std::string& wanted);

enum class H5Class { integer, real, text, boolean, compound, other };

/// How a data set lies in the file. chunk_rows 0: in one piece; else chunks of so many whole rows, and rows may be appended by others.
struct H5Storage {
  std::uint64_t chunk_rows = 0;
  bool deflate = false;
};

/// A group or data set of an open file; must not outlive it. All members throw H5Fault.
class H5Node {
 public:
  H5Node(H5Handle handle, std::string name) : handle_(std::move(handle)), name_(std::move(name)) {}
  const std::string& name() const { return name_; }  // absolute, "/obs/_index"
  std::string name_of(const std::string& child) const { return (name_ == "/" ? "/" : name_ + "/") + child; }
  std::int64_t id() const { return handle_.id(); }

  bool is_group() const;
  bool has(const std::string& child) const;
  std::vector<std::string> children() const;  // by name
  H5Node child(const std::string& name) const;
  H5Node again() const;  // the same, to be kept by someone else

  std::vector<std::uint64_t> shape() const;
  H5Class content() const;
  /// Whole data sets in row-major order. Numbers of any width are converted; a size that the file cannot hold is refused before memory is
  /// asked for, and so is a compression filter that this library lacks (by name).
  std::vector<float> floats() const;
  std::vector<double> doubles() const;
  std::vector<std::int64_t> integers() const;
  std::vector<std::string> texts() const;

  bool has_attribute(const std::string& name) const;
  std::string text_attribute(const std::string& name) const;
  double real_attribute(const std::string& name) const;
  std::int64_t integer_attribute(const std::string& name) const;
  std::vector<std::int64_t> integers_attribute(const std::string& name) const;

  H5Node create_group(const std::string& name) const;
  H5Node write(const std::string& name, std::span<const float> data, const std::vector<std::uint64_t>& shape, H5Storage storage = {}) const;
  H5Node write(const std::string& name, std::span<const double> data, const std::vector<std::uint64_t>& shape, H5Storage storage = {}) const;
  H5Node write(const std::string& name, std::span<const std::int64_t> data, const std::vector<std::uint64_t>& shape,
               H5Storage storage = {}) const;
  H5Node write(const std::string& name, std::span<const std::int32_t> data, const std::vector<std::uint64_t>& shape,
               H5Storage storage = {}) const;
  H5Node write_float16(const std::string& name, std::span<const std::uint16_t> bits, const std::vector<std::uint64_t>& shape,
                       H5Storage storage = {}) const;
  H5Node write(const std::string& name, const std::vector<std::string>& texts) const;
  H5Node write(const std::string& name, const std::string& text) const;
  void set_attribute(const std::string& name, const std::string& text) const;
  void set_attribute(const std::string& name, const std::vector<std::string>& texts) const;
  void set_attribute(const std::string& name, double value) const;
  void set_attribute(const std::string& name, std::int64_t value) const;
  void set_attribute(const std::string& name, const std::vector<std::int64_t>& values) const;

 private:
  H5Handle handle_;
  std::string name_;
};

/// Waits until no thread is inside the library and keeps the others out: for forking, with the library in order in both processes. Each of
/// them releases its copy.
std::unique_lock<std::mutex> hold_h5_library();

/// One open file. Holds the process-wide lock as long as it lives.
class H5File {
 public:
  static H5File open(const std::filesystem::path& path);    // read only
  static H5File create(const std::filesystem::path& path);  // replaces what is there
  H5Node root() const;
  /// Everything on disk, or H5Fault. A created file is whole only after this.
  void finish();

 private:
  H5File(std::unique_lock<std::mutex> lock, H5Handle handle) : lock_(std::move(lock)), handle_(std::move(handle)) {}
  std::unique_lock<std::mutex> lock_;  // first: released last
  H5Handle handle_;
};

}  // namespace microtome
