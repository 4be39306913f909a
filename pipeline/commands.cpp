// SPDX-License-Identifier: Apache-2.0
#include "pipeline/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "mil/model_error.h"
#include "pipeline/nearest_word.h"
#include "pipeline/version.h"
#include "reporting/report_error.h"

namespace microtome {
namespace {

const std::vector<Command> kCommands = {
    {"run",
     "Night",
     "slides in; features, predictions, heatmaps, findings and a report out",
     "  microtome run --archive slides/ --output out/ --encoder resnet50 --encoder.weights resnet50.safetensors\n"
     "  microtome run --archive slides/ --output out/ --encoder uni/ --encoder tumour-classifier/     both from one decoding\n"
     "  microtome run --manifest night.csv --output out/ --encoder uni/ --model model/ --genomics genes.h5ad --threads 16\n"
     "  microtome run --bags out/ --model other-model/ --output other/      scores features that are there; opens no slide\n",
     {"run", "genomics", "tiling", "tissue", "encoder", "engine"},
     {},
     command_run},
    {"plan",
     "Night",
     "what a run would do: slides, tiles, bytes, memory, time; encodes nothing",
     "  microtome plan --archive slides/ --encoder resnet50-trunc --encoder.random_weights\n"
     "  microtome plan --archive slides/ --encoder uni/ --run.manifest night.csv      also writes the manifest a cluster job uses\n",
     {"run", "genomics", "tiling", "tissue", "encoder", "engine"},
     {},
     command_plan},
    {"train",
     "Models",
     "bags and labels in, a trained attention model out",
     "  microtome train --bags out/ --labels labels.csv --output model/\n"
     "  microtome train --bags out/ --labels labels.csv --genomics genes.h5ad --output model/ --folds 5 --seed 1\n"
     "  microtome train --bags out/ --labels labels.csv --aggregator clam-sb --train.grid \"learning_rate=1e-4,2e-4\" --output model/\n",
     {"data", "train", "run", "genomics", "engine"},
     {},
     command_train},
    {"evaluate",
     "Models",
     "predictions and labels in, or a model and bags; metrics with intervals, curves, subgroups and a page out",
     "  microtome evaluate --predictions model/predictions.csv --labels labels.csv --output evaluation/\n"
     "  microtome evaluate --model model/ --bags held_out/ --labels labels.csv --output evaluation/     scores the bags first\n"
     "  microtome evaluate --model model/ --bags held_out/ --genomics genes.h5ad --labels labels.csv --threads 8 --output evaluation/\n"
     "  microtome evaluate --predictions a.csv --compare b.csv --labels labels.csv --subgroups sex,site --output evaluation/\n"
     "  microtome evaluate --predictions risks.csv --labels follow_up.csv --output evaluation/                   survival: risk, time, event\n"
     "  microtome evaluate --predictions values.csv --labels scores.csv --evaluate.target hrd --output evaluation/   a number: value, and the column hrd\n",
     {"evaluate", "run.max_missing_genes", "run.max_missing_patients", "genomics.modality", "genomics.layer", "genomics.aliases", "genomics.keys", "genomics.map", "genomics.duplicates", "data.features", "engine.threads", "engine.memory_limit", "engine.progress"},
     {},
     command_evaluate},
    {"genomics",
     "Models",
     "import: tables of other tools in, one .h5ad a modality out; inspect: what a table holds",
     "  microtome genomics inspect genes.h5ad --json\n"
     "  microtome genomics import --from mcat --input tcga_luad_all_clean.csv.zip --output luad.h5ad\n"
     "  microtome genomics import --from matrix --input tpm.tsv --units tpm --orientation genes-in-rows --output tpm.h5ad\n"
     "  microtome genomics import --from maf --input cohort.maf.gz --sequenced samples.txt --output mutations.h5ad\n"
     "  microtome genomics import --from star --input gdc/ --samples gdc_sample_sheet.tsv --output rnaseq.h5ad\n",
     {"import", "genomics"},
     {"import", "inspect FILE"},
     command_genomics},
    {"synth",
     "Rehearsal",
     "a synthetic archive with known truth: slides, regions, labels, survival, genes",
     "  microtome synth --output archive/ --patients 24 --synth.seed 7\n",
     {"run", "synth", "engine"},
     {},
     command_synth},
    {"check",
     "Trust",
     "can slides, models and tables be read, and if not, why; without arguments: the installation",
     "  microtome check\n  microtome check --encoder uni/ --threads 8\n  microtome check slide.svs model/ genes.h5ad out/slides/a/features.h5\n",
     {"encoder", "genomics", "tiling", "engine"},
     {"PATH..."},
     command_check},
    {"version", "Trust", "program, libraries, devices", "  microtome version\n", {}, {}, command_version},
};

std::string overview() {
  std::string out = fmt::format(
      "microtome {}: reads gigapixel slides, says what each shows. Research use only.\n\nusage: microtome COMMAND [options]\n", kVersion);
  std::string group;
  for (const auto& command : kCommands) {
    if (group != command.group) out += fmt::format("\n{}\n", group = command.group);
    out += fmt::format("  {:<9} {}\n", command.name, command.summary);
  }
  return out + "\nmicrotome COMMAND --help shows examples, options and their defaults.\n" + kExitCodesHelp;
}

std::string help(const Command& command) {
  std::string arguments;
  for (const auto& argument : command.arguments) arguments += " [" + argument + "]";
  return fmt::format("microtome {}{}: {}\n\n{}{}\n{}", command.name, arguments, command.summary, command.examples,
                     options_help(command.sections), kExitCodesHelp);
}

const Command* find_command(const std::string& name) {
  const auto found = std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& command) { return name == command.name; });
  return found == kCommands.end() ? nullptr : &*found;
}

