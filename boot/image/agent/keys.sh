# Disk keys: 64 random bytes that live in the machine's NVRAM or TPM and nowhere else. Making new ones discards the
# old, and with them whatever they locked. Only a fingerprint is ever reported.
key_variable=/sys/firmware/efi/efivars/FarrierDiskKey-6f1b7a52-3c0e-4d2a-9b0f-fa771e5d15c0

make_keys() {
  begin
  keystore=none fingerprint=
  umask 077
  if [ -d /sys/firmware/efi/efivars ] && grep -q ' efivarfs ' /proc/mounts; then
    keystore=nvram
  elif [ -c /dev/tpmrm0 ] || [ -c /dev/tpm0 ]; then
    keystore=tpm
  fi
  case $keystore in
    none) umask 022; step keys done '' 'neither NVRAM nor TPM: the disk is not encrypted'; return 0 ;;
  esac
  head -c 64 /dev/urandom >/run/disk.key
  if ! message=$(store_key 2>&1); then
    rm -f /run/disk.key
    umask 022
    fail keys "$keystore" "the key cannot be kept: $message"
    return 1
  fi
  read_key >/run/disk.back 2>/dev/null
  if ! cmp -s /run/disk.key /run/disk.back; then
    rm -f /run/disk.key /run/disk.back
    umask 022
    fail keys "$keystore" 'the key that was read back is not the one that was stored'
    return 1
  fi
  fingerprint=$(sha256sum </run/disk.key | cut -c1-32)
  rm -f /run/disk.key /run/disk.back
  umask 022
  step keys done "$keystore"
}

store_key() {
  case $keystore in
    nvram)
      drop_variable || return 1
      # Non-volatile, boot services, runtime; then the value: one write, as firmware takes a variable whole.
      { printf '\007\000\000\000'; cat /run/disk.key; } >/run/disk.variable
      dd if=/run/disk.variable of="$key_variable" bs=4096 count=1 2>&1 | grep -i error
      rm -f /run/disk.variable
      [ -e "$key_variable" ]
      ;;
    tpm) tpmkey put </run/disk.key ;;
  esac
}

drop_variable() {
  [ -e "$key_variable" ] || return 0
  # The kernel guards variables against rm by the immutable flag.
  chattr -i "$key_variable"
  rm -f "$key_variable"
}

# drop_key: discards the keys wherever they are, and with them what they locked
drop_key() {
  drop_variable || return 1
  if [ -c /dev/tpmrm0 ] || [ -c /dev/tpm0 ]; then tpmkey drop; fi
}

# read_key: the key on standard output; for a pipe, never for the console
read_key() {
  if [ -e "$key_variable" ]; then dd if="$key_variable" bs=4096 count=1 2>/dev/null | tail -c +5
  else tpmkey get; fi
}
