// Where the example firmware has its parts: nothing stands where it stands in Lintel's own image.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//   0x1_0000_0000 +--------------------------------------------------+
//                 | TDX metadata, entry code, reset vector           |
//   _RESET        +--------------------------------------------------+
//                 | AP table                                         |
//   _AP_TABLE     +--------------------------------------------------+
//                 | mailbox                                          |
//   _MAILBOX      +--------------------------------------------------+
//                 | .ap.text: the AP path, a page of its own         |
//   _AP_CODE      +--------------------------------------------------+
//                 | text and constants                               |
//   _IMAGE        +--------------------------------------------------+
//
//   _TD_HOB       the host's list, which nobody reads here
//   _RAM          .bss, and at the end the boot processor's stack; TempMem
#pragma once

#define EXAMPLE_IMAGE 0xFFFE0000
#define EXAMPLE_IMAGE_SIZE 0x20000
#define EXAMPLE_AP_CODE 0xFFFF3000
#define EXAMPLE_MAILBOX 0xFFFF4000
#define EXAMPLE_AP_TABLE 0xFFFF9000
#define EXAMPLE_RESET 0xFFFFF000
#define EXAMPLE_TDVF_POINTER 0xFFFFFFE0

#define EXAMPLE_RAM 0x200000
#define EXAMPLE_RAM_SIZE 0x20000
#define EXAMPLE_STACK_SIZE 0x4000
#define EXAMPLE_TD_HOB 0x230000
#define EXAMPLE_TD_HOB_SIZE 0x2000
