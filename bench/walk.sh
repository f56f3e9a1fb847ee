#!/usr/bin/env bash
# Walks every point of every lab: killed at each line of the journal and at each answer of the sandbox, killed twice, and each
# call throttled, denied, timed out and lost. Prints the points, the failures and the time. A plain go test walks a sample.
#
#   bench/walk.sh [-run REGEXP]      such as -run TestWalks/ebs-snapshots/refused/ec2.CreateVolume-1-lost
set -uo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The runs sync their journals often: in memory that costs nothing, and a SIGKILL does not tell the difference.
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
  memory=$(mktemp -d /dev/shm/walk.XXXXXX)
  trap 'rm -rf "$work" "$memory"' EXIT
fi

run='^TestWalks$'
[ "${1:-}" = -run ] && run=$2

go test -c -o "$work/walk.test" ./cmd/lifeboat || exit 1
cd cmd/lifeboat
began=$SECONDS
LIFEBOAT_WALK=all GOGC=400 TMPDIR=${memory:-$work} \
  "$work/walk.test" -test.run "$run" -test.v -test.timeout 0 -test.parallel 3 >"$work/log" 2>&1
code=$?
grep -vE '^ *(=== (RUN|PAUSE|CONT)|--- PASS)' "$work/log"
printf '%d points, %d failed, %d s\n' "$(grep -cE '^ {12}--- ' "$work/log")" "$(grep -cE '^ {12}--- FAIL' "$work/log")" $((SECONDS - began))
exit $code
