# Shared by the scripts that test drills; sourced, not run.
# shellcheck shell=bash
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
project=$(cd "$here/../.." && pwd -P)
# shellcheck disable=SC2034 # for the scripts that source this
staging=$project/scenarios/staging
# shellcheck source=claims.sh
. "$here/claims.sh"

# The environment that is up, its folder, and where it is described; a drill that runs beside the script.
environment='' dir='' place=() runner=''

# begin_drills TAG BINARY: a folder for all of it, with a configuration that drills are recorded by.
begin_drills() {
    lifeboat=$(readlink -f "${2:?the binary}")
    begin_work "$1"
    cd "$project" || exit
    cat >"$work/lifeboat.yaml" <<YAML
service: fileshare
state: $work/state
stores:
  main: {repository: $work/repository, password: {file: $work/password}}
sources: {}
plans: {}
YAML
    ours init --generate-password-file "$work/password" >/dev/null
}
# A script that has more to clean up calls this from its own.
clean_up() { end_drills; }
end_drills() {
    local file
    [ -z "$runner" ] || kill -KILL "$runner" 2>/dev/null || true
    for file in "$work"/state/drills/*/{observer,canary}.pid; do
        [ ! -s "$file" ] || kill "$(cut -d' ' -f1 "$file")" 2>/dev/null || true
    done
    [ -z "$environment" ] || ours environment down "$environment" "${place[@]}" >/dev/null 2>&1 || true
}

ours() { "$lifeboat" --config "$work/lifeboat.yaml" "$@"; }

# up NAME FOLDER [OPTION]...
up() {
    environment=$1 dir=$2 place=(--dir "$2" "${@:3}")
    succeeds "$1 comes up, with its word in every folder" ours environment up "$environment" "${place[@]}"
}
down() {
    succeeds "$environment goes down" ours environment down "$environment" "${place[@]}"
    [ ! -e "$dir" ] && [ ! -e "$dir.truth" ] || broken "nothing is left of $environment"
    holds "nothing is left of it"
    environment=
}

# drill STATUS CLAIM [OPTION]...: runs D, which must end so; its output is in `said`.
drill() {
    local wanted=$1 claim=$2 status=0
    shift 2
    ours drill run D --environment "$environment" "${place[@]}" "$@" >"$work/said" 2>&1 </dev/null || status=$?
    [ $status = "$wanted" ] || broken "$claim (ended with $status, not $wanted)"
    holds "$claim"
}
# drill_until TEXT CLAIM OPTION...: begins a drill beside the script, as `runner`, and waits until it has said that.
drill_until() {
    local text=$1 claim=$2
    shift 2
    # Not by `ours`: what is killed must be the runner itself, not a shell around it.
    "$lifeboat" --config "$work/lifeboat.yaml" drill run "$@" --environment "$environment" "${place[@]}" >"$work/said" 2>&1 </dev/null &
    runner=$!
    for _ in $(seq 2400); do
        ! grep -q "$text" "$work/said" || return 0
        kill -0 "$runner" 2>/dev/null || break
        sleep 0.1
    done
    grep -q "$text" "$work/said" || broken "$claim"
}
# The folder of the drill that was begun last.
newest() {
    local all=("$work"/state/drills/*)
    echo "${all[-1]}"
}
# reason CODE CLAIM [STEP]: the newest report names it, and that step.
reason() {
    local report
    report=$(newest)/report.json
    jq -e --arg code "$1" --arg step "${3:+step \`$3\`}" 'any(.reasons[]; .code == $code and (.message | contains($step)))' "$report" \
        >/dev/null || { cp "$report" "$work/said"; broken "$2"; }
    holds "$2"
}

# own_scenarios: a copy of scenarios and runbooks below `work`, to be changed at will.
own_scenarios() {
    rm -rf "$work/scenarios" "$work/runbooks"
    cp -r "$project/scenarios" "$project/runbooks" "$work/"
    ln -sfn "$project/Tests" "$work/Tests"
}
