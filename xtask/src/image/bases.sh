#!/usr/bin/env bash
# Makes stand-ins for the images that deploy/Dockerfile begins with, from Debian's packages and this machine's Rust, under
# the same names. They trust the authorities that this machine trusts, and reach crates.io as it does.
#
#   bases.sh TOOLCHAIN_IMAGE RUNTIME_IMAGE     (as root, with debootstrap and podman)
set -euo pipefail

toolchain_image=$1
runtime_image=$2
folder=$(mktemp --directory)
trap 'rm --recursive --force "$folder"' EXIT
toolchain=$folder/toolchain
runtime=$folder/runtime

debootstrap --variant=minbase --include=ca-certificates,gcc,libc6-dev,tzdata trixie "$toolchain" > "$folder/log" ||
    { cat "$folder/log" >&2 && exit 1; }
cp "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$toolchain/etc/ssl/certs/ca-certificates.crt"

# What gcr.io/distroless/cc holds: the C library and what its like needs, and nobody to log in as.
mkdir --parents "$runtime/etc/ssl/certs"
chroot "$toolchain" dpkg --listfiles base-files libc6 libgcc-s1 libstdc++6 tzdata | sed 's|^/|./|' | sort --unique > "$folder/files"
tar --directory "$toolchain" --no-recursion --files-from "$folder/files" --create | tar --directory "$runtime" --extract
cp "$toolchain/etc/ssl/certs/ca-certificates.crt" "$runtime/etc/ssl/certs/"
printf '%s\n' root:x:0:0::/nonexistent:/sbin/nologin nonroot:x:65532:65532::/nonexistent:/sbin/nologin > "$runtime/etc/passwd"
tar --directory "$runtime" --create . | podman import --quiet --change USER=65532 - "$runtime_image"

sysroot=$(rustc --print sysroot)
cp --archive "$sysroot/bin" "$sysroot/lib" "$toolchain/usr/local/"
mkdir "$toolchain/usr/local/cargo"
if [ -e "${CARGO_HOME:-$HOME/.cargo}/config.toml" ]; then
    cp "${CARGO_HOME:-$HOME/.cargo}/config.toml" "$toolchain/usr/local/cargo/"
fi
tar --directory "$toolchain" --create . | podman import --quiet --change ENV=CARGO_HOME=/usr/local/cargo \
    --change ENV=PATH=/usr/local/cargo/bin:/usr/local/bin:/usr/bin:/bin - "$toolchain_image"
