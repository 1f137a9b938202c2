// The host tool: makes, shows and measures TDVF images and IGVM files.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stdio.h>
#include <string.h>

#include "tools/lintel/tool.h"

static const char help[] = "usage: lintel COMMAND [OPTION]...\n"
			   "\n"
			   "  image   make a firmware image: TDVF (.fd, for qemu -bios) or IGVM\n"
			   "  dump    show and check an image, ours or any other of TDVF or IGVM\n"
			   "  mrtd    print the measurement that a TD of an image starts with\n"
			   "  rtmr    predict the measurements of its boot\n"
			   "  attest-values\n"
			   "          what a verifier must find in the TD's report, as JSON\n"
			   "\n"
			   "lintel COMMAND --help says more.\n"
			   "Exit status: 0 done, 1 error or malformed image, 2 wrong usage.\n";

static enum tool_exit run(int argc, char **argv)
{
	if (argc >= 2) {
		const char *command = argv[1];
		if (strcmp(command, "image") == 0) {
			return command_image(argc - 1, argv + 1);
		}
		if (strcmp(command, "dump") == 0) {
			return command_dump(argc - 1, argv + 1);
		}
		if (strcmp(command, "mrtd") == 0) {
			return command_mrtd(argc - 1, argv + 1);
		}
		if (strcmp(command, "rtmr") == 0) {
			return command_rtmr(argc - 1, argv + 1);
		}
		if (strcmp(command, "attest-values") == 0) {
			return command_attest_values(argc - 1, argv + 1);
		}
		if (strcmp(command, "--help") == 0) {
			return tool_help(help);
		}
		fprintf(stderr, "lintel: unknown command \"%s\"\n", command);
	}
	fputs(help, stderr);
	return TOOL_USAGE;
}

int main(int argc, char **argv)
{
	return (int)run(argc, argv);
}
