// SPDX-License-Identifier: Apache-2.0
// Opening files, walking groups, and turning the library's error stack into words.
#include <hdf5.h>

#include "mil/h5_file.h"

#include "mil/bag_file.h"

namespace microtome {

static_assert(sizeof(hid_t) == sizeof(std::int64_t) && sizeof(herr_t) == sizeof(int), "HDF5 1.10 or newer");

namespace {

std::mutex& library_lock() {
  static std::mutex lock;
  return lock;
}

// The most specific entry says what happened; the others only say who was asked.
herr_t keep_first(unsigned n, const H5E_error2_t* entry, void* text) {
  if (n == 0 && entry->desc != nullptr) *static_cast<std::string*>(text) = entry->desc;
  return 0;
}

std::string library_words() {
  std::string words;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &words);
  H5Eclear2(H5E_DEFAULT);
  return words.empty() ? "the HDF5 library refused" : words;
}

H5Handle file_access(const std::string& wanted) {
  H5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, wanted);
  check_h5(H5Pset_libver_bounds(access.id(), H5F_LIBVER_EARLIEST, H5F_LIBVER_V110), wanted);
  check_h5(H5Pset_fclose_degree(access.id(), H5F_CLOSE_STRONG), wanted);
  check_h5(H5Pset_file_locking(access.id(), false, true), wanted);
  return access;
}

// The error stack and its printing belong to the thread in a thread-safe library: silence it wherever a file is opened.
std::unique_lock<std::mutex> enter_library() {
  std::unique_lock<std::mutex> lock(library_lock());
  // A data set whose last bytes found no room stays half closed, and the library's clean-up at exit crashes on it (1.10.8). Everything is
  // closed here, one by one, so that the clean-up is not needed.
  static const herr_t no_exit_handler = H5dont_atexit();
  static_cast<void>(no_exit_handler);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  return lock;
}

}  // namespace

std::unique_lock<std::mutex> hold_h5_library() { return enter_library(); }

void check_h5(int status, const std::string& wanted) {
  if (status < 0) throw H5Fault(wanted, library_words());
}

H5Handle::H5Handle(std::int64_t id, Close close, const std::string& wanted) : id_(id), close_(close) {
  if (id < 0) throw H5Fault(wanted, library_words());
}

H5Handle& H5Handle::operator=(H5Handle&& other) noexcept {
  std::swap(id_, other.id_);
  std::swap(close_, other.close_);
  return *this;
}

H5Handle::~H5Handle() { close(); }

int H5Handle::close() {
  if (id_ < 0) return 0;
  return close_(std::exchange(id_, -1));
}

H5File H5File::open(const std::filesystem::path& path) {
  const std::string wanted = "open as HDF5";
  std::error_code failure;
  if (!std::filesystem::exists(path, failure)) throw H5Fault(wanted, "there is no such file", "check the path");
  if (std::filesystem::is_directory(path, failure)) throw H5Fault(wanted, "it is a folder", "name a file");
  auto lock = enter_library();
  const H5Handle access = file_access(wanted);
  // data sets are read whole and once: without a cache of chunks those that are not compressed go straight to where they are wanted
  check_h5(H5Pset_cache(access.id(), 0, 0, 0, 1), wanted);
  return H5File(std::move(lock), H5Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.id()), H5Fclose, wanted));
}

H5File H5File::create(const std::filesystem::path& path) {
  const std::string wanted = "create an HDF5 file";
  auto lock = enter_library();
  const H5Handle access = file_access(wanted);
  return H5File(std::move(lock), H5Handle(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.id()), H5Fclose, wanted));
}

H5Node H5File::root() const { return H5Node(H5Handle(H5Gopen2(handle_.id(), "/", H5P_DEFAULT), H5Oclose, "open the root group"), "/"); }

void H5File::finish() {
  check_h5(H5Fflush(handle_.id(), H5F_SCOPE_LOCAL), "write to disk");
  check_h5(handle_.close(), "close the file");
}

bool H5Node::is_group() const { return H5Iget_type(id()) == H5I_GROUP; }

bool H5Node::has(const std::string& child) const {
  return is_group() && !child.empty() && H5Lexists(id(), child.c_str(), H5P_DEFAULT) > 0 &&
         H5Oexists_by_name(id(), child.c_str(), H5P_DEFAULT) > 0;
}

std::vector<std::string> H5Node::children() const {
  const std::string wanted = "list " + name_;
  H5G_info_t info{};
  check_h5(H5Gget_info(id(), &info), wanted);
  std::vector<std::string> names;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    const ssize_t length = H5Lget_name_by_idx(id(), ".", H5_INDEX_NAME, H5_ITER_INC, i, nullptr, 0, H5P_DEFAULT);
    check_h5(length < 0 ? -1 : 0, wanted);
    std::string name(static_cast<std::size_t>(length), '\0');
    H5Lget_name_by_idx(id(), ".", H5_INDEX_NAME, H5_ITER_INC, i, name.data(), name.size() + 1, H5P_DEFAULT);
    names.push_back(std::move(name));
  }
  return names;
}

H5Node H5Node::child(const std::string& name) const {
  const std::string full = name_of(name);
  if (!has(name)) throw H5Fault("read " + full, "it is not in the file");
  H5Handle handle(H5Oopen(id(), name.c_str(), H5P_DEFAULT), H5Oclose, "read " + full);
  const H5I_type_t type = H5Iget_type(handle.id());
  if (type != H5I_GROUP && type != H5I_DATASET) throw H5Fault("read " + full, "it is neither a group nor a data set");
  return H5Node(std::move(handle), full);
}

H5Node H5Node::again() const {
  const std::string wanted = "read " + name_;
  check_h5(H5Iinc_ref(id()), wanted);
  return H5Node(H5Handle(id(), H5Oclose, wanted), name_);
}

std::string bag_library_version() {
  const auto lock = enter_library();  // the library's first call of all decides about its exit handler
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

}  // namespace microtome
