// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What a program may call, and how it reads the kernel. Numbers: include/uapi/linux/bpf.h, where they never change.
 * The forms of SEC, __uint and __type are those that every loader of BPF objects expects.
 */
#pragma once
#include "kernel.h"

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))
#define __uint(name, value) int (*name)[value]
#define __type(name, value) typeof(value) *name

enum { BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_PERCPU_ARRAY = 6, BPF_MAP_TYPE_RINGBUF = 27 };
enum { BPF_F_MMAPABLE = 1 << 10 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
enum { BPF_RB_AVAIL_DATA = 0 };

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_probe_read_kernel)(void *to, u32 size, const void *from) = (void *)113;
static long (*bpf_probe_read_kernel_str)(void *to, u32 size, const void *from) = (void *)115;
static u64 (*bpf_ktime_get_boot_ns)(void) = (void *)125;
static long (*bpf_ringbuf_output)(void *ring, void *data, u64 size, u64 flags) = (void *)130;
static u64 (*bpf_ringbuf_query)(void *ring, u64 what) = (void *)134;

/* The second argument of clang's built-in functions, as libbpf's bpf_core_read.h names them. */
enum { FIELD_BYTE_OFFSET = 0, FIELD_EXISTS = 2, TYPE_SIZE = 1, ENUM_VALUE = 1 };

/* One field of a kernel object; a null or bad pointer gives zeros. */
#define READ(object, field)                                                                       \
	({                                                                                            \
		__auto_type from_ = (object);                                                             \
		typeof(from_->field) read_;                                                               \
		bpf_probe_read_kernel(&read_, sizeof(read_), __builtin_preserve_access_index(&from_->field)); \
		read_;                                                                                    \
	})
#define OFFSET_OF(type, field) __builtin_preserve_field_info(((type *)0)->field, FIELD_BYTE_OFFSET)
#define HAS(object, field) __builtin_preserve_field_info((object)->field, FIELD_EXISTS)
#define SIZE_OF(type) __builtin_preserve_type_info(*(type *)0, TYPE_SIZE)
#define NUMBER_OF(type, name) __builtin_preserve_enum_value(*(type *)name, ENUM_VALUE)

/* A loop may only be entered and repeated by a jump: up to 6.1 and later the verifier takes a step onto the next
 * instruction for an endless loop ("back-edge"), and clang lays out short loops so. Those are written out instead. */
#define UNROLLED _Pragma("clang loop unroll(full)")
/* A 32-bit word that stays in map memory: in a register the verifier would follow each of its values apart. */
#define WORD(place) (*(volatile u32 *)&(place))
/* Keeps the compiler from comparing one copy of a value and using another, which kernels before 6.12 refuse. */
#define SAME(value) asm volatile("" : "+r"(value))