[[noreturn]] void refuse_command(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& command : kCommands) names.emplace_back(command.name);
  const std::string nearest = nearest_word(name, names);
  throw ConfigError(
      fmt::format("{}: unknown command{}", name, nearest.empty() ? ": see microtome --help" : fmt::format(": did you mean {}?", nearest)));
}

/// Bare words in front of the options, for commands that take them.
std::vector<std::string> take_arguments(const Command& command, std::vector<std::string>& words) {
  std::vector<std::string> arguments;
  if (command.arguments.empty()) return arguments;
  const auto first_option = std::find_if(words.begin(), words.end(), [](const std::string& w) { return w.rfind("--", 0) == 0; });
  arguments.assign(words.begin(), first_option);
  words.erase(words.begin(), first_option);
  return arguments;
}

ExitCode dispatch(std::vector<std::string> words) {
  if (words.empty()) {
    fmt::print(stderr, "{}", overview());
    return ExitCode::usage;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    fmt::print("{}", overview());
    return ExitCode::done;
  }
  if (words[0] == "--version") words[0] = "version";
  const Command* command = find_command(words[0]);
  if (!command) refuse_command(words[0]);
  words.erase(words.begin());
  const auto arguments = take_arguments(*command, words);
  const ParsedOptions options = parse_options(words, command->sections);
  if (options.help) {
    fmt::print("{}", help(*command));
    return ExitCode::done;
  }
  return command->handler(options, arguments);
}

ExitCode complain(ExitCode code, const std::exception& e) {
  fmt::print(stderr, "microtome: {}\n", e.what());
  return code;
}

}  // namespace

std::span<const Command> commands() { return kCommands; }

ExitCode run_command(const std::vector<std::string>& words) {
  try {
    const ExitCode code = dispatch(words);
    if (std::fflush(stdout) != 0) throw OutputError("stdout: wanted to write the answer: the disk is full or the reader is gone");
    return code;
  } catch (const ConfigError& e) {
    return complain(ExitCode::usage, e);
  } catch (const ModelError& e) {
    return complain(ExitCode::unusable, e);
  } catch (const InputError& e) {
    return complain(ExitCode::unusable, e);
  } catch (const OutputError& e) {
    return complain(ExitCode::unusable, e);
  } catch (const ReportError& e) {
    return complain(ExitCode::unusable, e);
  } catch (const BagError& e) {
    return complain(ExitCode::unusable, e);
  } catch (const std::exception& e) {
    fmt::print(stderr, "microtome: internal error: {}: this is a mistake in the program: please report it with the command line\n",
               e.what());
    return ExitCode::internal;
  }
}

}  // namespace microtome
