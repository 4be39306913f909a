// SPDX-License-Identifier: Apache-2.0
// Every option that there is: name, field, effect and help. Internal to options.cpp.
#pragma once

#include "pipeline/binding_list.h"
#include "pipeline/config.h"

namespace microtome {

class Bindings : public BindingList {
 public:
  /// `config` outlives the list.
  explicit Bindings(Config& config);

 private:
  void bind_run(RunSettings& r);
  void bind_genomics(GenomicsSettings& g, ImportCommand& i);
  void bind_tiling(TilingSettings& t, TissueSettings& s);
  void bind_engine(EncoderOptions& e, EngineSettings& g);
  void bind_training(TrainCommand& d, TrainSettings& t);
  void bind_evaluation(EvaluateSettings& e);
  void bind_synth(SynthSettings& s);
};

}  // namespace microtome
