#!/bin/sh
# scontrol of Slurm 22.05.8 (Debian 12): a value that ends in a quotation mark loses it, though it was given as one word
# of the command line without a shell's quoting. What stands at the end of a node's reason is not what was said, so that
# a program that compares the two finds them different.
#
# Seen:
#   scontrol update NodeName=n1 State=DRAIN 'Reason=firmware "new"'   →   Reason=firmware "new [root@…]
#
# Needs root, mmdebstrap, and a minute. Ends with 1 if it is otherwise.
set -eu
[ "${1-}" = inside ] || {
  root=$(mktemp -d)
  trap 'rm -rf "$root"' EXIT
  mmdebstrap --quiet --mode=root --variant=essential --format=directory --include=slurmctld,slurm-client,munge bookworm "$root"
  # Namespaces of its own: what it starts ends with it, and its host name is one that the configuration can say.
  unshare --uts --mount --pid --fork --kill-child --mount-proc sh "$0" inside "$root"
  exit
}
root=$2
hostname ctl
mount -t proc proc "$root/proc"
mkdir "$root/s" "$root/s/munge" "$root/s/state"
head -c 1024 /dev/urandom >"$root/s/munge.key"
chmod 700 "$root/s/munge"
chmod 600 "$root/s/munge.key"
cat >"$root/s/slurm.conf" <<C
ClusterName=finding
SlurmctldHost=ctl(127.0.0.1)
SlurmctldPort=26827
AuthType=auth/munge
AuthInfo=socket=/s/munge.sock
CredType=cred/munge
SlurmUser=root
StateSaveLocation=/s/state
SlurmctldPidFile=/s/pid
ProctrackType=proctrack/linuxproc
NodeName=n1 NodeAddr=127.0.0.1 Port=26828
PartitionName=all Nodes=n1
C
inside() { chroot "$root" env SLURM_CONF=/s/slurm.conf "$@"; }
inside munged --foreground --force --key-file=/s/munge.key --socket=/s/munge.sock --seed-file=/s/munge/seed \
  --pid-file=/s/munge/pid --log-file=/s/munge/log >/dev/null 2>&1 &
inside slurmctld -D >/dev/null 2>&1 &
for _ in $(seq 60); do
  inside scontrol ping 2>/dev/null | grep -q UP && break
  sleep 1
done
inside slurmctld -V
inside scontrol update NodeName=n1 State=DRAIN 'Reason=firmware "new"'
shown=$(inside scontrol show node n1 | sed -n 's/^ *Reason=//p')
echo "Reason=$shown"
case $shown in
  'firmware "new ['*) ;;
  *) echo 'it is otherwise now'; exit 1 ;;
esac
