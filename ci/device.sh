#!/usr/bin/env bash
# Everything that can be asked of one device, from a bare checkout, without a package index:
#
#     ci/device.sh [WHEELS [FIGURES]]
#
# WHEELS is a folder of wheels with what this project needs and the interpreter has not; FIGURES is
# the folder that is made.  Nothing is installed into the interpreter.  Variables:
#
#     PYTHON   the interpreter that has the frameworks (python3)
#     DEVICE   cuda:0; cpu rehearses the same
#     EVERY    primitives: each so-manieth float32 (1, all of them)
#     SWEEPS   implementations whose first step is swept, every float32 gradient
#     LIMIT    seconds for each part; all parts run side by side (240)
#
# Exits with the number of parts that failed or found something unexpected.
set -u
cd "$(dirname "$0")/.."
wheels=${1:-.whl} figures=$(realpath -m "${2:-device-figures}")
PYTHON=$(command -v "${PYTHON:-python3}") DEVICE=${DEVICE:-cuda:0} EVERY=${EVERY:-1}
LIMIT=${LIMIT:-240}
mkdir -p "$figures"
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
# JAX takes most of a device's memory for itself otherwise.
export XLA_PYTHON_CLIENT_PREALLOCATE=false

# An environment of our own that sees the interpreter's packages, and the folders of this checkout
# under the names that they are installed by.
"$PYTHON" -m venv --without-pip "$room/own" || exit 1
own=$room/own/bin/python
site=$("$own" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
"$PYTHON" - > "$site/theirs.pth" <<'END'
import site, sys
places = [p for p in sys.path if p.endswith(("site-packages", "dist-packages"))]
print("import site; " + "; ".join(f"site.addsitedir({place!r})" for place in places))
END
mkdir "$site/optimizer_conformance"
for place in conformance/* reference adapters reports; do
    ln -s "$PWD/$place" "$site/optimizer_conformance/"
done
for wheel in "$wheels"/*.whl; do
    [ -e "$wheel" ] || continue
    name=$(basename "$wheel" | cut -d- -f1)
    "$own" -c "import sys; from importlib.metadata import version; version(sys.argv[1])" "$name" \
        2>/dev/null || "$PYTHON" -m pip install -q --no-index --no-deps --no-compile \
        --target "$site" "$wheel" || exit 1
done
conformance() {
    "$own" -c 'from optimizer_conformance.cli import main; main()' "$@"
}

parts=() names=()
part() { # NAME COMMAND…: in the background, its words into a file
    local name=$1
    shift
    (
        started=$SECONDS
        timeout -k 10 "$LIMIT" "$own" -c \
            'from optimizer_conformance.cli import main; main()' "$@" > "$figures/$name.txt" 2>&1
        code=$?
        echo "$name: exit code $code after $((SECONDS - started)) s"
        exit "$code"
    ) &
    parts+=($!) names+=("$name")
}

kind=${DEVICE%%:*}
echo "== environment"
conformance doctor --python "$PYTHON" torch jax cupy --json > "$figures/doctor.json"
[ -s "$figures/doctor.json" ] || exit 1
"$own" -c 'import json, sys
for item in json.load(open(sys.argv[1]))["adapters"]:
    print(item["adapter"], item["versions"], item["devices"], item["note"])' "$figures/doctor.json"

echo "== runs, primitives, sweeps and MATLAB's functions, side by side"
usual=(--python "$PYTHON" --profile quick --jobs 1)
few=(--mode injected --mode trajectory --mode rate-change)
part torch run "${usual[@]}" --device "$kind*" --adapter torch --out "$figures/torch" \
    -i 'torch:RMSprop' -i 'torch:Adam' -i 'torch:AdamW' -i 'torch:*[foreach]' \
    -i 'torch:*[fused]' -i 'torch:*[capturable]'
part jax run "${usual[@]}" --device "$kind*" --adapter jax --out "$figures/jax" \
    --dtype float32 --dtype bfloat16 --dtype float64 "${few[@]}"
primitives=(torch jax)
if [ "$kind" = cpu ]; then
    echo "a rehearsal on the CPU: no CuPy, which has no CPU, and no torch.compile, whose rows are CUDA's"
else
    primitives+=(cupy)
    part cupy run "${usual[@]}" --device "$kind*" --adapter cupy --out "$figures/cupy"
    part compiled run "${usual[@]}" --device "$kind*" --adapter torch --out "$figures/compiled" \
        -i 'torch:*[compiled]' --dtype float32
fi
keras=() && for backend in jax torch; do
    "$own" -c "import importlib.util as u, sys; sys.exit(not (u.find_spec('keras') and \
u.find_spec('$backend')))" && keras+=("keras_$backend")
done
for name in "${keras[@]}"; do
    part "$name" run --python "$room/own" --profile quick --jobs 1 --device "$kind*" \
        --adapter "$name" --out "$figures/$name" --dtype float32 --dtype bfloat16 "${few[@]}"
done
for name in torch jax; do
    part "$name-host" run "${usual[@]}" --device cpu --adapter "$name" --out "$figures/$name-host" \
        --dtype float32 "${few[@]}" -i "$name:*"
done
for name in "${primitives[@]}"; do
    part "primitives-$name" primitives "$name" --python "$PYTHON" --device "$DEVICE" \
        --every "$EVERY" --out "$figures/primitives-$name.jsonl"
done
# All 2^32 float32 gradients where a device judges them; of a host's a 4096th part.
sweeps=()
if "$own" -c "import importlib.util as u, sys; sys.exit(not u.find_spec('numba'))"; then
    [ "$kind" = cpu ] && slice=(--shard 40/4096) || slice=()
    read -ra sweeps <<< "${SWEEPS:-torch:RMSprop torch:Adam[fused] jax:optax.rmsprop[jit]}"
fi
for name in "${sweeps[@]}"; do
    [ "$name" = torch:RMSprop ] && beside=(--beside 'torch:RMSprop[foreach]') || beside=()
    [ "${name%%:*}" = jax ] && given=(learning_rate=0.001) || given=() # Optax has no default
    file=sweep-$(tr -cs '[:alnum:]\n' - <<< "${name%]}")
    part "$file" sweep "$name" "${given[@]}" --python "$PYTHON" --device "$DEVICE" "${slice[@]}" \
        "${beside[@]}" --out "$figures/$file"
done
matlab() { # LIBRARY [DTYPE…]
    (timeout -k 10 "$LIMIT" "$own" ci/matlab_on_device.py "$DEVICE" "$@" \
        > "$figures/matlab-$(IFS=-; echo "$*").txt" 2>&1) &
    parts+=($!) names+=("matlab-$*")
}
matlab numpy
matlab torch
matlab jax float32
matlab jax float64
[ "$kind" = cpu ] || matlab cupy
failed=0
for index in "${!parts[@]}"; do
    wait "${parts[$index]}" || failed=$((failed + 1))
done

echo "== what MATLAB's functions do"
cat "$figures"/matlab-*.txt
echo "== the device beside the host, and the page"
runs=() hosts=() measured=()
for name in torch compiled jax cupy "${keras[@]}"; do
    [ -e "$figures/$name/provenance.json" ] && runs+=("$figures/$name")
    [ -e "$figures/$name/footer.json" ] &&
        conformance report "$figures/$name" --format html -o "$figures/$name.html" > /dev/null
done
for name in torch jax; do
    [ -e "$figures/$name-host/provenance.json" ] && hosts+=(--host "$figures/$name-host")
    conformance diff "$figures/$name-host" "$figures/$name" --across device --by implementation \
        > "$figures/$name-diff.txt" 2>&1
done
for file in "$figures"/primitives-*.jsonl; do
    [ -e "$file" ] && measured+=(--primitives "$file")
done
conformance tables device "${runs[@]}" "${hosts[@]}" "${measured[@]}" -o "$figures/device.md"
sed -n '1,8p' "$figures/device.md"
echo "$failed of ${#parts[@]} parts failed or found something; $figures has all of it"
exit "$failed"
