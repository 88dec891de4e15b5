# Only after the MDB accepted the registration does this directive come: the permanent address, then the new system.
hand_over() {
  begin
  address=$(given address)
  grep -q ' /mnt ' /proc/mounts || { fail handover '' 'there is no installed system to hand over to: it was not installed in this boot'; return 0; }
  own_address=$(sed -n 's/^address=//p' /mnt/etc/farrier/network)
  case $(given how) in in-place) hand_to_subd ;; *) hand_to_disk ;; esac
}

hand_to_disk() {
  step handover done "$boot_if" "$address"
  sync
  take_address
  umount /mnt/boot /mnt
  crypt close root 2>/dev/null
  disarm
  reboot -f
}

hand_to_subd() {
  [ -s /mnt/usr/local/sbin/subd ] || { fail handover '' 'the new root has no subd'; return 0; }
  step handover done "$boot_if" "$address"
  take_address
  disarm
  killall udhcpc lldp 2>/dev/null
  for folder in dev proc sys run; do mount --move "/$folder" "/mnt/$folder"; done
  exec switch_root /mnt /usr/lib/farrier/subd-init
}

take_address() {
  stop_dhcp
  gateway=$(sed -n 's/^gateway=//p' /mnt/etc/farrier/network)
  own_address=${own_address:-$address/24}
  ip addr flush dev "$boot_if"
  interface=$boot_if ip=${own_address%/*} mask=${own_address#*/} router=$gateway /usr/lib/farrier/lease bound
}
