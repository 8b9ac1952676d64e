// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/binary.h"

namespace weir::journal {

using weir::ByteReader;
using weir::put_fixed;
using weir::put_text;
using weir::put_varint;

}  // namespace weir::journal
