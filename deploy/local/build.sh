#!/usr/bin/env bash
# Builds the programs, and puts each into a folder of its own below .tilt/programs/, unless the same is there already.
set -euo pipefail
cd "$(dirname "$0")/../.."

cargo build --bins
built=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug
for program in gateway task-svc scheduler-svc notify-svc audit-svc taskmesh; do
    folder=.tilt/programs/$program
    mkdir -p "$folder"
    # Without lines of source they are a fraction of the size.
    strip --strip-debug -o ".tilt/$program" "$built/$program"
    if cmp --silent ".tilt/$program" "$folder/$program"; then
        rm ".tilt/$program"
    else
        mv ".tilt/$program" "$folder/$program"
    fi
done
