# From a bare disk to mounted file systems.

leave_disk() {
  umount /mnt/boot 2>/dev/null
  umount /mnt 2>/dev/null
  crypt close root 2>/dev/null
  return 0
}

partition() {
  begin
  size_mib=$(($(cat "/sys/block/$disk/size") / 2048))
  block_bytes=$(cat "/sys/block/$disk/queue/logical_block_size" 2>/dev/null || echo 512)
  [ "$(firmware)" = uefi ] || [ "$block_bytes" = 512 ] ||
    { fail partition "$disk_name" "its blocks have $block_bytes bytes, and a BIOS starts only disks with blocks of 512: install it by UEFI, or on another disk"; return 1; }
  # What lies at both ends, and the old mark, is gone before a new table is written: to the last byte, and looked at again.
  message=$(erase ends "/dev/$disk" 2>&1) || { fail partition "$disk_name" "$message"; return 1; }
  left=$(content_of "$disk")
  [ "$left" = blank ] || { fail partition "$disk_name" "its ends were wiped and something is still there: $left"; return 1; }
  boot_mib=$(given boot_mib) root_mib=$(given root_mib)
  # FAT32 has 65,525 clusters at least, and a cluster is a block at least.
  [ "$block_bytes" = 512 ] || [ "$boot_mib" -ge 512 ] || boot_mib=512
  case $root_mib in rest | '') root_size= ;; *) root_size=${root_mib}MiB ;; esac
  # Firmware of the BIOS kind boots from the old table, which ends at 2 TiB.
  if [ "$(firmware)" = uefi ]; then table="label: gpt\n,${boot_mib}MiB,U\n,${root_size},L\n"
  elif [ "$size_mib" -lt 2097152 ]; then table="label: dos\n,${boot_mib}MiB,83,*\n,${root_size},83\n"
  else table="label: gpt\nsize=${boot_mib}MiB, type=L, attrs=LegacyBIOSBootable\nsize=${root_size:-+}, type=L\n"; fi
  # shellcheck disable=SC2059 # the format is ours
  message=$(printf "$table" | /bin/sfdisk -q --wipe always --wipe-partitions always "/dev/$disk" 2>&1) ||
    { fail partition "$disk_name" "$message"; return 1; }
  boot_part=$(partition_of "$disk" 1) root_part=$(partition_of "$disk" 2)
  wait_for test -b "$root_part" || { fail partition "$disk_name" 'the partitions do not appear'; return 1; }
  write_mark "$disk" "$(given mark)"
  write_half "$disk"
  [ "$(read_mark "$disk")" = "$(given mark)" ] || { fail partition "$disk_name" 'the mark cannot be written'; return 1; }
  step partition done "$disk_name"
}

file_systems() {
  begin
  root_device=$root_part
  if [ $keystore != none ]; then
    root_device=$(read_key | crypt open root "$root_part" "/dev/$disk" 2>/run/crypt.err) ||
      { fail filesystem "$disk_name" "the root cannot be encrypted: $(cat /run/crypt.err)"; return 1; }
    wait_for test -b "$root_device"
  fi
  if [ "$(firmware)" = uefi ]; then message=$(make_fat "$boot_part" 2>&1) boot_type=vfat
  # What extlinux can read.
  else message=$(/bin/mke2fs -q -F -t ext4 -O ^64bit,^metadata_csum "$boot_part" 2>&1) boot_type=ext4; fi ||
    { fail filesystem "$boot_part of $disk_name" "$message"; return 1; }
  message=$(/bin/mke2fs -q -F -t ext4 -L root "$root_device" 2>&1) || { fail filesystem "$root_part of $disk_name" "$message"; return 1; }
  message=$({ mount -t ext4 "$root_device" /mnt && mkdir -p /mnt/boot && mount -t $boot_type "$boot_part" /mnt/boot; } 2>&1) ||
    { fail filesystem "$disk_name" "$message"; return 1; }
  step filesystem done "$disk_name"
}

