# The install directive. Each stage reports its own end; the first that fails leaves the disk without a loader that
# would boot it, and the agent asks for the next directive.
install_system() {
  alive 900
  leave_disk
  begin
  disk=$(find_disk "$(given disk)") || { fail partition "disk $(given disk)" "$(cat /run/find)"; return 0; }
  disk_name="$disk (serial $(disk_serial "$disk"))"
  make_keys && partition && file_systems && boot_loader && unpack_image && populate_root && report_installed || {
    sync
    leave_disk
  }
  return 0
}

report_installed() {
  begin
  report /agent/installed installed image "$(given image)" sha256 "$(given sha256)" mark "$(given mark)" \
    keystore $keystore key "$fingerprint" disk "$(given disk)" || { fail installed "$disk_name" "refused: $(refusal)"; return 1; }
  step installed done "$disk_name"
}
