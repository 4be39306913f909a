// SPDX-License-Identifier: Apache-2.0
// report.html of one slide: what the model says, where it looked, and what it rests on. Offline, no script, printable, opens from file://.
#pragma once

#include <string>

#include "reporting/findings.h"

namespace microtome {

/// Pictures and files are those of findings.artifacts, linked by relative paths: the page lies beside them. Nothing of `created` and
/// `runtime` is in it, so equal runs give equal bytes. All text is escaped. Findings without a prediction give a page that says so. Sections
/// without content are left out. Says "research use only", and of shares that they are associations within the model.
std::string slide_report_html(const Findings& findings);

}  // namespace microtome