# make_fat PARTITION: what mkfs.fat warns of, firmware does not read
make_fat() {
  made=$(/bin/mkfs.fat -F 32 "$1" 2>&1) && ! echo "$made" | grep -qi warning || { echo "$made"; return 1; }
}

# keep_boot_file NAME SHA256: into /boot, over plain HTTP, and so by the sum that came over TLS
keep_boot_file() {
  [ -n "$2" ] || { fail bootloader "$disk_name" "$1: the directive names no checksum of it"; return 1; }
  fetch --tries 10 --timeout 600 --sha256 "$2" --out "/mnt/boot/$1" "$files/files/boot/$1" 2>/run/fetch.err && return 0
  reason=$(cat /run/fetch.err)
  rm -f "/mnt/boot/$1"
  fail bootloader "$disk_name" "$1: $reason"
}

# The loader's files; what makes the firmware start it is written last (activate), when the image has been verified.
boot_loader() {
  begin
  [ "$(given kernel)" != own ] || { fail bootloader "$disk_name" 'images with a kernel of their own are not supported by this agent'; return 1; }
  keep_boot_file vmlinuz "$(given kernel_sha256)" && keep_boot_file initrd "$(given initrd_sha256)" || return 1
  consoles=$(tr ' ' '\n' </proc/cmdline | grep '^console=' | tr '\n' ' ')
  arguments="farrier.root=mark:$(given mark) ${consoles}quiet panic=10 no_timer_check"
  if [ "$(firmware)" = uefi ]; then
    mkdir -p /mnt/boot/EFI/BOOT /mnt/boot/loader/entries
    printf 'timeout 0\ndefault farrier.conf\n' >/mnt/boot/loader/loader.conf
    printf 'title Installed system\nlinux /vmlinuz\ninitrd /initrd\noptions %s\n' "$arguments" >/mnt/boot/loader/entries/farrier.conf
  else
    message=$(/bin/extlinux --install /mnt/boot 2>&1) || { fail bootloader "$disk_name" "$message"; return 1; }
    printf 'DEFAULT installed\nPROMPT 0\nLABEL installed\n LINUX /vmlinuz\n INITRD /initrd\n APPEND %s\n' "$arguments" >/mnt/boot/extlinux.conf
  fi
  step bootloader done "$disk_name"
}

activate() {
  mkdir -p /mnt/boot/farrier
  # Not empty: a file without a cluster is none to every loader.
  for name in $(machine_names); do echo "$name" >"/mnt/boot/farrier/$name"; done
  if [ "$(firmware)" = uefi ]; then
    cp /usr/share/boot/systemd-bootx64.efi /mnt/boot/EFI/BOOT/BOOTX64.EFI || return 1
  else
    code=/usr/share/boot/mbr.bin
    [ "$size_mib" -lt 2097152 ] || code=/usr/share/boot/gptmbr.bin
    dd if=$code of="/dev/$disk" bs=440 count=1 conv=notrunc,fsync 2>&1 || return 1
  fi
  retire_others
}

# machine_names: what the network's small loaders look for on the disk that they are to start: the machine's UUID, in both
# orders of its bytes, as firmware and kernel may differ; `installed` where firmware tells none
machine_names() {
  uuid=$(dmi product_uuid | tr '[:upper:]' '[:lower:]' | grep -xE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}') || { echo installed; return; }
  echo "$uuid"
  echo "$uuid" | sed 's/^\(..\)\(..\)\(..\)\(..\)-\(..\)\(..\)-\(..\)\(..\)-/\4\3\2\1-\6\5-\8\7-/'
}

# retire_others: an earlier installation of this machine on another disk, under the same mark, is not started any more
retire_others() {
  for other in $(disks); do
    [ "$other" != "$disk" ] && [ "$(read_mark "$other")" = "$(given mark)" ] && ! is_retired "$other" || continue
    erase zero "$(partition_of "$other" 1)" 0 1048576 2>&1 || return 1
    dd if=/dev/zero of="/dev/$other" bs=440 count=1 conv=notrunc,fsync 2>&1 || return 1
    write_mark "$other" "$(given mark)" RETIRED
  done
}
