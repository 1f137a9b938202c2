// One inline function per privileged or special instruction (target builds only).
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/x86/desc.h"

static inline void insn_out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void insn_out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void insn_out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t insn_in8(uint16_t port)
{
	uint8_t value;
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint16_t insn_in16(uint16_t port)
{
	uint16_t value;
	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint32_t insn_in32(uint16_t port)
{
	uint32_t value;
	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint64_t insn_rdmsr(uint32_t index)
{
	uint32_t low, high;
	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
	return (uint64_t)high << 32 | low;
}

static inline void insn_wrmsr(uint32_t index, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

struct cpuid_result {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid_result insn_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_result r;
	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

static inline uint64_t insn_rdtsc(void)
{
	uint32_t low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

#define INSN_CR(n)                                                             \
	static inline uint64_t insn_read_cr##n(void)                           \
	{                                                                      \
		uint64_t value;                                                \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(value));          \
		return value;                                                  \
	}                                                                      \
	static inline void insn_write_cr##n(uint64_t value)                    \
	{                                                                      \
		__asm__ volatile("mov %0, %%cr" #n : : "r"(value) : "memory"); \
	}
INSN_CR(0)
INSN_CR(2)
INSN_CR(3)
INSN_CR(4)

static inline void insn_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static inline void insn_hlt(void)
{
	__asm__ volatile("hlt" : : : "memory");
}

static inline void insn_sti(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void insn_cli(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static inline void insn_wbinvd(void)
{
	__asm__ volatile("wbinvd" : : : "memory");
}

static inline void insn_invlpg(uint64_t address)
{
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

static inline void insn_lidt(const struct desc_pointer *pointer)
{
	__asm__ volatile("lidt %0" : : "m"(*pointer));
}

static inline void insn_sidt(struct desc_pointer *pointer)
{
	__asm__ volatile("sidt %0" : "=m"(*pointer));
}

static inline void insn_lgdt(const struct desc_pointer *pointer)
{
	__asm__ volatile("lgdt %0" : : "m"(*pointer));
}

static inline void insn_ltr(uint16_t selector)
{
	__asm__ volatile("ltr %0" : : "r"(selector));
}

static inline uint16_t insn_str(void)
{
	uint16_t selector;
	__asm__ volatile("str %0" : "=r"(selector));
	return selector;
}

static inline void insn_clgi(void)
{
	__asm__ volatile("clgi" : : : "memory");
}

static inline void insn_vmsave(uint64_t address)
{
	__asm__ volatile("vmsave %0" : : "a"(address) : "memory");
}

static inline void insn_rep_stosq(void *to, uint64_t value, uint64_t count)
{
	__asm__ volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(value) : "memory");
}

static inline void insn_rep_movsq(void *to, const void *from, uint64_t count)
{
	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}
