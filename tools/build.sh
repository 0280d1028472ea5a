#!/usr/bin/env bash
# Builds a pinned tool from its own module, with the elapsed time in view.
#   tools/build.sh OUTPUT MODULE_FOLDER PACKAGE WHAT_IT_COSTS [go build flags]
# Without a terminal the progress is one plain line every 20 seconds.
set -euo pipefail

output=$(realpath -m "$1") folder=$2 package=$3 cost=$4
shift 4
name=$(basename "$output")
log=$(mktemp)
trap 'rm -f "$log"; [ -z "${build:-}" ] || kill "$build" 2>/dev/null || true' EXIT

echo "Building $name, once: $cost."
mkdir -p "$(dirname "$output")"
# A finished file appears at once or not at all: an interrupted build leaves nothing that make would take for new.
(cd "$folder" && exec go build -v "$@" -o "$output.part" "$package") >"$log" 2>&1 &
build=$!

progress() {
	local done
	done=$(grep -cE '^[a-z0-9.-]+(/[^ ]*)?$' "$log" || true)
	printf '%s: %dm%02ds, %d modules downloaded, %d packages compiled' \
		"$name" $((SECONDS / 60)) $((SECONDS % 60)) "$(grep -c '^go: downloading' "$log" || true)" "$done"
}
while kill -0 "$build" 2>/dev/null; do
	if [ -t 1 ]; then
		printf '\r%s ' "$(progress)"
	elif [ "$SECONDS" -ge "${next:-20}" ]; then
		progress && echo
		next=$((SECONDS + 20))
	fi
	sleep 0.5
done
[ ! -t 1 ] || printf '\r'
if ! wait "$build"; then
	build=
	grep -vE '^go: downloading|^[a-z0-9.-]+(/[^ ]*)?$' "$log" | tail -n 40 >&2 || true
	echo "$name: the build failed; above are its last messages" >&2
	exit 1
fi
build=
mv "$output.part" "$output"
progress
echo
