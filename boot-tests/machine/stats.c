// The counters and their names.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/stats.h"

#include <stddef.h>

#include "arch/base/bits.h"
#include "arch/qemu/kvm.h"
#include "arch/tdx/ghci.h"
#include "arch/tdx/ve_info.h"
#include "boot-tests/machine/debug_log.h"
#include "boot-tests/machine/processors.h"

struct stats stats;
bool stats_icount;

static const char *const tdcall_names[TDG_LEAF_COUNT] = {
	[TDG_VP_VMCALL] = "VP.VMCALL",
	[TDG_VP_INFO] = "VP.INFO",
	[TDG_MR_RTMR_EXTEND] = "MR.RTMR.EXTEND",
	[TDG_VP_VEINFO_GET] = "VP.VEINFO.GET",
	[TDG_MR_REPORT] = "MR.REPORT",
	[TDG_VP_CPUIDVE_SET] = "VP.CPUIDVE.SET",
	[TDG_MEM_PAGE_ACCEPT] = "MEM.PAGE.ACCEPT",
	[TDG_VM_RD] = "VM.RD",
	[TDG_VM_WR] = "VM.WR",
	[TDG_VP_RD] = "VP.RD",
	[TDG_VP_WR] = "VP.WR",
	[TDG_SYS_RD] = "SYS.RD",
	[TDG_SYS_RDALL] = "SYS.RDALL",
	[TDG_MR_VERIFYREPORT] = "MR.VERIFYREPORT",
	[TDG_MEM_PAGE_ATTR_RD] = "MEM.PAGE.ATTR.RD",
	[TDG_MEM_PAGE_ATTR_WR] = "MEM.PAGE.ATTR.WR",
};

static const char *const seamcall_names[TDH_LEAF_COUNT] = {
	[TDH_VP_ENTER] = "VP.ENTER",
	[TDH_MNG_ADDCX] = "MNG.ADDCX",
	[TDH_MEM_PAGE_ADD] = "MEM.PAGE.ADD",
	[TDH_MEM_SEPT_ADD] = "MEM.SEPT.ADD",
	[TDH_VP_ADDCX] = "VP.ADDCX",
	[TDH_MEM_PAGE_RELOCATE] = "MEM.PAGE.RELOCATE",
	[TDH_MEM_PAGE_AUG] = "MEM.PAGE.AUG",
	[TDH_MEM_RANGE_BLOCK] = "MEM.RANGE.BLOCK",
	[TDH_MNG_KEY_CONFIG] = "MNG.KEY.CONFIG",
	[TDH_MNG_CREATE] = "MNG.CREATE",
	[TDH_VP_CREATE] = "VP.CREATE",
	[TDH_MNG_RD] = "MNG.RD",
	[TDH_MEM_RD] = "MEM.RD",
	[TDH_MNG_WR] = "MNG.WR",
	[TDH_MEM_WR] = "MEM.WR",
	[TDH_MEM_PAGE_DEMOTE] = "MEM.PAGE.DEMOTE",
	[TDH_MR_EXTEND] = "MR.EXTEND",
	[TDH_MR_FINALIZE] = "MR.FINALIZE",
	[TDH_VP_FLUSH] = "VP.FLUSH",
	[TDH_MNG_VPFLUSHDONE] = "MNG.VPFLUSHDONE",
	[TDH_MNG_KEY_FREEID] = "MNG.KEY.FREEID",
	[TDH_MNG_INIT] = "MNG.INIT",
	[TDH_VP_INIT] = "VP.INIT",
	[TDH_MEM_PAGE_PROMOTE] = "MEM.PAGE.PROMOTE",
	[TDH_PHYMEM_PAGE_RDMD] = "PHYMEM.PAGE.RDMD",
	[TDH_MEM_SEPT_RD] = "MEM.SEPT.RD",
	[TDH_VP_RD] = "VP.RD",
	[TDH_PHYMEM_PAGE_RECLAIM] = "PHYMEM.PAGE.RECLAIM",
	[TDH_MEM_PAGE_REMOVE] = "MEM.PAGE.REMOVE",
	[TDH_MEM_SEPT_REMOVE] = "MEM.SEPT.REMOVE",
	[TDH_SYS_KEY_CONFIG] = "SYS.KEY.CONFIG",
	[TDH_SYS_INFO] = "SYS.INFO",
	[TDH_SYS_INIT] = "SYS.INIT",
	[TDH_SYS_RD] = "SYS.RD",
	[TDH_SYS_LP_INIT] = "SYS.LP.INIT",
	[TDH_SYS_TDMR_INIT] = "SYS.TDMR.INIT",
	[TDH_SYS_RDALL] = "SYS.RDALL",
	[TDH_MEM_TRACK] = "MEM.TRACK",
	[TDH_MEM_RANGE_UNBLOCK] = "MEM.RANGE.UNBLOCK",
	[TDH_PHYMEM_CACHE_WB] = "PHYMEM.CACHE.WB",
	[TDH_PHYMEM_PAGE_WBINVD] = "PHYMEM.PAGE.WBINVD",
	[TDH_VP_WR] = "VP.WR",
	[TDH_SYS_CONFIG] = "SYS.CONFIG",
};

