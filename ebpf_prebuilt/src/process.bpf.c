// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Tells of every program that starts and every process that ends: which process, which file, which cgroup, under which
 * names, for by the time that user space looks, the process and the directory of its cgroup may be gone.
 *
 * raw_tp/sched_process_exec(task, old_pid, binprm) and raw_tp/sched_process_exit(task[, group_dead]): these two need
 * neither tracefs nor perf_event_open, and exist in every kernel since 4.17. Records are as probes/records.py reads
 * them. Loaded by probes/bpf/; needs Linux 5.8 (ring buffer, bpf_ktime_get_boot_ns).
 */
#include "bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum { EXEC = 1, EXIT = 2 };
enum { NAMES_CUT = 1, NAMES_MORE = 2, PATH_CUT = 4, PID_FOREIGN = 8, NO_CGROUP = 16 };
/* Which cgroup hierarchy: probes/hierarchy.py chooses by /proc/self/cgroup. */
enum { NONE = 0, V2 = 1, MEMORY = 2, PIDS = 3, CPU = 4, DEVICES = 5, FREEZER = 6 };

/* Set before loading, constant from then on: the verifier takes out what is not asked for. */
const volatile u32 cfg_cgroup = V2;
const volatile u32 cfg_pidns = 0; /* inode of the reader's pid namespace; 0: the first one, where tgid is the number */
const volatile u32 cfg_wakeup = 0x7fffffff; /* bytes in the ring above which the reader is woken */

enum {
	LEVELS = 3,        /* names of cgroups: container, pod and what is above */
	NAME_ROOM = 256,   /* NAME_MAX and the NUL: a file name is never cut */
	COMPONENTS = 40,   /* of a path; each costs about 200 verified instructions */
	PATH_ROOM = 4096,  /* PATH_MAX */
	TEXT = LEVELS * NAME_ROOM + PATH_ROOM,
	PID_LEVELS = 8,    /* depth of pid namespaces: 1 in a container, 2 in a cluster in a container */
};

struct record {
	u32 kind;
	u32 length;        /* bytes of text that follow */
	u64 cgroup;        /* inode of the cgroup's directory */
	u64 start;         /* of the process, ns since boot */
	u64 at;            /* now, ns since boot */
	u64 inode;
	u32 device;        /* the kernel's dev_t: 12 bits major, 20 bits minor */
	u32 pid;
	u32 mount_ns;
	u16 names_length;  /* bytes of the names, which come before the path */
	u8 levels;         /* how many names */
	u8 flags;
};

