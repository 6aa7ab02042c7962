#!/usr/bin/env bash
# Builds the pods' images and gives the tests their file systems. With an engine where there is one;
# else with buildah, which needs none: base from debootstrap, steps in a chroot. Run by `make images`.
#
#   images.sh build [cpu] [gpu]     builds them, and says how large they are and how long it took
#   images.sh config cpu|gpu        what the image says of itself, as JSON
#   images.sh mount cpu|gpu         a copy of its file system that may be changed; prints the folder
#   images.sh unmount FOLDER        takes that copy away
#   images.sh clean                 takes away all that was built without an engine
set -euo pipefail
cd "$(dirname "$0")/.."

base=debian:bookworm-slim
cache=${LAMINA_IMAGES:-${XDG_CACHE_HOME:-$HOME/.cache}/lamina/images}
mkdir -p "$cache"
fail() { echo "error: $*" >&2; exit 1; }

find_engine() {
    for one in docker podman; do
        if "$one" info >/dev/null 2>&1; then echo "$one"; return; fi
    done
    for program in buildah debootstrap; do
        command -v "$program" >/dev/null || {
            [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null \
                || fail "neither Docker nor Podman runs here, and $program is not installed"
            apt-get update -qq >&2 && apt-get install -y -qq --no-install-recommends "$program" >&2
        }
    done
    echo buildah
}

# Layers are shared where the file system can overlay; vfs copies each whole, and always works.
storage_driver() {
    local try="$cache/try"
    mkdir -p "$try"/{lower,upper,work,merged}
    if mount -t overlay overlay -o "lowerdir=$try/lower,upperdir=$try/upper,workdir=$try/work" \
        "$try/merged" 2>/dev/null; then umount "$try/merged"; echo overlay; else echo vfs; fi
    rm -rf "$try"
}

run_buildah() {
    buildah --root "$cache/storage" --runroot "$cache/run" --storage-driver "$driver" "$@"
}

# The base under the name that the Dockerfile asks for: Debian's own packages, as the official one.
make_base() {
    if run_buildah inspect --type image "docker.io/library/$base" >/dev/null 2>&1; then return; fi
    echo "images: $base from Debian's packages"
    rm -rf "$cache/base"
    debootstrap --variant=minbase bookworm "$cache/base" >"$cache/debootstrap.log" \
        || fail "debootstrap ended with $?; all of it: $cache/debootstrap.log"
    rm -rf "$cache"/base/var/{cache/apt/archives/*.deb,lib/apt/lists/*} \
        "$cache"/base/usr/share/{doc,man,locale,info}/*
    local container
    container=$(run_buildah from scratch)
    tar --directory "$cache/base" --create --file "$cache/base.tar" .
    run_buildah add --quiet "$container" "$cache/base.tar" / >/dev/null
    run_buildah config --cmd bash "$container"
    run_buildah commit --quiet --rm "$container" "docker.io/library/$base" >/dev/null
    rm -rf "$cache/base" "$cache/base.tar"
}

# What pip finds here it finds in the build: ready-made wheels, another index, its certificates.
lend_pip() {
    lent=$(mktemp --directory)
    trap 'rm -rf "$lent"' EXIT
    mkdir "$lent/wheels"
    for folder in ${LAMINA_WHEELS:-} ${PIP_FIND_LINKS:-}; do
        for wheel in "$folder"/torch-*.whl "$folder"/llama_cpp_python-*.whl; do
            if [ -f "$wheel" ]; then cp "$wheel" "$lent/wheels"; fi
        done
    done
    touch "$lent/wheels/.none"  # a folder without a file cannot be copied
    {
        echo "[global]"
        echo "find-links = /wheels"
        if [ -n "${PIP_INDEX_URL:-}" ]; then echo "index-url = $PIP_INDEX_URL"; fi
        if [ -n "${PIP_CERT:-}" ]; then echo "cert = /etc/pip-ca.crt"; fi
    } >"$lent/pip.conf"
    cp "${PIP_CERT:-/dev/null}" "$lent/ca.crt"
}

build() {  # target
    local began=$SECONDS arguments
    arguments=(
        --file docker/Dockerfile --target "$1" --tag "lamina-$1"
        --build-context "wheels=$lent/wheels" --build-arg "JOBS=${JOBS:-}"
        --build-arg "LAMINA_COMMIT=$(git rev-parse --short=12 HEAD 2>/dev/null || true)"
        --secret "id=pip,src=$lent/pip.conf" --secret "id=ca,src=$lent/ca.crt"
    )
    case "$engine" in
        buildah)
            run_buildah build --isolation chroot --layers --force-rm --pull=never --format docker \
                "${arguments[@]}" . ;;
        *) "$engine" build "${arguments[@]}" . ;;
    esac
    echo "images: lamina-$1, $(size "$1"), $((SECONDS - began)) s"
}

size() {
    case "$engine" in
        buildah) run_buildah images --json "lamina-$1" | sed -n 's/.*"size": "\(.*\)".*/\1/p' ;;
        *) "$engine" images --format '{{.Size}}' "lamina-$1" ;;
    esac
}

engine=${LAMINA_ENGINE:-$(find_engine)}
driver=
if [ "$engine" = buildah ]; then driver=${STORAGE_DRIVER:-$(storage_driver)}; fi
case "${1:-}" in
    build)
        if [ "$engine" = buildah ]; then make_base; fi
        lend_pip
        targets=("${@:2}")
        for target in "${targets[@]:-cpu gpu}"; do for one in $target; do build "$one"; done; done ;;
    config)
        case "$engine" in
            buildah) run_buildah inspect --type image "lamina-$2" ;;
            *) "$engine" image inspect "lamina-$2" ;;
        esac ;;
    mount)
        case "$engine" in
            buildah) run_buildah mount "$(run_buildah from --pull=never "lamina-$2")" ;;
            *)
                folder=$(mktemp --directory)
                container=$("$engine" create "lamina-$2")
                "$engine" export "$container" | tar --extract --directory "$folder"
                "$engine" rm "$container" >/dev/null
                echo "$folder" ;;
        esac ;;
    unmount)
        case "$engine" in
            buildah)
                container=$(run_buildah mount | awk -v folder="$2" '$2 == folder { print $1 }')
                [ -z "$container" ] || run_buildah rm "$container" >/dev/null ;;
            *) rm -rf "$2" ;;
        esac ;;
    clean)  # what a build that was killed had mounted, too
        awk -v home="$cache/" 'index($2, home) == 1 { print $2 }' /proc/mounts | sort --reverse \
            | while read -r place; do umount "$place"; done
        rm -rf "$cache" ;;
    *) fail "usage: images.sh build [cpu] [gpu] | config IMAGE | mount IMAGE | unmount FOLDER | clean" ;;
esac
