// The settings that tools/tdrun hands to the machine, as text in fw_cfg.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "boot-tests/vmm/call/map_gpa.h"
#include "loader/image/mrtd.h"

#define CONFIG_NAME_MAX 31

/* Whether a TD takes a #VE for an access to a page that it has not accepted. */
enum sept_ve {
	SEPT_VE_DISABLED, /* ATTRIBUTES.SEPT_VE_DISABLE, as KVM wants it */
	SEPT_VE_ENABLED,
	SEPT_VE_FLEXIBLE, /* enabled, and the TD may disable it: FLEXIBLE_PENDING_VE */
};

/* How the host's fw_cfg has a kernel: of which QEMU, as QEMU names its versions. */
enum host_fw_cfg {
	HOST_FW_CFG_10_2,  /* and later: etc/boot/kernel, and a TD's setup header is the file's */
	HOST_FW_CFG_10_1,  /* etc/boot/kernel; the setup header is patched */
	HOST_FW_CFG_9_2,   /* and before: the setup header is patched */
	HOST_FW_CFG_FILES, /* 10.2's, and etc/boot/initrd and etc/boot/cmdline, as other VMMs */
};

struct config {
	uint64_t memory; /* bytes of the TD's RAM, a multiple of 4 KiB */
	bool trace;
	bool module_1_0;                    /* the module is one of 1.0, which Linux refuses */
	char selftest[CONFIG_NAME_MAX + 1]; /* one of boot-tests/selftest instead of a TD; or "" */
	uint64_t hold;      /* vCPU that the host holds at every turn, 1 s each; 0 = none */
	bool debug;         /* ATTRIBUTES.DEBUG: the host may read and write the TD's memory */
	bool zero_temp_mem; /* zeros where the host adds what is not measured, not MACHINE_FILL */
	bool rbp_mod; /* TDVMCALLs may expose RBP: no NO_RBP_MOD, as in hosts before it existed */
	enum measure_order mrtd_order;
	bool gpaw_52; /* GPAs of 52 bits and 5 levels, not 48 and 4 */
	bool la57;    /* the TD may use 5-level paging */
	enum sept_ve sept_ve;
	uint64_t second_cpus;   /* CPUs of the second TD, the last ones; 0 = there is none */
	uint64_t second_memory; /* bytes of its RAM */
	bool host_test;         /* the TDs' payloads talk to the test of host_test.h */
	struct map_gpa_policy map_gpa;
	bool large_pages; /* private memory by 2 MiB where it can; KVM has 4 KiB only */
	enum host_fw_cfg fw_cfg;
	bool pic;    /* there are 8259s; QEMU has none in a TD */
	bool wbinvd; /* TDVMCALL<WBINVD> is served; KVM has none */
	bool icount; /* the TSC counts instructions, see stats_icount */
};

/*
 * Parses lines of "key=value": memory=BYTES (required), trace=0|1, rbp_mod=0|1,
 * module_version=1.0|1.5, selftest=NAME, hold=VCPU, mrtd_order=page|section, gpaw=48|52, la57=0|1,
 * sept_ve_disable=on|off|flexible, zero_temp_mem=0|1, debug=0|1, icount=0|1, second_cpus=N with
 * second_memory=BYTES, host_test=0|1, mapgpa_retry=BYTES, mapgpa_again=N, mapgpa_r11=request|gpa,
 * page_size=4K|2M, wbinvd=0|1, fw_cfg=10.2|10.1|9.2|files, pic=0|1. ST_BAD_FORMAT: an unknown or
 * repeated key, a value out of its form, no memory; *out is then untouched and error names the
 * line.
 */
enum status config_parse(const char *text, size_t size, struct config *out, char *error,
			 size_t error_size) MUST_CHECK;
