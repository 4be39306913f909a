// SPDX-License-Identifier: Apache-2.0
// What an evaluation starts from: rows with a known label and the probabilities that a model gave them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace microtome {

/// How often each row counts: all 1 as the rows are, 0 for a row left out, several for one drawn several times. A weighted measure
/// equals the measure of the rows written out that often. An empty span stands for all 1.
using RowWeights = std::span<const int>;

/// N rows (slides, or patients) of C classes.
struct Judged {
  std::vector<std::string> classes;  // C >= 2, in the order of the file's columns
  int positive = 1;                  // index into classes; means something with two classes only
  std::vector<int> label;            // (N) index into classes
  std::vector<double> probability;   // (N, C), each row sums to 1
  std::vector<int> decision;         // (N) index into classes; see decide() in decisions.h
  std::vector<int> patient;          // (N) 0 .. patients()-1: whose row this is; rows of a patient are never drawn apart
  std::vector<int> fold;             // (N) the fold in which the row was held out; empty: no folds

  std::size_t rows() const { return label.size(); }
  bool binary() const { return classes.size() == 2; }
  double probability_of(std::size_t row, int of_class) const {
    return probability[row * classes.size() + static_cast<std::size_t>(of_class)];
  }
  int patients() const;
  /// Every patient has one row: what methods for independent rows (DeLong, McNemar) ask for.
  bool independent() const { return static_cast<std::size_t>(patients()) == rows(); }
  std::vector<double> column(int of_class) const;  // (N)
  std::vector<char> is_class(int of_class) const;  // (N) 0 or 1
  int argmax(std::size_t row) const;               // the first of equal ones
  std::vector<int> patients_class() const;         // (patients) class of most of its rows, the first of equal ones
  std::vector<int> fold_numbers() const;           // sorted, each once
  /// The given rows in their order; patients are numbered anew.
  Judged select(const std::vector<std::size_t>& rows) const;
  /// Rows of one fold, ascending.
  std::vector<std::size_t> rows_of_fold(int number) const;
};

}  // namespace microtome
