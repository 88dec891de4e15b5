# Drivers: every module that a device asks for, and what that brings. With the small kernel all are built in.
load_drivers() {
  if [ -d /lib/modules ]; then
    # Until nothing new appears: a bus's driver brings devices of its own, and these buses of theirs.
    before=
    for round in 1 2 3 4 5; do
      asked=$(find /sys/devices -name modalias -exec cat {} + 2>/dev/null | sort -u)
      [ "$asked" != "$before" ] || break
      before=$asked
      echo "$asked" | xargs modprobe -abq 2>/dev/null
    done
    # No device asks for these: disks as such, and the controller's messages as a file.
    modprobe -abq mmc_block ipmi_si ipmi_devintf af_packet ext4 crc32c_generic vfat nls_cp437 nls_ascii efivarfs dm_crypt xts aesni_intel sd_mod 2>/dev/null
  fi
  if [ -d /sys/firmware/efi ]; then mount -t efivarfs efivarfs /sys/firmware/efi/efivars 2>/dev/null; fi
}

# Farrier's mark is one sector 512 KiB into the disk: behind every partition table, before the first partition.
mark_sector=1024
read_mark() { dd if="/dev/$1" bs=512 skip=$mark_sector count=1 2>/dev/null | tr -d '\000' | sed -n 's/^FARRIER MARK 1 \([0-9a-f-]\{36\}\)$/\1/p'; }
# write_mark DISK UUID [RETIRED]: a retired disk is still ours to wipe, and not to be started
write_mark() {
  { printf 'FARRIER MARK 1 %s\n%s\n' "$2" "${3:-}"; head -c 512 /dev/zero; } | head -c 512 |
    dd of="/dev/$1" bs=512 seek=$mark_sector count=1 conv=notrunc,fsync 2>/dev/null
}
is_retired() { dd if="/dev/$1" bs=512 skip=$mark_sector count=1 2>/dev/null | tr -d '\000' | grep -qx RETIRED; }

# The sector behind the mark: the disk's own half of the key, without which the one that the machine keeps opens nothing.
write_half() {
  { head -c 64 /dev/urandom; head -c 448 /dev/zero; } | dd of="/dev/$1" bs=512 seek=$((mark_sector + 1)) count=1 iflag=fullblock conv=notrunc,fsync 2>/dev/null
}

# partition_of DISK NUMBER: nvme0n1 and its like put a p between
partition_of() { case $1 in *[0-9]) echo "/dev/${1}p$2" ;; *) echo "/dev/$1$2" ;; esac; }

# wait_for TEST…: up to 15 s, as devices appear in their own time
wait_for() {
  tries=150
  until "$@"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || return 1
    usleep 100000
  done
}
