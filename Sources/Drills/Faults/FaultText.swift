/// Shell text of faults and of their proofs. A proof that fails ends with 44, before anything is broken; `SUBJECT` is then a path
/// without links and `..`, so that no way leads out of the folder that was proven. Faults print how much they hit; a fault
/// that would hit nothing fails.
enum FaultText {
    /// The folder, or one above it, has the token.
    static let proofAbove = """
        SUBJECT=$(realpath -e -- "$SUBJECT") || { echo "there is no such file or folder" >&2; exit 1; }
        at=$SUBJECT
        until [ "$(cat "$at/$NAME" 2>/dev/null)" = "$TOKEN" ]; do
            case $at in
                /*/*) at=${at%/*} ;;
                *) echo "neither $SUBJECT nor a folder above it has the token" >&2; exit 44 ;;
            esac
        done

        """

    /// Every data folder of the host has the token.
    static let proofOfHost = """
        printf '%s\\n' "$FOLDERS" | while IFS= read -r at; do
            [ "$(cat "$at/$NAME" 2>/dev/null)" = "$TOKEN" ] || { echo "$at does not have the token" >&2; exit 44; }
        done

        """

    /// Objects are deleted only after the token was read out of the same bucket, over the same connection.
    static func objects(_ command: String) -> String {
        """
        found=$(\(command) get "$NAME") || found=
        [ "$found" = "$TOKEN" ] || { echo "the bucket does not have the token" >&2; exit 44; }
        \(command) delete "$SUBJECT"
        """
    }

    /// Tokens stay, also those of folders below, and so do other volumes.
    static let delete = """
        [ -d "$SUBJECT" ] || { echo "$SUBJECT is no folder" >&2; exit 1; }
        hit=$(find "$SUBJECT" -ignore_readdir_race -xdev -mindepth 1 ! -type d ! -name "$NAME" -printf x -delete)
        [ -n "$hit" ] || { echo "there is no file in $SUBJECT" >&2; exit 1; }
        find "$SUBJECT" -ignore_readdir_race -xdev -mindepth 1 -depth -type d -empty -delete
        echo "${#hit} files"
        """

    /// A new file takes the place of the old: one that has another name elsewhere is not touched there.
    static let encrypt = """
        hit=$(find "$SUBJECT" -ignore_readdir_race -xdev -type f ! -name "$NAME" ! -name '*.locked' -exec sh -euc '
            for file; do
                size=$(stat -c %s -- "$file" 2>/dev/null) || continue
                head -c "$size" /dev/urandom >"$file.locked"
                rm -f -- "$file"
                printf x
            done' sh {} +)
        [ -n "$hit" ] || { echo "there is no file in $SUBJECT" >&2; exit 1; }
        echo "${#hit} files"
        """

    /// Only a volume of its own is filled, with the token in its topmost folder: on any other the machine itself would stop.
    static let fill = """
        SUBJECT=$(realpath -e -- "$SUBJECT") || { echo "there is no such folder" >&2; exit 1; }
        device=$(stat -c %d "$SUBJECT")
        if ! mountpoint -q -- "$SUBJECT" || [ "$device" = "$(stat -c %d "$SUBJECT/..")" ] || [ "$device" = "$(stat -c %d /)" ]; then
            echo "$SUBJECT is no volume of its own" >&2
            exit 44
        fi
        [ "$(cat "$SUBJECT/$NAME" 2>/dev/null)" = "$TOKEN" ] || { echo "$SUBJECT does not have the token" >&2; exit 44; }
        filler=$SUBJECT/.lifeboat-full
        dd if=/dev/zero of="$filler" bs=1M 2>/dev/null || true
        dd if=/dev/zero of="$filler" bs=4k oflag=append conv=notrunc 2>/dev/null || true
        left=$(df --output=avail -B1 "$SUBJECT" | tail -n 1)
        [ "$left" -lt 65536 ] || { echo "$SUBJECT could not be filled" >&2; exit 1; }
        echo "$(stat -c %s "$filler") bytes"
        """

    static let withhold = """
        [ -f "$SUBJECT" ] || { echo "$SUBJECT is no file" >&2; exit 1; }
        mv -- "$SUBJECT" "$SUBJECT.withheld"
        """
}
