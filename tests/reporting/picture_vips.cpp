// SPDX-License-Identifier: Apache-2.0
// Reading a picture back with libvips.
#include "tests/reporting/picture_vips.h"

#include <gtest/gtest.h>
#include <vips/vips.h>

namespace microtome {

Picture read_picture(const std::filesystem::path& path) {
  Picture picture;
  VipsImage* image = vips_image_new_from_file(path.c_str(), nullptr);
  if (image == nullptr) {
    ADD_FAILURE() << path << ": " << vips_error_buffer();
    return picture;
  }
  EXPECT_EQ(vips_image_get_bands(image), 3);
  EXPECT_EQ(vips_image_get_format(image), VIPS_FORMAT_UCHAR);
  picture.size = {vips_image_get_width(image), vips_image_get_height(image)};
  std::size_t bytes = 0;
  auto* memory = static_cast<std::uint8_t*>(vips_image_write_to_memory(image, &bytes));
  picture.rgb.assign(memory, memory + bytes);
  g_free(memory);
  g_object_unref(image);
  return picture;
}

}  // namespace microtome