/* Both kinds of text: NUL after each part, leaf first. One part more may be written behind the last that fits. */
struct exec_record {
	struct record head;
	char text[TEXT + NAME_ROOM];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

/* Too large for the stack. Only the exec program uses it, with preemption off: one for each processor is enough. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct exec_record);
} scratch SEC(".maps");

/* Records that found the ring full, by kind (index 0 is not used). Read by mmap. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, u32);
	__type(value, u64);
} lost SEC(".maps");

INLINE u64 index_of_controller(void)
{
	switch (cfg_cgroup) {
	case MEMORY: return NUMBER_OF(enum cgroup_subsys_id, memory_cgrp_id);
	case PIDS: return NUMBER_OF(enum cgroup_subsys_id, pids_cgrp_id);
	case CPU: return NUMBER_OF(enum cgroup_subsys_id, cpu_cgrp_id);
	case DEVICES: return NUMBER_OF(enum cgroup_subsys_id, devices_cgrp_id);
	default: return NUMBER_OF(enum cgroup_subsys_id, freezer_cgrp_id);
	}
}

/* On v2 never by subsys[]: there it may be the cgroup of an ancestor, where the controller was last switched on. */
INLINE struct kernfs_node *cgroup_of(struct task_struct *task)
{
	struct css_set *set = READ(task, cgroups);
	if (cfg_cgroup == V2)
		return READ(READ(set, dfl_cgrp), kn);
	struct cgroup_subsys_state *state = 0;
	u64 index = index_of_controller() & 15;
	bpf_probe_read_kernel(&state, sizeof(state), (void *)set + OFFSET_OF(struct css_set, subsys) + index * sizeof(state));
	return READ(READ(state, cgroup), kn);
}

INLINE struct kernfs_node *parent_of(struct kernfs_node *node)
{
	struct kernfs_node___rcu *newer = (void *)node;
	return HAS(newer, __parent) ? READ(newer, __parent) : READ(node, parent);
}

/* Puts a string behind what is there; how many bytes with its NUL, or <= 0 when there is no room or no string. */
INLINE long append(struct exec_record *record, const void *string)
{
	u64 offset = WORD(record->head.length);
	SAME(offset);
	if (offset > TEXT)
		return -1;
	long got = bpf_probe_read_kernel_str(record->text + offset, NAME_ROOM, string);
	if (got > 0)
		WORD(record->head.length) = offset + got;
	return got;
}

INLINE void add_names(struct exec_record *record, struct kernfs_node *node)
{
	u32 levels = 0, flags = 0;
	UNROLLED for (u32 i = 0; i <= LEVELS; i++) {
		struct kernfs_node *above = parent_of(node);
		if (!above) /* the root of the hierarchy has no name */
			break;
		if (i == LEVELS) {
			flags |= NAMES_MORE;
			break;
		}
		long got = append(record, READ(node, name));
		if (got <= 0)
			break;
		if (got == NAME_ROOM)
			flags |= NAMES_CUT;
		levels++;
		node = above;
	}
	record->head.levels = levels;
	record->head.flags |= flags;
	record->head.names_length = WORD(record->head.length);
}

/* Walks from the file up to the root of the process, across mounts: the path as its container knows it. */
INLINE void add_path(struct exec_record *record, struct task_struct *task, struct file *file)
{
	struct dentry *here = READ(file, f_path.dentry), *root = READ(READ(task, fs), root.dentry);
	struct vfsmount *mount = READ(file, f_path.mnt), *root_mount = READ(READ(task, fs), root.mnt);
	struct dentry *top = READ(mount, mnt_root);
	for (u32 i = 0; i < COMPONENTS; i++) {
		if (here == root && mount == root_mount)
			return;
		struct dentry *above = READ(here, d_parent);
		if (here == top || here == above) {
			struct mount *of = (void *)mount - OFFSET_OF(struct mount, mnt);
			struct mount *outer = READ(of, mnt_parent);
			if (outer == of)
				return;
			here = READ(of, mnt_mountpoint);
			mount = (void *)outer + OFFSET_OF(struct mount, mnt);
			top = READ(mount, mnt_root);
			continue;
		}
		if (append(record, READ(here, d_name.name)) <= 0)
			break;
		here = above;
	}
	record->head.flags |= PATH_CUT;
}

/* The number of the process in the reader's pid namespace; 0 when it has none there. */
INLINE u32 pid_of(struct task_struct *task)
{
	if (!cfg_pidns)
		return READ(task, tgid);
	struct pid *pid = READ(READ(task, group_leader), thread_pid);
	void *first = (void *)pid + OFFSET_OF(struct pid, numbers);
	u32 level = READ(pid, level);
	UNROLLED for (u32 i = 0; i < PID_LEVELS; i++) {
		struct upid *number = first + i * SIZE_OF(struct upid);
		if (i <= level && READ(READ(number, ns), ns.inum) == cfg_pidns)
			return READ(number, nr);
	}
	return 0;
}

/* All but the text; the cgroup's node, for its names. */
INLINE struct kernfs_node *fill(struct record *record, u32 kind, struct task_struct *task)
{
	struct kernfs_node *node = 0;
	record->kind = kind;
	record->length = 0;
	record->start = READ(READ(task, group_leader), start_boottime);
	record->at = bpf_ktime_get_boot_ns();
	record->pid = pid_of(task);
	record->names_length = 0;
	record->levels = 0;
	record->flags = record->pid ? 0 : PID_FOREIGN;
	if (cfg_cgroup == NONE)
		record->flags |= NO_CGROUP;
	else
		node = cgroup_of(task);
	record->cgroup = READ(node, id);
	record->inode = 0;
	record->device = 0;
	record->mount_ns = 0;
	return node;
}

/* The reader comes by a timer; it is woken before that only by the record that fills the ring up to a mark. */
INLINE void send(struct record *record, u64 size, u32 kind)
{
	u64 waiting = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA);
	u64 wake = waiting < cfg_wakeup && waiting + size >= cfg_wakeup ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
	if (!bpf_ringbuf_output(&events, record, size, wake))
		return;
	u64 *count = bpf_map_lookup_elem(&lost, &kind);
	if (count)
		__sync_fetch_and_add(count, 1);
}

SEC("raw_tp/sched_process_exec")
int process_exec(struct bpf_raw_tracepoint_args *context)
{
	struct task_struct *task = (void *)context->args[0];
	u32 zero = 0;
	struct exec_record *record = bpf_map_lookup_elem(&scratch, &zero);
	if (!record)
		return 0;
	struct kernfs_node *node = fill(&record->head, EXEC, task);
	if (node)
		add_names(record, node);
	struct file *file = READ(READ(task, mm), exe_file);
	struct inode *inode = READ(file, f_inode);
	record->head.inode = READ(inode, i_ino);
	record->head.device = READ(READ(inode, i_sb), s_dev);
	record->head.mount_ns = READ(READ(READ(task, nsproxy), mnt_ns), ns.inum);
	add_path(record, task, file);
	u64 size = sizeof(record->head) + WORD(record->head.length);
	SAME(size);
	if (size <= sizeof(*record))
		send(&record->head, size, EXEC);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int process_exit(struct bpf_raw_tracepoint_args *context)
{
	struct task_struct *task = (void *)context->args[0];
	struct record record;
	if (READ(READ(task, signal), live.counter) != 0)
		return 0; /* another thread lives on; of two that end together both may be the last: the reader sees it twice */
	fill(&record, EXIT, task);
	send(&record, sizeof(record), EXIT);
	return 0;
}
