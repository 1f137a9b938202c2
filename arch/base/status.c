// Names and texts of enum status.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/status.h"

const char *status_name(enum status status)
{
	switch (status) {
#define STATUS_NAME(name, text) \
	case name:              \
		return #name;
		STATUS_LIST(STATUS_NAME)
#undef STATUS_NAME
	}
	return "ST_?";
}

const char *status_text(enum status status)
{
	switch (status) {
#define STATUS_TEXT(name, text) \
	case name:              \
		return text;
		STATUS_LIST(STATUS_TEXT)
#undef STATUS_TEXT
	}
	return "unknown status";
}
