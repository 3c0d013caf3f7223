#!/usr/bin/env bash
# What threads and processes share, under Miri (undefined behaviour, and every value that weak memory may show) and
# under ThreadSanitizer (races between threads that really run).
#
#     tests/sanitize.sh miri      3 to 10 minutes on two cores, from nothing: every lock, semaphore, event, barrier,
#                                 condition and ring, with four seeds
#     tests/sanitize.sh threads   about 12 minutes: builds the standard library, too; all of `ipc`, and `sys`
#
# Needs the nightly toolchain with `miri` and `rust-src`. Not part of .ci/run, where there is none.
set -euo pipefail
cd "$(dirname "$0")/.."

# Of what there is, Miri knows words in memory and who sleeps on them; neither pipes that never wait nor mapped memory.
words=(trace::ring sys::tests::nobody_falls sys::tests::a_sleeper sys::tests::no_wake sys::tests::each_sleeper
    engine::ipc::together)

case "${1:-}" in
miri)
    # Another seed, another order of threads and another choice among the values that weak memory allows.
    for seed in $(seq 0 "${SEEDS:-3}"); do
        MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-seed=$seed" CARGO_TARGET_DIR=target/sanitize/miri \
            cargo +nightly miri test --no-default-features --lib -- "${words[@]}"
    done
    ;;
threads)
    RUSTFLAGS="-Zsanitizer=thread" CARGO_TARGET_DIR=target/sanitize/threads \
        cargo +nightly test -Zbuild-std --target "$(rustc -vV | sed -n 's/^host: //p')" \
        --no-default-features --lib -- trace::ring sys::tests engine::ipc --skip interleavings
    ;;
*)
    echo "usage: tests/sanitize.sh miri|threads" >&2
    exit 2
    ;;
esac
