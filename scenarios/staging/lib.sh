# Shared by the scripts of the staging application; sourced, not run.
# shellcheck shell=bash
staging=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
servers=$(cd "$staging/../../Tests/Support/staging" && pwd -P)
# shellcheck source=../../Tests/Support/staging/lib.sh
. "$servers/lib.sh"

# The words after the first line of a script, up to its first command, are its help.
usage() { sed -n '2,/^set -/{/^set -/!s/^# \{0,1\}//p}' "$0"; exit 2; }

# Hosts, and what runs on each while nothing is broken. SERVICE@HOST names one of it elsewhere.
hosts=(app1 media1 standby dns ops)
# shellcheck disable=SC2034 # as are some below, this is for the scripts that source this file
services=(dns@dns mariadb@app1 redis@app1 media@media1 app@app1)

# load_environment DIR: reads what `up` wrote there.
load_environment() {
    [ -n "${1:-}" ] || usage
    [ -e "$1/environment.env" ] || die "nothing is up in $1"
    # shellcheck source=/dev/null
    . "$1/environment.env"
    read -ra hosts <<<"$STAGING_HOSTS"
    [ "${#hosts[@]}" -eq 5 ] || services+=(store@store1 store@store2)
    [ "${STAGING_PROXY:-0}" = 0 ] || services+=(proxy@store1 proxy@store2)
}

# value_of HOST KEY: a value of the environment, such as `value_of app1 ADDR`.
value_of() { local name=${1^^}_$2; echo "${!name:-}"; }

is_host() { local h; for h in "${hosts[@]}"; do [ "$h" = "$1" ] && return 0; done; return 1; }

# split_service SERVICE[@HOST]: sets service and host.
split_service() {
    service=${1%@*}
    case $service in
        mariadb | redis | app) host=app1 ;;
        media) host=media1 ;;
        dns) host=dns ;;
        store | proxy) host=store1 ;;
        *) die "no service is called '$service'; there are mariadb, redis, app, media, dns, store, proxy" ;;
    esac
    case $1 in *@*) host=${1#*@} ;; esac
    is_host "$host" || die "no host is called '$host'; there are ${hosts[*]}"
}

# on_host HOST CMD...: runs a command with that host's network.
on_host() {
    local netns
    netns=$(value_of "$1" NETNS)
    shift
    in_ns "$@"
}

# rclone: where it is; it serves the object stores, and reaches them.
rclone() {
    local installed=${S3_TOOLS_DIR:-${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/s3-test-servers}/bin/rclone
    if [ -x "$installed" ]; then echo "$installed"; else type -P rclone || true; fi
}

# give FILE USER: only that user reads it, whoever this is.
give() { chmod 600 "$1"; [ "$(id -u)" != 0 ] || chown "$2" "$1"; }
