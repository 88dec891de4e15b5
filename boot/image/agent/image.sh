# GNU tar: the applet of the same name drops extended attributes (and with them file capabilities and access lists), and
# lays sparse files of the POSIX format out under other names.
# The image is unpacked while it streams, and counts only when checksum and signature of all of it are right. None of
# no bytes: the root stays empty for what takes over in it.
unpack_image() {
  begin
  [ "$(given bytes)" != 0 ] || { step image done "image $(given image)" 'left to the image system'; return 0; }
  report /agent/step step name image state running
  alive 14400
  given signature >/run/image.signature
  {
    fetch --tries 20 --idle 60 --timeout 14000 --max "$(given bytes)" --sha256 "$(given sha256)" \
      --verify /run/image.signature /etc/farrier/image.pub "$files/files/$(given path)" 2>/run/fetch.err
    echo $? >/run/fetch.code
  } | /bin/tar --numeric-owner --xattrs --xattrs-include='*' --acls -xzpf - -C /mnt 2>/run/tar.err
  unpacked=$?
  code=$(cat /run/fetch.code)
  alive 120
  [ "$code" = 0 ] || { fail image "image $(given image)" "$(cat /run/fetch.err)"; return 1; }
  [ $unpacked = 0 ] || { fail image "image $(given image)" "it cannot be unpacked: $(head -c 200 /run/tar.err)"; return 1; }
  sync
  step image done "image $(given image)"
}
