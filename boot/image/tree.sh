# What goes where in the initramfs, sourced by build.

# lay_tree ROOT TREE TOOLS SOURCE: unpacked packages and own tools → the image's file system
lay_tree() {
  root=$1 tree=$2 tools=$3 source=$4
  for folder in bin lib lib64 proc sys dev tmp etc/farrier mnt run usr/share/boot usr/lib/farrier; do mkdir -p "$tree/$folder"; done
  ln -s bin "$tree/sbin"
  cp "$root/bin/busybox" "$tools"/* "$tree/bin/"
  # Static twins for installed systems: the installed reporter cannot count on anything of the image it reports from.
  copy_program "$root" "$tree" sbin/mke2fs sbin/sfdisk sbin/blkid usr/bin/chattr sbin/mkfs.fat usr/sbin/dmidecode usr/bin/extlinux bin/tar
  cp "$root/usr/lib/syslinux/mbr/mbr.bin" "$root/usr/lib/syslinux/mbr/gptmbr.bin" \
    "$root/usr/lib/systemd/boot/efi/systemd-bootx64.efi" "$tree/usr/share/boot/"
  cp "$source"/agent/*.sh "$source/agent/lease" "$tree/usr/lib/farrier/"

  cp "$source"/reporter/* "$tree/usr/lib/farrier/"
  cp "$source/agent/init" "$tree/init"
  chmod 755 "$tree/init" "$tree"/bin/* "$tree/usr/lib/farrier/lease"
}

# copy_program ROOT TREE FILE…: programs, flattened to /bin, with the libraries they name, flattened to /lib
copy_program() {
  root=$1 tree=$2
  shift 2
  for file in "$@"; do
    target=$tree/bin/${file##*/}
    cp "$root/$file" "$target"
    strip -s "$target" 2>/dev/null || true
    copy_libraries "$root" "$tree" "$target"
  done
}

copy_libraries() {
  for library in $(readelf -d "$3" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p') ld-linux-x86-64.so.2; do
    [ -e "$2/lib/$library" ] && continue
    found=$(find "$1/lib" "$1/usr/lib" "$1/lib64" -name "$library" 2>/dev/null | head -1)
    [ -n "$found" ] || { echo "build: ${3##*/} needs $library, which none of the packages has" >&2; exit 1; }
    # Links in packages may be absolute; libraries sit beside what they point to.
    real=$(readlink "$found" || true)
    cp "$(dirname "$found")/$(basename "${real:-$found}")" "$2/lib/$library"
    strip -s "$2/lib/$library" 2>/dev/null || true
    ln -sfn ../lib/ld-linux-x86-64.so.2 "$2/lib64/ld-linux-x86-64.so.2"
    copy_libraries "$1" "$2" "$2/lib/$library"
  done
}

# lay_modules ROOT TREE RELEASE LIST: the modules named in LIST with what they depend on
lay_modules() {
  depmod -b "$1" "$3"
  mkdir -p "$2/lib/modules/$3"
  grep -v '^#' "$4" | tr -s ' ' '\n' | while read -r module; do
    [ -n "$module" ] || continue
    modprobe -d "$1" -S "$3" --show-depends --ignore-install "$module" || echo "build: this kernel has no module $module" >&2
  done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | LC_ALL=C sort -u >"$2/../modules.list"
  while read -r path; do
    inner=${path#"$1"/}
    mkdir -p "$2/${inner%/*}"
    strip --strip-debug -o "$2/$inner" "$path"
  done <"$2/../modules.list"
  cp "$1/lib/modules/$3/modules.order" "$1/lib/modules/$3/modules.builtin" "$2/lib/modules/$3/"
  depmod -b "$2" "$3"
  # busybox reads the text tables only.
  (cd "$2/lib/modules/$3" && rm -f modules.symbols* modules.*.bin modules.devname modules.order modules.builtin*)
}

# pack_tree TREE FILE: the same tree gives the same bytes, whoever builds it, whenever
pack_tree() {
  chmod -R u=rwX,go=rX "$1"
  find "$1" -exec touch -h -d @1577836800 {} +
  (cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 --reproducible) | nice xz -T1 -9 --check=crc32 -c >"$2"
}
