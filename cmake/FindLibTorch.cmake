# Finds LibTorch in a PyPI wheel or an unpacked LibTorch, without torch's own CMake package (which demands a matching CUDA toolkit and
# fails under CMake 3.25 with C++20). Looks in LIBTORCH_ROOT, then $MICROTOME_DEPS/venv, then ~/.cache/microtome/venv.
# Makes the target LibTorch::LibTorch and sets LibTorch_VERSION, LibTorch_CUDA (the CUDA it was built for, or "no").

set(LIBTORCH_ROOT "" CACHE PATH "folder that holds torch's include/ and lib/ (in a wheel: site-packages/torch)")

set(_deps "$ENV{MICROTOME_DEPS}")
if(NOT _deps)
  set(_deps "$ENV{HOME}/.cache/microtome")
endif()
file(GLOB _wheels "${_deps}/venv/lib/python3*/site-packages/torch")
find_path(LibTorch_INCLUDE_DIR torch/script.h HINTS ${LIBTORCH_ROOT} ${_wheels} PATH_SUFFIXES include NO_DEFAULT_PATH)
find_library(LibTorch_LIBRARY torch HINTS ${LIBTORCH_ROOT} ${_wheels} PATH_SUFFIXES lib NO_DEFAULT_PATH)

if(LibTorch_INCLUDE_DIR AND EXISTS "${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h")
  set(_version_header "${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h")
elseif(LibTorch_INCLUDE_DIR)
  set(_version_header "${LibTorch_INCLUDE_DIR}/torch/csrc/api/include/torch/version.h")
endif()
if(LibTorch_INCLUDE_DIR)
  file(STRINGS "${_version_header}" _version REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE ".*MAJOR ([0-9]+).*MINOR ([0-9]+).*PATCH ([0-9]+).*" "\\1.\\2.\\3" LibTorch_VERSION "${_version}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_LIBRARY LibTorch_INCLUDE_DIR VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "no torch under LIBTORCH_ROOT='${LIBTORCH_ROOT}' or '${_deps}/venv': run workflows/install.sh, or set LIBTORCH_ROOT to an unpacked LibTorch 2.11")

if(LibTorch_FOUND AND LibTorch_VERSION VERSION_LESS 2.11)
  message(FATAL_ERROR "LibTorch ${LibTorch_VERSION} in ${LibTorch_INCLUDE_DIR} is too old: 2.11 or newer is needed to load encoders exported today; run workflows/install.sh")
endif()

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  get_filename_component(_lib "${LibTorch_LIBRARY}" DIRECTORY)
  set(LibTorch_CUDA "no")
  if(EXISTS "${_lib}/libtorch_cuda.so")
    set(LibTorch_CUDA "yes")
  endif()
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
    "${LibTorch_INCLUDE_DIR}" "${LibTorch_INCLUDE_DIR}/torch/csrc/api/include")
  # torch's include folder brings a newer fmt than the system's library, and exports none of its symbols: take it header-only.
  target_compile_definitions(LibTorch::LibTorch INTERFACE FMT_HEADER_ONLY)
  # No symbol refers to libtorch.so, yet it is what pulls in libtorch_cuda.so: keep it.
  # The wheel's libraries export a private copy of std::filesystem that crashes (remove_all jumps to a null weak symbol): the system's libstdc++
  # has to come before them in the search order.
  target_link_libraries(LibTorch::LibTorch INTERFACE
    "-Wl,--no-as-needed" "${_lib}/libtorch.so" "-Wl,--as-needed" "${_lib}/libtorch_cpu.so" "${_lib}/libc10.so")
  target_link_options(LibTorch::LibTorch INTERFACE "-Wl,--push-state,--no-as-needed,-lstdc++,--pop-state" "-Wl,-rpath,${_lib}" "-Wl,--allow-shlib-undefined")
endif()
