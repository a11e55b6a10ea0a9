#!/usr/bin/env bash
# What try_wheel.sh and try_sdist.sh share; they read it. `offline` becomes the words that cut a command off from the network.

offline=()
if unshare --net --map-root-user true 2> /dev/null; then
    offline=(unshare --net --map-root-user)
else
    echo "unshare may not cut off the network here: that nothing is downloaded is ONLY what pip's --no-index promises"
fi

# judge FILE COMMAND...: whether all images of a report of tests/golden_images.py are the reference's, where the C library of the Python
# that COMMAND starts is.
judge() {
    local report=$1
    shift
    if "$@" -c 'import sys; from nbhybrid.libm import libm_verdict; sys.exit(not libm_verdict()["matches"])'; then
        grep -q '"same": 1[0-9][0-9], "wrong": \[\]' "$report" || { echo "$0: images DIFFER from the reference's" >&2 && return 1; }
    else
        echo "the C library's functions are not the reference's: which images differ is NOT judged"
    fi
}
