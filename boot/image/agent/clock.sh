# TLS refuses certificates of the future: a clock that lost its battery is set from the boot script's time.
set_clock() {
  begin
  now=$(date +%s)
  case $clock_hint in
    '' | *[!0-9]*) early clock done '' 'the boot script reported no time'; return ;;
  esac
  off=$((now - clock_hint))
  # The script's time is minutes old at most; only what is off by a day, or behind the script, is certainly wrong.
  if [ "$off" -gt 86400 ] || [ "$off" -lt -60 ]; then
    date -s "@$clock_hint" >/dev/null 2>&1
    hwclock -w -u 2>/dev/null
    early clock done rtc "the clock was off by $off s"
  else
    early clock done
  fi
}