/* By TDVMCALL sub-function 0x10000 + index. */
static const char *const service_names[STATS_VMCALL_SERVICES] = {
	"GetTdVmCallInfo",           "MapGPA",  "GetQuote", "ReportFatalError",
	"SetupEventNotifyInterrupt", "Service",
};

static const char *const hypercall_names[STATS_KVM_HYPERCALLS] = {
	[KVM_HC_KICK_CPU] = "KICK_CPU",
	[KVM_HC_SEND_IPI] = "SEND_IPI",
	[KVM_HC_SCHED_YIELD] = "SCHED_YIELD",
	[KVM_HC_MAP_GPA_RANGE] = "MAP_GPA_RANGE",
};

/* VMX exit reasons name both #VEs and the TDVMCALLs that stand for an instruction. */
static const char *const reason_names[STATS_VE_REASONS] = {
	[EXIT_REASON_EXTERNAL_INTERRUPT] = "ExternalInterrupt",
	[EXIT_REASON_TRIPLE_FAULT] = "TripleFault",
	[EXIT_REASON_CPUID] = "CPUID",
	[EXIT_REASON_HLT] = "HLT",
	[EXIT_REASON_INVD] = "INVD",
	[EXIT_REASON_RDPMC] = "RDPMC",
	[EXIT_REASON_VMCALL] = "VMCALL",
	[EXIT_REASON_CR_ACCESS] = "CR",
	[EXIT_REASON_IO] = "IO",
	[EXIT_REASON_RDMSR] = "RDMSR",
	[EXIT_REASON_WRMSR] = "WRMSR",
	[EXIT_REASON_MWAIT] = "MWAIT",
	[EXIT_REASON_MONITOR] = "MONITOR",
	[EXIT_REASON_EPT_VIOLATION] = "MMIO",
	[EXIT_REASON_EPT_MISCONFIG] = "EPTMisconfig",
	[EXIT_REASON_WBINVD] = "WBINVD",
	[TDVMCALL_PCONFIG] = "PCONFIG",
};

_Static_assert(STATS_VMCALL_INSTRUCTIONS == STATS_VE_REASONS,
	       "both are numbered by VMX exit reasons and share the names.");
_Static_assert(STATS_MAX_VCPUS >= MACHINE_MAX_CPUS, "each CPU has its vCPU's counters.");

const char *stats_exit_name(uint64_t reason)
{
	return reason < ARRAY_COUNT(reason_names) ? reason_names[reason] : NULL;
}

const char *stats_vmcall_name(uint64_t sub_function)
{
	uint64_t service = sub_function - TDVMCALL_GET_TD_VM_CALL_INFO;
	return service < ARRAY_COUNT(service_names) ? service_names[service] :
						      stats_exit_name(sub_function);
}

/* Entries of one object: what occurred, in the order of the numbers. One without a name gets its
 * number, counted from base. */
