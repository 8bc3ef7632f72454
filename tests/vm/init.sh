#!/usr/bin/busybox sh
# The first process of a test machine: mounts, modules, the command, and what became of it.
# /run.env sets CGROUP (v1, v2, hybrid), MARK (begins our own lines), and the command as "$@".
B=/usr/bin/busybox
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root LANG=C.UTF-8
$B mkdir -p /proc /sys /dev /run /tmp /root /opt/busybox
$B mount -t proc proc /proc
$B mount -t sysfs sysfs /sys
$B mount -t devtmpfs devtmpfs /dev
$B mkdir -p /dev/pts /dev/shm
$B mount -t devpts devpts /dev/pts
for folder in /dev/shm /run /tmp; do $B mount -t tmpfs tmpfs $folder; done
$B mount -t tracefs tracefs /sys/kernel/tracing
$B mount -t bpf bpf /sys/fs/bpf
$B --install -s /opt/busybox
export PATH=$PATH:/opt/busybox

cgroup_v1() {
    mount -t tmpfs tmpfs /sys/fs/cgroup
    for name in cpu cpuacct cpuset memory devices freezer blkio pids; do
        mkdir /sys/fs/cgroup/$name
        mount -t cgroup -o $name cgroup /sys/fs/cgroup/$name || rmdir /sys/fs/cgroup/$name
    done
    mkdir /sys/fs/cgroup/systemd
    mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
}

. /run.env
case $CGROUP in
v1) cgroup_v1 ;;
v2) mount -t cgroup2 cgroup2 /sys/fs/cgroup ;;
hybrid) cgroup_v1; mkdir /sys/fs/cgroup/unified; mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified ;;
esac
for module in /modules/*.ko; do [ -e "$module" ] && insmod "$module"; done
ip link set lo up
stty -opost -echo
cd /share
echo "$MARK start"
"$@" </dev/null 2>&1
status=$?
# The command may have left a line without its end.
echo
echo "$MARK end $status"
poweroff -f
