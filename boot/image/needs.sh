# Finding what a build script needs, sourced by the others.

# need COMMAND:PACKAGE…: each command (or file, when it begins with /) must be there. As root on Debian or Ubuntu the
# packages are installed, elsewhere one sentence names them.
need() {
  lacking=
  for pair in "$@"; do
    what=${pair%%:*}
    case $what in
      /*) [ -e "$what" ] || lacking="$lacking ${pair#*:}" ;;
      *) command -v "$what" >/dev/null 2>&1 || PATH=$PATH:/usr/sbin:/sbin command -v "$what" >/dev/null 2>&1 ||
        lacking="$lacking ${pair#*:}" ;;
    esac
  done
  [ -n "$lacking" ] || return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing:$lacking" >&2
    # shellcheck disable=SC2086 # a list of package names
    install() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $lacking >&2; }
    # The package lists of a fresh machine are empty or old.
    if install || { apt-get update -qq >&2 && install; }; then return 0; fi
  fi
  echo "missing Debian packages; install them with: apt-get install$lacking" >&2
  exit 1
}

# candidate PACKAGE: the version that apt would fetch
candidate() {
  version=$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p')
  case $version in
    '' | '(none)')
      echo "apt knows no package $1; run apt-get update, or add Debian 12 (bookworm) to its sources" >&2
      exit 1
      ;;
  esac
  echo "$version"
}

# offered PACKAGE: whether apt would fetch it
offered() { apt-cache policy "$1" 2>/dev/null | grep -q '^ *Candidate: [0-9]'; }

# fetched PACKAGE: path of the package's .deb, downloaded into the cache once
fetched() {
  version=$(candidate "$1")
  debs=${FARRIER_CACHE:-$HOME/.cache/farrier}/deb
  mkdir -p "$debs"
  file=$debs/$1_$(echo "$version" | tr : _).deb
  if [ ! -s "$file" ]; then
    part=$(mktemp -d "$debs/.part-XXXXXX")
    # The sandbox user of apt cannot write to a private folder; the download needs no privilege of its own.
    (cd "$part" && apt-get download -qq -o APT::Sandbox::User=root "$1=$version" >&2) || {
      rm -rf "$part"
      echo "could not download $1 $version with apt-get" >&2
      exit 1
    }
    mv "$part"/*.deb "$file"
    rmdir "$part"
  fi
  echo "$file"
}
