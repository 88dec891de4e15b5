# The machine's own files in the new root: identity, network, and how it reports that it is ready.
populate_root() {
  begin
  ask /agent/credentials || { fail root "$disk_name" "no credentials: $(refusal)"; return 1; }
  cp "$answer" /run/credentials
  message=$(write_root 2>&1) || { fail root "$disk_name" "$message"; return 1; }
  rm -f /run/credentials
  message=$(activate) || { fail root "$disk_name" "$message"; return 1; }
  sync
  step root done "$disk_name"
}

write_root() {
  set -e
  for folder in etc/farrier usr/lib/farrier dev proc sys run tmp; do mkdir -p "/mnt/$folder"; done
  hostname=$(given hostname) address=$(given address) gateway=$(given gateway || true) dns=$(given dns || true)
  cat >/mnt/etc/fstab <<F
UUID=$(uuid_of "$root_device") / ext4 defaults 0 1
UUID=$(uuid_of "$boot_part") /boot $boot_type defaults 0 2
F
  echo "$hostname" >/mnt/etc/hostname
  printf '127.0.0.1 localhost\n%s %s\n' "${address%/*}" "$hostname" >/mnt/etc/hosts
  if [ -n "$dns" ]; then rm -f /mnt/etc/resolv.conf; echo "$dns" | tr ',' '\n' | sed 's/^/nameserver /' >/mnt/etc/resolv.conf; fi
  # Empty, not absent: systemd then makes one for this machine.
  : >/mnt/etc/machine-id
  write_network
  write_reporter
  if rec get /run/credentials subd path >/dev/null 2>&1; then write_subd; fi
}

uuid_of() { blkid -p -o value -s UUID "$1"; }

write_network() {
  mkdir -p /mnt/etc/systemd/network /mnt/etc/network
  {
    printf '[Match]\nMACAddress=%s\n\n[Network]\nAddress=%s\n' "$mac" "$address"
    echo "$dns" | tr ',' '\n' | sed -n 's/^\(..*\)$/DNS=\1/p'
    [ -z "$gateway" ] || printf '\n[Route]\nGateway=%s\nGatewayOnLink=yes\n' "$gateway"
  } >/mnt/etc/systemd/network/10-farrier.network
  write_interfaces >/mnt/etc/network/interfaces
  printf 'mac=%s\naddress=%s\ngateway=%s\n' "$mac" "$address" "$gateway" >/mnt/etc/farrier/network
  if [ -e /mnt/lib/systemd/systemd-networkd ] || [ -e /mnt/usr/lib/systemd/systemd-networkd ]; then
    enable_unit systemd-networkd.service /lib/systemd/system/systemd-networkd.service
  fi
}

# write_interfaces: by MAC, since the installed system may call the NIC otherwise than this one does. The ifup of busybox
# knows no such names, and has no udev that would rename it.
write_interfaces() {
  physical=mac/$mac=farrier logical=farrier
  case $(readlink /mnt/sbin/ifup) in *busybox) physical=$boot_if logical=$boot_if ;; esac
  printf 'auto lo\niface lo inet loopback\n\nauto %s\niface %s inet static\n  address %s\n' "$physical" "$logical" "$address"
  case $gateway:$address in
    :*) ;;
    # The gateway is outside of a network of one address.
    *:*/32) printf '  up ip route replace %s/32 dev $IFACE\n  up ip route replace default via %s dev $IFACE\n' "$gateway" "$gateway" ;;
    *) echo "  gateway $gateway" ;;
  esac
}

enable_unit() {
  mkdir -p /mnt/etc/systemd/system/multi-user.target.wants
  ln -sfn "$2" "/mnt/etc/systemd/system/multi-user.target.wants/$1"
}

# Static programs: the image need not have anything but a shell.
write_reporter() {
  cp /bin/fetch /bin/rec /usr/lib/farrier/report /mnt/usr/lib/farrier/
  chmod 755 /mnt/usr/lib/farrier/*
  for pair in "url $url" "files $files" "mark $(given mark)" "mac $mac" "image $(given image)" "address ${address%/*}"; do
    echo "${pair#* }" >"/mnt/etc/farrier/${pair%% *}"
  done
  cp /etc/farrier/ca.pem /mnt/etc/farrier/ca.pem
  (umask 077 && rec get /run/credentials ready token >/mnt/etc/farrier/token)
  mkdir -p /mnt/etc/systemd/system /mnt/etc/init.d
  cp /usr/lib/farrier/farrier-ready.service /mnt/etc/systemd/system/
  enable_unit farrier-ready.service ../farrier-ready.service
  cp /usr/lib/farrier/S99farrier /mnt/etc/init.d/S99farrier
  chmod 755 /mnt/etc/init.d/S99farrier
}

# What the Dominator's subd refuses to start without.
write_subd() {
  mkdir -p /mnt/etc/ssl/subd /mnt/usr/local/sbin
  rec text /run/credentials subd ca >/mnt/etc/ssl/CA.pem
  (umask 077
    rec text /run/credentials subd cert >/mnt/etc/ssl/subd/cert.pem
    rec text /run/credentials subd key >/mnt/etc/ssl/subd/key.pem)
  rec get /run/credentials subd signature >/run/subd.signature
  fetch --tries 5 --timeout 600 --max "$(rec get /run/credentials subd bytes)" \
    --sha256 "$(rec get /run/credentials subd sha256)" --verify /run/subd.signature /etc/farrier/image.pub \
    --out /mnt/usr/local/sbin/subd.part "$files/files/$(rec get /run/credentials subd path)" 2>&1 || exit 1
  chmod 755 /mnt/usr/local/sbin/subd.part
  mv /mnt/usr/local/sbin/subd.part /mnt/usr/local/sbin/subd
  cp /usr/lib/farrier/subd-init /mnt/usr/lib/farrier/subd-init
  cp /bin/busybox /mnt/usr/lib/farrier/busybox
  chmod 755 /mnt/usr/lib/farrier/subd-init /mnt/usr/lib/farrier/busybox
}
