# Stops a shared test server once nobody has used it for a while, and deletes its data.
# Arguments: folder, process id of the server, folder of its data, grace in seconds, and the signals
# that stop it, each with the seconds that it is given ("INT:15 KILL:10").
#
# Files in the folder, all locked with flock(2), so that the kernel releases them on any death:
#   lock      held while somebody looks for, starts or stops a server
#   users     held in common by every process that uses the server
#   watchdog  held by this script for its life
set -u
trap '' HUP
folder=$1 pid=$2 data=$3 grace=$4 signals=$5

# `sleep` gets none of these: it would hold the locks of a killed watchdog for a second.
exec 7>>"$folder/lock" 8>>"$folder/users" 9>>"$folder/watchdog"

if command -v flock >/dev/null 2>&1; then
    try_lock() { flock -n -x "$1"; }
    unlock() { flock -u "$1"; }
elif command -v perl >/dev/null 2>&1; then
    # The lock belongs to the open file, which this shell keeps, not to perl.
    try_lock() { perl -e 'open(my $f, ">>&=", $ARGV[0]) or exit 2; exit(flock($f, 6) ? 0 : 1)' "$1"; }
    unlock() { perl -e 'open(my $f, ">>&=", $ARGV[0]) or exit 2; exit(flock($f, 8) ? 0 : 1)' "$1"; }
else
    echo "neither flock nor perl is there to lock files with (install util-linux)"
    exit 1
fi

# The kernel's start time of a process: empty when it is gone or a zombie.
start_time() {
    [ -r "/proc/$1/stat" ] || return 0
    read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
    set -- ${stat##*) }
    case $1 in Z | X | x) return 0 ;; esac
    shift 19
    echo "$1"
}

if [ -r /proc/self/stat ]; then
    started=$(start_time "$pid")
    running() { [ -n "$started" ] && [ "$(start_time "$pid")" = "$started" ]; }
else
    running() { kill -0 "$pid" 2>/dev/null; }
fi

# Sends a signal and waits, at most so many seconds, for the server to be gone.
stop_with() {
    running || return 0
    kill "-$1" "$pid" 2>/dev/null
    waited=0
    while running && [ "$waited" -lt "$2" ]; do
        sleep 1 7>&- 8>&- 9>&-
        waited=$((waited + 1))
    done
}

# The watchdog of an earlier server notices its end within a second.
tries=0
until try_lock 9; do
    tries=$((tries + 1))
    [ "$tries" -le 10 ] || { echo "another watchdog does not leave"; exit 1; }
    sleep 1 7>&- 8>&- 9>&-
done
echo "$pid" >"$folder/watched"

idle=0
while running; do
    if try_lock 8; then
        unlock 8
        idle=$((idle + 1))
    else
        idle=0
    fi
    if [ "$idle" -gt "$grace" ] && try_lock 7; then
        # With both locks held nobody uses the server and nobody can begin to.
        if try_lock 8; then
            for step in $signals; do stop_with "${step%:*}" "${step#*:}"; done
            if running; then
                echo "the server $pid does not stop"
                exit 1
            fi
            rm -rf -- "$data"
            rm -f -- "$folder/watched"
            exit 0
        fi
        unlock 7
        idle=0
    fi
    sleep 1 7>&- 8>&- 9>&-
done
