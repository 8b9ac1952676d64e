// SPDX-License-Identifier: Apache-2.0
// The one include of Catch2, so that moving to version 3 is one line.
#pragma once
#include <catch2/catch.hpp>
