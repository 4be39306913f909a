// SPDX-License-Identifier: Apache-2.0
// The story of one slide, one function per node of the graph; no TBB here. A slide's failure becomes a value in its job;
// what escapes (ModelError, OutputError) ends the run.
#pragma once

#include "pipeline/jobs.h"
#include "pipeline/run_parts.h"

namespace microtome {

/// Opens the slide, finds its tissue, plans its tiles, takes over the rows that an interrupted run has finished. No tissue is a value, not
/// an error. A slide whose features an earlier run has left is not opened: it has no tile to encode.
void survey_slide(const RunParts& parts, SlideJob& job);

/// Reads the stored bytes of a batch ahead of their decoding, or a finished slide's features; waits for storage, so it wants a thread of its
/// own.
void fetch_bytes(const RunParts& parts, BatchJob& batch);

/// Decodes the pixels of a batch. A tile that cannot be read is marked, its pixels are zero and its features are never used.
void read_pixels(const RunParts& parts, BatchJob& batch);

/// Pixels to the rows of every encoder; the pixels are let go. Waits for a device where the encoders do not compute on the CPU.
void encode_pixels(const RunParts& parts, BatchJob& batch);

/// Makes the bag, judges unreadable and non-finite tiles, joins the genomic row, predicts.
void conclude_slide(const RunParts& parts, SlideJob& job);

/// Writes everything of the slide, findings.json last; a failed slide gets its record. A slide whose files cannot be written becomes a
/// failed one; a full disk is an OutputError. Frees the job's memory.
void publish_slide(const RunParts& parts, SlideJob& job);

/// Keeps the finished rows of a slide that an interrupt left unfinished (features.part.h5); nothing when there is none.
void keep_partial(const RunParts& parts, const SlideJob& job);

}  // namespace microtome
