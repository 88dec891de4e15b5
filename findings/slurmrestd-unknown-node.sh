#!/bin/sh
# slurmrestd of Slurm 24.11.5 (Debian 13): a node that does not exist is answered 200, with one error that has the number
# 0 and says "No error", and without the list of nodes. A job that does not exist is cancelled with 200 and no error.
# A client that goes by the status, or by an error's number, takes both for a success.
#
# Seen:
#   GET    /slurm/v0.0.41/node/n9     200 {"errors":[{"description":"Failure to query node n9","error_number":0,"error":"No error",…}],…}
#   POST   /slurm/v0.0.41/node/n9     500 {"errors":[{"description":"Failure to update node n9","error_number":2018,…}],…}
#   DELETE /slurm/v0.0.41/job/12345   200 {"errors":[],"warnings":[]}
#
# Needs root, mmdebstrap, curl, and a minute. Ends with 1 if one of it is otherwise.
set -eu
[ "${1-}" = inside ] || {
  root=$(mktemp -d)
  trap 'rm -rf "$root"' EXIT
  mmdebstrap --quiet --mode=root --variant=essential --format=directory \
    --include=slurmctld,slurm-client,slurmrestd,slurm-wlm-jwt-plugin,munge trixie "$root"
  # Namespaces of its own: what it starts ends with it, and its host name is one that the configuration can say.
  unshare --uts --mount --pid --fork --kill-child --mount-proc sh "$0" inside "$root"
  exit
}
root=$2
hostname ctl
mount -t proc proc "$root/proc"
mkdir "$root/s" "$root/s/munge" "$root/s/state"
head -c 1024 /dev/urandom >"$root/s/munge.key"
head -c 32 /dev/urandom >"$root/s/jwt.key"
chmod 700 "$root/s/munge"
chmod 600 "$root/s/munge.key" "$root/s/jwt.key"
cat >"$root/s/slurm.conf" <<C
ClusterName=finding
SlurmctldHost=ctl(127.0.0.1)
SlurmctldPort=26817
AuthType=auth/munge
AuthInfo=socket=/s/munge.sock
CredType=cred/munge
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key=/s/jwt.key
SlurmUser=root
StateSaveLocation=/s/state
SlurmctldPidFile=/s/pid
ProctrackType=proctrack/linuxproc
NodeName=n1 NodeAddr=127.0.0.1 Port=26818
PartitionName=all Nodes=n1
C
inside() { chroot "$root" env SLURM_CONF=/s/slurm.conf "$@"; }
inside munged --foreground --force --key-file=/s/munge.key --socket=/s/munge.sock --seed-file=/s/munge/seed \
  --pid-file=/s/munge/pid --log-file=/s/munge/log >/dev/null 2>&1 &
inside slurmctld -D >/dev/null 2>&1 &
inside env SLURM_JWT=daemon SLURMRESTD_SECURITY=disable_user_check \
  slurmrestd -a rest_auth/jwt -s slurmctld 127.0.0.1:26820 </dev/null >/dev/null 2>&1 &
for _ in $(seq 60); do
  inside scontrol ping 2>/dev/null | grep -q UP && curl -s -o /dev/null http://127.0.0.1:26820/ && break
  sleep 1
done
inside slurmctld -V
token=$(inside scontrol token lifespan=600 username=root)
token=${token#SLURM_JWT=}
ask() {
  curl -s -o "$root/s/answer" -w '%{http_code}' -X "$1" -H 'content-type: application/json' -H 'x-slurm-user-name: root' \
    -H "x-slurm-user-token: $token" ${3+-d "$3"} "http://127.0.0.1:26820/slurm/v0.0.41$2"
  tr -d ' \n' <"$root/s/answer" | sed 's/"meta":{.*}},\("errors\)/\1/'
}
verdict=0
expect() {
  if printf '%s' "$2" | grep -q "$1"; then echo "as seen: $(printf '%s' "$2" | head -c 200)"; else
    echo "otherwise: $2"
    verdict=1
  fi
}
expect '^200.*"error_number":0,"error":"Noerror"' "$(ask GET /node/n9)"
expect '^500.*"error_number":2018' "$(ask POST /node/n9 '{"state":["DRAIN"],"reason":"x"}')"
expect '^200.*"errors":\[\]' "$(ask DELETE /job/12345)"
exit "$verdict"
