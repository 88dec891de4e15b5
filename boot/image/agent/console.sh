# What a person at the console reads.
say() { echo "farrier: $*" >/dev/console 2>/dev/null || echo "farrier: $*"; }
