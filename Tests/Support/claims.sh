# Shared by the scripts that test; sourced, not run. They print one line per claim, and end at the first that does not hold.
# shellcheck shell=bash

# begin_work TAG: makes the folder `work`. When the script ends, however that comes, its `clean_up CODE` is called, and the folder goes.
begin_work() {
    # Short, since sockets lie below it, and open to the accounts that servers run as.
    work=$(mktemp -d "/tmp/lb-$1.XXXXXX")
    chmod 755 "$work"
    trap end_work EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}
end_work() {
    local code=$?
    trap - EXIT INT TERM
    # Whatever fails in there, the rest goes on.
    clean_up "$code" || true
    rm -rf --one-file-system "$work"
    exit "$code"
}

holds() { echo "  ok: $1"; }
# broken CLAIM: ends the script; what was said last tells why.
broken() {
    cat "$work/said" >&2 || true
    echo "${0##*/}: does not hold: $1" >&2
    exit 1
}
# succeeds CLAIM COMMAND... and fails CLAIM COMMAND...: the command must end so.
succeeds() { local claim=$1; shift; "$@" >"$work/said" 2>&1 </dev/null || broken "$claim"; holds "$claim"; }
fails() { local claim=$1; shift; ! "$@" >"$work/said" 2>&1 </dev/null || broken "$claim"; holds "$claim"; }
# says CLAIM TEXT COMMAND...: the command's output must have the text in it; asked again for a while.
says() {
    local claim=$1 text=$2 end=$((SECONDS + 240))
    shift 2
    until "$@" >"$work/said" 2>&1 && grep -qF -- "$text" "$work/said"; do
        [ $SECONDS -lt $end ] || broken "$claim"
        sleep 0.2
    done
    holds "$claim"
}
