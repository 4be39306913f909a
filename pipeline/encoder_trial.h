// SPDX-License-Identifier: Apache-2.0
// An encoder tried in every form and precision that the machine has: how fast, how far from what its authors' own code gives, which to use.
#pragma once

#include <string>
#include <vector>

#include "mil/encoders/encoder.h"
#include "pipeline/config.h"

namespace microtome {

struct EncoderTrial {
  std::string form, precision;
  std::string refused;          // why it cannot be used here; empty: it can
  EncoderFacts facts;           // of the loaded encoder
  double tiles_per_second = 0;  // of all lanes together, on the reference tiles
  double least_cosine = 0;      // over the reference tiles
  double largest = 0;           // |difference| over the largest |reference value|
};

struct EncoderReport {
  std::string reference;  // "golden.safetensors", or the first trial where the folder has no golden tiles
  std::vector<EncoderTrial> trials;
  int best = -1;  // the fastest whose cosine is at least kTrustedCosine; -1: none
};

inline constexpr double kTrustedCosine = 0.999;

/// Loads the encoder once a form and precision (each load verifies sha256 and golden tiles), encodes the reference tiles, measures two batches in
/// every lane. Starts threads. Throws ModelError when no form can be used at all.
EncoderReport try_encoder(const EncoderSettings& settings, const EncoderUse& use);

/// A line a trial and what to use, for people.
std::string report_text(const EncoderReport& report);

}  // namespace microtome
