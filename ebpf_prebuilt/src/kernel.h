// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What we need to know of the kernel's types. Only the names count: every access is a CO-RE relocation, which
 * probes/bpf/core.py resolves by the types of the running kernel (/sys/kernel/btf/vmlinux). Offsets and sizes that
 * follow from this file are never used, so it serves amd64 and arm64 and every kernel from 5.8 on.
 * `type___flavour` is another shape of `type` (libbpf's convention): what follows the three underscores is cut off.
 */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed int s32;

#define RELOCATED __attribute__((preserve_access_index))

/* include/linux/fs.h, dcache.h, mount.h, path.h; struct mount is in fs/mount.h */
struct super_block { u32 s_dev; } RELOCATED;
struct inode { unsigned long i_ino; struct super_block *i_sb; } RELOCATED;
struct qstr { const unsigned char *name; } RELOCATED;
struct dentry { struct dentry *d_parent; struct qstr d_name; } RELOCATED;
struct vfsmount { struct dentry *mnt_root; } RELOCATED;
struct mount { struct mount *mnt_parent; struct dentry *mnt_mountpoint; struct vfsmount mnt; } RELOCATED;
struct path { struct vfsmount *mnt; struct dentry *dentry; } RELOCATED;
struct file { struct inode *f_inode; struct path f_path; } RELOCATED;
struct fs_struct { struct path root; } RELOCATED;
struct mm_struct { struct file *exe_file; } RELOCATED;

/* include/linux/ns_common.h, nsproxy.h, fs/mount.h, pid.h */
struct ns_common { u32 inum; } RELOCATED;
struct mnt_namespace { struct ns_common ns; } RELOCATED;
struct nsproxy { struct mnt_namespace *mnt_ns; } RELOCATED;
struct pid_namespace { struct ns_common ns; } RELOCATED;
struct upid { s32 nr; struct pid_namespace *ns; } RELOCATED;
struct pid { u32 level; struct upid numbers[1]; } RELOCATED;

/* include/linux/kernfs.h, cgroup-defs.h. The index into subsys[] is an enumerator of cgroup_subsys_id, whose value
 * depends on the kernel's configuration. */
struct kernfs_node { u64 id; struct kernfs_node *parent; const char *name; } RELOCATED;
/* since 6.15 (commit 633488947ef6) the parent is an RCU pointer of another name */
struct kernfs_node___rcu { struct kernfs_node *__parent; } RELOCATED;
struct cgroup { struct kernfs_node *kn; } RELOCATED;
struct cgroup_subsys_state { struct cgroup *cgroup; } RELOCATED;
struct css_set { struct cgroup_subsys_state *subsys[16]; struct cgroup *dfl_cgrp; } RELOCATED;
enum cgroup_subsys_id { cpu_cgrp_id, memory_cgrp_id, devices_cgrp_id, freezer_cgrp_id, pids_cgrp_id };

/* include/linux/sched.h, sched/signal.h */
struct signal_struct { struct { s32 counter; } live; } RELOCATED;
struct task_struct {
	s32 tgid;
	u64 start_boottime;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct signal_struct *signal;
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct nsproxy *nsproxy;
	struct css_set *cgroups;
} RELOCATED;

/* include/uapi/linux/bpf.h: the context of a raw tracepoint; the kernel gives it to us as it is here */
struct bpf_raw_tracepoint_args { u64 args[2]; };
