#!/bin/sh
# A machine of its own to install on: the root file system of this one under an overlay in memory, with its own mounts,
# processes and cgroups. What is installed, written or started in it is gone when it ends. $1: a folder to share,
# $2: another root file system in place of this one's, $3: this clone, which may itself lie below a folder that is
# covered in there.
set -e
share=$1
lower=${2:-/}
base=$(mktemp -d)
mount --make-rprivate /
mount -t tmpfs -o size=5g tmpfs "$base"
mkdir "$base/up" "$base/work" "$base/root"
mount -t overlay overlay -o "lowerdir=$lower,upperdir=$base/up,workdir=$base/work" "$base/root"
root=$base/root
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
# The kernel is the outer machine's: nothing in here may set it.
mount -t sysfs -o ro sysfs "$root/sys"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mkdir "$root/tmp/share" "$root/tmp/clone"
mount --bind "$share" "$root/tmp/share"
mount --bind "$3" "$root/tmp/clone"
cat > "$root/etc/systemd/system/machine.target" <<'X'
[Unit]
Description=A machine that does nothing but what it is told
Requires=dbus.service
After=dbus.service
X
# systemd unmounts and mounts anew what it finds in /tmp otherwise.
for unit in tmp.mount systemd-sysctl.service systemd-udevd.service systemd-modules-load.service systemd-binfmt.service \
  systemd-random-seed.service proc-sys-fs-binfmt_misc.automount sys-kernel-debug.mount sys-kernel-tracing.mount; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
# Its root is really its own: in a mere chroot the kernel lets nobody make user namespaces, and so no sandbox.
cd "$root"
pivot_root . mnt
umount -l /mnt
exec chroot . /usr/bin/env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system --unit=machine.target --show-status=false
