// SPDX-License-Identifier: Apache-2.0
// prediction.h5 on disk.
#include <cmath>
#include <nlohmann/json.hpp>

#include "mil/h5_file.h"
#include "mil/model_error.h"
#include "mil/prediction_file.h"

namespace microtome {

namespace {

void require_rows(const std::string& name, const std::vector<float>& values, std::uint64_t rows, std::uint64_t columns) {
  const std::string wanted = "write /" + name;
  if (values.size() != rows * columns) {
    throw H5Fault(wanted, "it has " + std::to_string(values.size()) + " values, " + std::to_string(rows) + " tiles need " +
                              std::to_string(rows * columns));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) throw H5Fault(wanted, "tile " + std::to_string(i / columns) + " has a value that is not finite");
  }
}

}  // namespace

void write_prediction_file(const std::filesystem::path& path, const Bag& bag, const Prediction& prediction) {
  const auto tiles = static_cast<std::uint64_t>(bag.tiles());
  const auto heads = static_cast<std::uint64_t>(prediction.heads);
  const std::uint64_t classes = prediction.classes.size();
  with_path<BagError>(path, "check the model, the folder and the space on its disk", [&] {
    if (prediction.heads <= 0) throw H5Fault("write /attention", "there are " + std::to_string(prediction.heads) + " heads");
    require_rows("attention", prediction.attention, tiles, heads);
    require_rows("contribution", prediction.contribution, tiles, classes);
    H5File file = H5File::create(path);
    {
      const H5Node root = file.root();
      root.set_attribute("slide_id", bag.slide_id);
      root.set_attribute("task", prediction.task);
      root.set_attribute("classes", nlohmann::json(prediction.classes).dump());
      root.set_attribute("attention_kind", std::string("softmax"));
      root.set_attribute("shown_head", std::int64_t{prediction.shown_head});
      root.set_attribute("aggregator", prediction.aggregator.name);
      root.set_attribute("aggregator_sha256", prediction.aggregator.sha256);
      root.set_attribute("encoder", prediction.encoder.name);
      root.set_attribute("encoder_sha256", prediction.encoder.sha256);
      root.set_attribute("encoder_random_weights", std::int64_t{prediction.encoder_random_weights});
      root.write("coords", std::span<const std::int64_t>(bag.coords), {tiles, 2});
      root.write("attention", std::span<const float>(prediction.attention), {tiles, heads});
      root.write("contribution", std::span<const float>(prediction.contribution), {tiles, classes});
    }
    file.finish();
  });
}

}  // namespace microtome
