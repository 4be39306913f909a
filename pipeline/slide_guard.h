// SPDX-License-Identifier: Apache-2.0
// Where a slide's exception becomes a value of its job.
#pragma once

#include <new>
#include <string>

#include "mil/bag_file.h"
#include "mil/model_error.h"
#include "pipeline/jobs.h"
#include "tiling/slide.h"

namespace microtome {

/// Keeps sentences free of paths: "path: wanted ..." becomes "wanted ...".
inline std::string without_path(const std::string& sentence) {
  const auto wanted = sentence.find("wanted ");
  return wanted == std::string::npos ? sentence.substr(sentence.find(": ") == std::string::npos ? 0 : sentence.find(": ") + 2)
                                     : sentence.substr(wanted);
}

/// The one place where an exception of a slide becomes a value of its job.
template <class Body>
void guard(SlideJob& job, Body body) {
  if (job.outcome.failed) return;
  try {
    body();
  } catch (const SlideError& e) {
    job.outcome.fail(e.code(), e.what());
  } catch (const ModelError& e) {
    if (!job.finished) throw;  // the run's model; here, what made the slide's features
    job.outcome.fail("other_features", without_path(e.what()));
  } catch (const BagError& e) {
    job.outcome.fail("bag", without_path(e.what()));
  } catch (const std::bad_alloc&) {
    job.outcome.fail("out_of_memory", "wanted memory for the slide: none is left: lower engine.slides_in_flight");
  }
}

}  // namespace microtome
