// The machine's lines in parts, as text.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

/* What was written since it was emptied last: lines with tag and newline, cut off at its size. */
extern char fake_console_text[4096];
