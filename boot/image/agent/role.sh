# The same initramfs on the disk: finds the disk by its mark, opens it with the machine's key, and goes there.
boot_installed() {
  wait_for find_marked || give_up "no disk carries the mark $root_mark"
  root_part=$(partition_of "$marked" 2) root_device=$root_part
  wait_for test -b "$root_part" || give_up "$root_part does not appear"
  # An unencrypted root shows its file system; what shows none is encrypted.
  if [ "$(blkid -p -o value -s TYPE "$root_part")" != ext4 ]; then
    root_device=$(read_key | crypt open root "$root_part" "/dev/$marked") || give_up "the disk key of $marked cannot be had, or does not fit"
    wait_for test -b "$root_device"
  fi
  mount -t ext4 "$root_device" /mnt || give_up "$root_part of $marked holds no root: its key is gone, or another"
  umount /sys/firmware/efi/efivars 2>/dev/null
  for folder in dev proc sys run; do mkdir -p "/mnt/$folder"; mount --move "/$folder" "/mnt/$folder"; done
  exec switch_root /mnt /sbin/init
}

find_marked() {
  for marked in $(disks); do
    [ "$(read_mark "$marked")" != "$root_mark" ] || is_retired "$marked" || return 0
  done
  return 1
}
