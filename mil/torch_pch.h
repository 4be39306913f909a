// SPDX-License-Identifier: Apache-2.0
// The one precompiled header of this room; see architecture, "Heavy headers stay in few files".
#pragma once

#include <torch/script.h>
#include <torch/torch.h>
