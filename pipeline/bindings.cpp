// SPDX-License-Identifier: Apache-2.0
#include "pipeline/bindings.h"

#include <fmt/format.h>

namespace microtome {

Bindings::Bindings(Config& c) {
  bind_run(c.run);
  bind_genomics(c.genomics, c.import);
  bind_tiling(c.tiling, c.tissue);
  bind_engine(c.encoder, c.engine);
  bind_training(c.data, c.train);
  bind_evaluation(c.evaluate);
  bind_synth(c.synth);
}

void Bindings::bind_run(RunSettings& r) {
  add("run.archive", "archive", r.archive, Effect::path, "folder searched recursively for slides, or a manifest file");
  add("run.manifest", "manifest", r.manifest, Effect::path,
      "manifest (CSV/TSV: slide_id,path[,patient_id,sample_id,mpp,mask]); plan writes it");
  add("run.bags", "bags", r.bags, Effect::path, "results of an earlier run: its features are scored by --model, no slide is opened");
  add("run.output", "output", r.output, Effect::path, "folder of the results");
  add("run.model", "model", r.model, Effect::path, "folder of a trained model; without one: features only");
  add_list("run.genomics", "genomics", r.genomics, Effect::path, "genomic table (.h5ad, .h5mu, 10x), joined by id; NAME=FILE names it; several times: several modalities");
  add("run.clinical", "clinical", r.clinical, Effect::path, "CSV with patient_id or slide_id and clinical columns (age, sex, stage), a modality");
  add("run.max_missing_genes", "", r.max_missing_genes, Effect::result, "share of the model's genes that the table may lack");
  add("run.max_missing_patients", "", r.max_missing_patients, Effect::speed, "share of the slides' patients that may have no row in a table; a table that has rows for nobody is always refused");
  add("run.slide_mpp", "", r.slide_mpp, Effect::result, "microns per pixel of slides that do not say; 0: refuse them");
  add("run.feature_type", "", r.feature_type, Effect::result, "float32 or float16 in features.h5");
  add("run.task_index", "task-index", r.task_index, Effect::speed, "this task's share: rows r with r % task_count == task_index");
  add("run.task_count", "task-count", r.task_count, Effect::speed, "number of tasks that share the manifest");
  add("run.hash_slides", "hash-slides", r.hash_slides, Effect::result, "sha256 of each whole slide in its findings (reads all of it)");
}

void Bindings::bind_genomics(GenomicsSettings& g, ImportCommand& i) {
  add("genomics.modality", "", g.modality, Effect::result, "which table of a .h5mu, which genome of an old 10x file");
  add("genomics.layer", "", g.layer, Effect::result, "layer to use instead of X");
  add("genomics.keys", "", g.keys, Effect::result, "how ids meet: auto (as they are, then TCGA barcodes), exact, tcga, cptac, regex:<pattern> with (?<patient>...), (?<sample>...), (?<slide>...)");
  add("genomics.map", "", g.map, Effect::path, "CSV slide_id or patient_id, row_id: rows given outright; the keys serve the others");
  add("genomics.duplicates", "", g.duplicates, Effect::result, "several rows of a patient: refuse, first-barcode (smallest id: tumour first, lowest vial and plate), mean");
  add("genomics.aliases", "", g.aliases, Effect::path, "former and approved gene symbols: HGNC's complete set, or CSV");
  add("genomics.status", "", g.status, Effect::path, "curated list of genes to tell of each slide (CSV: gene,table,rule,text; rule as >=0.5)");
  add("import.from", "from", i.request.from, Effect::result, "mcat, matrix, gct, maf, star, gistic, cbioportal, methylation, table");
  add_list("import.input", "input", i.input, Effect::path, "file to import, also .zip and .gz; several times, or a folder, where the kind wants it");
  add("import.output", "output", i.output, Effect::path, "the .h5ad to write; several tables put their modality into its name");
  add("import.units", "units", i.request.units, Effect::result, "of the values where the format does not say: tpm, zscore, log2_tpm_p0.001, ...");
  add("import.orientation", "orientation", i.request.orientation, Effect::result, "of a matrix: genes-in-rows, samples-in-rows, auto");
  add("import.column", "column", i.request.column, Effect::result, "of star: unstranded, tpm_unstranded, fpkm_unstranded, fpkm_uq_unstranded");
  add("import.duplicate_genes", "", i.request.duplicate_genes, Effect::result, "refuse, first, sum, mean");
  add("import.genome_build", "", i.request.genome_build, Effect::result, "for formats that do not say it, e.g. GRCh38");
  add("import.value", "value", i.request.value, Effect::result, "of maf: binary (a variant that changes the protein), burden (impact x allele fraction, summed)");
  add("import.splice_region", "", i.request.splice_region, Effect::result, "of maf: a variant in a splice region counts");
  add("import.sequenced", "sequenced", i.request.sequenced, Effect::path, "of maf: list of the sequenced samples");
  add("import.samples", "samples", i.request.samples, Effect::path, "of star: GDC's sample sheet; else CSV sample_id,patient_id");
}

void Bindings::bind_tiling(TilingSettings& t, TissueSettings& s) {
  add("tiling.tile_px", "tile-px", t.tile_px, Effect::result, "side of a tile, pixels at target_mpp");
  add("tiling.target_mpp", "mpp", t.target_mpp, Effect::result, "microns per pixel of a tile, honoured exactly");
  add("tiling.overlap_px", "", t.overlap_px, Effect::result, "overlap of neighbours, pixels at target_mpp");
  add("tiling.padding", "", t.padding, Effect::result, "keep tiles that overhang the edge");
  add("tiling.allow_upsampling", "", t.allow_upsampling, Effect::result, "accept slides coarser than target_mpp by more than 1 %");
  add("tiling.codec_scaling", "", t.codec_scaling, Effect::result, "decode at 1/2, 1/4, 1/8 where that is exact, or near (faster)");
  add("tiling.min_tissue", "", t.min_tissue, Effect::result, "least share of tissue in a tile, 0..1");
  add("tiling.max_unreadable", "", t.max_unreadable, Effect::result, "share of unreadable tiles that fails a slide, 0..1");
  add("tissue.overview_mpp", "", s.overview_mpp, Effect::result, "microns per pixel of the tissue search");
  add("tissue.min_saturation", "", s.min_saturation, Effect::result, "Otsu's threshold is at least this, 0..1");
  add("tissue.max_saturation", "", s.max_saturation, Effect::result, "... and at most this, 0..1");
  add("tissue.pale_saturation", "", s.pale_saturation, Effect::result, "fat and other pale tissue is kept from here on; 1: never");
  add("tissue.pale_um", "", s.pale_um, Effect::result, "... where it is this wide, microns");
  add("tissue.close_um", "", s.close_um, Effect::result, "gaps narrower than this are closed, microns");
  add("tissue.min_speck_mm2", "", s.min_speck_mm2, Effect::result, "smaller specks are dropped, mm2");
  add("tissue.min_hole_mm2", "", s.min_hole_mm2, Effect::result, "smaller holes are filled, mm2");
  add("tissue.reject_pen", "", s.reject_pen, Effect::result, "felt-tip pen and dark dust are not tissue");
  add("tissue.pen_saturation", "", s.pen_saturation, Effect::result, "green to blue is ink from this saturation on, 0..1");
  add("tissue.pen_blue_saturation", "", s.pen_blue_saturation, Effect::result, "... rising to this at haematoxylin's blue, 0..1");
  add("tissue.pen_red_saturation", "", s.pen_red_saturation, Effect::result, "red is ink from this saturation on, 0..1");
  add("tissue.dust_value", "", s.dust_value, Effect::result, "grey darker than this is dust or black ink, 0..1");
  add("tissue.min_pen_mm2", "", s.min_pen_mm2, Effect::result, "less is no stroke, mm2");
  add("tissue.pen_margin_um", "", s.pen_margin_um, Effect::result,
      "width of a stroke's blurred edge, which is no tissue either, microns");
}

void Bindings::bind_engine(EncoderOptions& e, EngineSettings& g) {
  add_list("encoder.name", "encoder", e.name, Effect::path,
           fmt::format("{}, or a folder with config.json; several times: more from one decoding", builtin_encoder_names()));
  add("encoder.weights", "", e.weights, Effect::path, "safetensors for a built-in encoder (torchvision key names)");
  add("encoder.random_weights", "", e.random_weights, Effect::result, "seeded random weights, for rehearsals; every document says so");
  add("encoder.seed", "", e.seed, Effect::result, "of the random weights");
  add("encoder.device", "device", e.device, Effect::speed, "auto, cpu, cuda (all that are visible), cuda:N, cuda:N,M");
  add("encoder.precision", "precision", e.precision, Effect::speed, "auto, float32, float16, bfloat16");
  add("encoder.form", "", e.form, Effect::speed, "auto, pt2, torchscript, safetensors: which of a folder's model files");
  add("encoder.models_allowed", "models-allowed", e.models_allowed, Effect::path,
      "list of sha256 (as sha256sum writes it); model files that are not in it are refused");
  add("engine.threads", "threads", g.threads, Effect::speed, "all threads; 0: the scheduler's number, else the cores allowed");
  add("engine.batch", "batch", g.batch, Effect::speed, "tiles per forward pass, 0: 16 on CPU, 128 on CUDA; changes last bits");
  add("engine.slides_in_flight", "", g.slides_in_flight, Effect::speed, "slides between admit and publish");
  add("engine.batches_in_flight", "", g.batches_in_flight, Effect::speed, "batches between window and gather; 0: threads + 2");
  add("engine.batches_ahead", "", g.batches_ahead, Effect::speed, "batches whose stored bytes are fetched before they are decoded");
  add("engine.memory_limit", "memory-limit", g.memory_limit, Effect::speed, "ceiling on pixels and bags in flight, e.g. 8G, 512MiB");
  add("engine.progress", "progress", g.progress, Effect::speed, "auto, live, plain, json, none");
}

void Bindings::bind_training(TrainCommand& d, TrainSettings& t) {
  add("data.bags", "bags", d.bags, Effect::path, "folder searched recursively for bags");
  add("data.features", "", d.features, Effect::result, "file name of the bags; features.<name>.h5 for a run's further encoders");
  add("data.labels", "labels", d.labels, Effect::path, "CSV with slide_id or patient_id, and label, or time (months) and event (1 = event)");
  add("data.clinical_columns", "", d.clinical_columns, Effect::result, "columns of --clinical to use, e.g. age,sex,stage; all without it");
  add("data.target", "", d.target, Effect::result, "of regression: column of the labels that holds the number, and its name in results; of multilabel: the labels to learn, EGFR,KRAS, all columns label_<name> without it");
  add("data.censorship", "", d.censorship, Effect::result, "column of the labels that says 1 = censored, instead of event");
  add("data.splits", "splits", d.splits, Effect::path, "CSV with patient_id,fold; without it folds are cut from the seed");
  add("train.task", "task", t.task, Effect::result, "label: column label, one of several classes; multilabel: columns label_<name>, each 1, 0 or empty; regression: a number, data.target; survival: time and event");
  add("train.aggregator", "aggregator", t.aggregator, Effect::result, "mean, max, top-k, abmil[-gated], clam-sb/-mb[-plain], dsmil, transmil, transformer, patch-gcn; with tables also porpoise, mcat, survpath, tables (no tiles)");
  add("train.folds", "folds", t.folds, Effect::result, "folds, cut by patient, stratified by label and site");
  add("train.leave_sites_out", "", t.leave_sites_out, Effect::result, "deal sites, not patients, to the folds (column site of the labels)");
  add("train.stopping", "", t.stopping, Effect::result, "nested: stop on patients outside the fold, which scores last; fixed: all epochs; auto: nested, for survival fixed");
  add("train.epochs", "epochs", t.epochs, Effect::result, "most epochs per fold");
  add("train.patience", "", t.patience, Effect::result, "epochs without a better validation loss before a fold stops");
  add("train.grid", "", t.grid, Effect::result, "settings to choose among in each fold, 'learning_rate=1e-4,2e-4; dropout=0,0.25'");
  add("train.loss", "loss", t.loss, Effect::result, "auto; label: cross-entropy, focal, bce, smooth-svm, mse (Brier), huber; multilabel: bce, focal; regression: mse, huber; survival: nll, ce-surv, cox, cox-efron, ranking");
  add("train.time_bins", "", t.time_bins, Effect::result, "bins of discrete hazards, at quantiles of the event times");
  add("train.survival_alpha", "", t.survival_alpha, Effect::result, "share of the censored patients' loss that is left out, 0..1");
  add("train.focal_gamma", "", t.focal_gamma, Effect::result, "of the focal loss");
  add("train.class_weights", "", t.class_weights, Effect::result, "none, or balanced: by the inverse of a class's slides");
  add("train.optimiser", "optimiser", t.optimiser, Effect::result, "sgd, adam, adamw, rmsprop, radam");
  add("train.lookahead", "", t.lookahead, Effect::result, "every 6 steps half of the way back");
  add("train.schedule", "", t.schedule, Effect::result, "of the learning rate: constant, cosine, one-cycle, step");
  add("train.learning_rate", "", t.learning_rate, Effect::result, "of the optimiser");
  add("train.weight_decay", "", t.weight_decay, Effect::result, "L2; decoupled with adamw");
  add("train.l1", "", t.l1, Effect::result, "times the absolute weights, added to the loss");
  add("train.accumulate", "", t.accumulate, Effect::result, "slides a step");
  add("train.sampling", "", t.sampling, Effect::result, "shuffled; weighted: classes alike, with replacement; stratified: classes in turn");
  add("train.dropout", "", t.dropout, Effect::result, "in embedding and attention");
  add("train.bag_dropout", "", t.bag_dropout, Effect::result, "share of a slide's tiles that a step does not see");
  add("train.bag_size", "", t.bag_size, Effect::result, "most tiles of a slide that a step sees, drawn anew; 0: all");
  add("train.mixup", "", t.mixup, Effect::result, "alpha of Beta(alpha, alpha), mixing two slides' tiles; 0: none");
  add("train.modality_dropout", "", t.modality_dropout, Effect::result, "share of steps in which a table, or the tiles beside one, are hidden");
  add("train.pretrain_epochs", "", t.pretrain_epochs, Effect::result, "epochs in which tiles and tables of the same patients are aligned (TANGLE) before labels are looked at");
  add("train.pretrain_learning_rate", "", t.pretrain_learning_rate, Effect::result, "of these epochs");
  add("train.embed_dim", "", t.embed_dim, Effect::result, "width of a tile's embedding");
  add("train.attention_dim", "", t.attention_dim, Effect::result, "width of the attention; 0: that of the publication");
  add("train.fusion", "fusion", t.fusion, Effect::result, "of tiles and tables by abmil, mcat, tables: concat, gated, kronecker (PORPOISE), late");
  add("train.ladder", "", t.ladder, Effect::result, "of survival with tables: simpler models are trained beside and kept in ladder/, which evaluate shows as a ladder");
  add("data.gene_sets", "gene-sets", d.gene_sets, Effect::path, "gene sets for the encoders groups and pathways: .gmt, or CSV with a column a set");
  add("train.table_encoder", "", t.table_encoder, Effect::result, "of a table: linear, snn, mlp, vae, conv1d (genome order), groups (an snn a gene set), pathways (block-sparse)");
  add("train.table_dim", "", t.table_dim, Effect::result, "width of a table's embedding");
  add("train.top_k", "", t.top_k, Effect::result, "tiles that speak for the slide, of top-k");
  add("train.ensemble", "", t.ensemble, Effect::result, "keep the folds' models and answer by their mean, instead of one model of everybody");
  add("train.seed", "seed", t.seed, Effect::result, "same seed, same bytes");
}

void Bindings::bind_evaluation(EvaluateSettings& e) {
  add("evaluate.predictions", "predictions", e.predictions, Effect::path, "CSV with slide_id or patient_id, prob_<class> (or prob_<name> of labels) columns, risk or value");
  add("evaluate.model", "model", e.model, Effect::path, "instead of predictions: folder of a trained model, which is run on the bags");
  add("evaluate.bags", "bags", e.bags, Effect::path, "folder searched recursively for bags, for the model");
  add_list("evaluate.genomics", "genomics", e.genomics, Effect::path, "table, joined by id, for a model with genes; NAME=FILE names it; several times");
  add("evaluate.clinical", "clinical", e.clinical, Effect::path, "CSV of clinical columns, for a model that takes them");
  add("evaluate.labels", "labels", e.labels, Effect::path, "CSV with slide_id or patient_id, label, label_<name>, time and event or a number, subgroups");
  add("evaluate.output", "output", e.output, Effect::path, "folder of metrics.json, curves, page, and predictions.csv of a model");
  add("evaluate.compare", "compare", e.compare, Effect::path, "predictions of a second model for the same labels");
  add("evaluate.subgroups", "subgroups", e.subgroups, Effect::result, "columns of the labels, e.g. sex,site");
  add("evaluate.task", "", e.task, Effect::result, "of prob_ columns: label (one class is true), multilabel (each label is, or not); auto: by the labels' columns");
  add("evaluate.positive", "positive", e.positive, Effect::result, "the positive of two classes; the last column's without it");
  add("evaluate.threshold", "threshold", e.threshold, Effect::result, "positive at or above it, 0..1; auto: from other folds, else 0.5");
  add("evaluate.target", "", e.target, Effect::result, "column of the labels with the number that value predicts");
  add("evaluate.censorship", "", e.censorship, Effect::result, "column of the labels that says 1 = censored, instead of event");
  add("evaluate.risk_cut", "", e.risk_cut, Effect::result, "high risk at or above it; auto: median of other folds, else of all");
  add("evaluate.tau", "", e.tau, Effect::result, "months that Uno's c and the AUC look to; auto: 80th percentile of events");
  add("evaluate.horizon", "", e.horizon, Effect::result, "months at which predicted survival is checked; auto: up to tau");
  add("evaluate.bootstrap", "bootstrap", e.bootstrap, Effect::result, "resamples of the patients");
  add("evaluate.seed", "seed", e.seed, Effect::result, "same seed, same bytes");
}

void Bindings::bind_synth(SynthSettings& s) {
  add("synth.patients", "patients", s.patients, Effect::result, "patients in the archive");
  add("synth.slides_per_patient", "", s.slides_per_patient, Effect::result, "slides of each");
  add("synth.seed", "", s.seed, Effect::result, "same seed, same bytes");
  add("synth.width", "", s.width, Effect::result, "level-0 pixels");
  add("synth.height", "", s.height, Effect::result, "level-0 pixels");
  add("synth.mpp", "", s.mpp, Effect::result, "microns per level-0 pixel");
  add("synth.genes", "", s.genes, Effect::result, "genes in the table; the first five go with the tumour, without hazard_genes");
  add("synth.held_out", "", s.held_out, Effect::result, "share of patients in held_out.csv");
  add("synth.least_tumour", "", s.least_tumour, Effect::result, "least share of tumour in a patient's tissue, who has one");
  add("synth.most_tumour", "", s.most_tumour, Effect::result, "... and most: small tumours make a hard archive");
  add("synth.pen", "", s.pen, Effect::result, "felt-tip strokes on each slide");
  add("synth.dust", "", s.dust, Effect::result, "coarse dust specks on each slide");
  add("synth.hazard_genes", "", s.hazard_genes, Effect::result, "genes that drive the hazard, apart from the tumour that everybody has then; 0: none");
  add("synth.gene_effect", "", s.gene_effect, Effect::result, "with hazard_genes: log hazard ratio for a standard deviation of their score");
  add("synth.lesion_effect", "", s.lesion_effect, Effect::result, "with hazard_genes: ... and of the tumour share");
  add("synth.clinical", "", s.clinical, Effect::result, "age, sex and stage in labels.csv and clinical.csv; age and stage move the hazard a little");
  add("synth.shuffled_genes", "", s.shuffled_genes, Effect::result, "genomics_shuffled.h5ad too: the same rows under other patients' ids");
}

}  // namespace microtome