static void print_counters(const uint64_t *counters, const char *const *names, size_t count,
			   size_t base, bool *first)
{
	for (size_t i = 0; i < count; i++) {
		if (counters[i] == 0) {
			continue;
		}
		log_part("%s", *first ? "" : ", ");
		*first = false;
		if (names[i] != NULL) {
			log_part("\"%s\": %llu", names[i], (unsigned long long)counters[i]);
		} else {
			log_part("\"%zu\": %llu", base + i, (unsigned long long)counters[i]);
		}
	}
}

static void print_table(const char *key, const uint64_t *counters, const char *const *names,
			size_t count)
{
	bool first = true;
	log_part("\"%s\": {", key);
	print_counters(counters, names, count, 0, &first);
	log_part("}, ");
}

static void print_vcpus(const char *key, const uint64_t *counters)
{
	log_part("\"%s\": [", key);
	for (unsigned i = 0; i < cpu_count(); i++) {
		log_part("%s%llu", i == 0 ? "" : ", ", (unsigned long long)counters[i]);
	}
	log_part("], ");
}

void stats_add_cost(uint64_t leaf, uint64_t rcx, uint64_t begin, uint64_t end)
{
	uint64_t number = leaf & TDX_LEAF;
	if (stats_icount && number < TDH_LEAF_COUNT) {
		struct stats_cost *cost = &stats.cost[number][(rcx & TDX_GPA_LEVEL) != 0];
		stats_add(&cost->calls);
		__atomic_fetch_add(&cost->instructions, end - begin, __ATOMIC_RELAXED);
	}
}

/* "NAME": [[calls, instructions] of 4 KiB or no page, the same of larger pages] */
static void print_costs(void)
{
	const char *comma = "";
	log_part("\"bare_exit\": %llu, \"cost\": {", (unsigned long long)stats.bare_exit);
	for (unsigned i = 0; i < TDH_LEAF_COUNT; i++) {
		const struct stats_cost *cost = stats.cost[i];
		if (cost[0].calls + cost[1].calls != 0) {
			log_part("%s\"%s\": [[%llu, %llu], [%llu, %llu]]", comma, seamcall_names[i],
				 (unsigned long long)cost[0].calls,
				 (unsigned long long)cost[0].instructions,
				 (unsigned long long)cost[1].calls,
				 (unsigned long long)cost[1].instructions);
			comma = ", ";
		}
	}
	log_part("}, ");
}

static void print_digest(const uint8_t digest[SHA384_SIZE])
{
	log_part("\"");
	for (size_t i = 0; i < SHA384_SIZE; i++) {
		log_part("%02x", digest[i]);
	}
	log_part("\"");
}

void stats_print(void)
{
	log_open('S');
	log_part("{\"accept\": {\"4K\": %llu, \"2M\": %llu}, \"accept_size_mismatch\": %llu, ",
		 (unsigned long long)stats.accept[0], (unsigned long long)stats.accept[1],
		 (unsigned long long)stats.accept_size_mismatch);
	print_vcpus("exits", stats.exits);
	print_vcpus("td_exits", stats.td_exits);
	print_table("seamcall", stats.seamcall, seamcall_names, TDH_LEAF_COUNT);
	print_table("tdcall", stats.tdcall, tdcall_names, TDG_LEAF_COUNT);
	log_part("\"tdcall_unknown\": %llu, ", (unsigned long long)stats.tdcall_unknown);
	bool first = true;
	log_part("\"tdvmcall\": {");
	print_counters(stats.vmcall_instruction, reason_names, STATS_VMCALL_INSTRUCTIONS, 0,
		       &first);
	print_counters(stats.vmcall_service, service_names, STATS_VMCALL_SERVICES,
		       TDVMCALL_GET_TD_VM_CALL_INFO, &first);
	log_part("}, ");
	print_table("kvm_hypercall", stats.kvm_hypercall, hypercall_names, STATS_KVM_HYPERCALLS);
	print_table("ve", stats.ve, reason_names, STATS_VE_REASONS);
	if (stats_icount) {
		print_costs();
	}
	log_part("\"mrtd\": ");
	print_digest(stats.mrtd);
	log_part(", \"rtmr\": [");
	for (size_t i = 0; i < ARRAY_COUNT(stats.rtmr); i++) {
		log_part(i == 0 ? "" : ", ");
		print_digest(stats.rtmr[i]);
	}
	log_part("]}");
	log_close();
}
