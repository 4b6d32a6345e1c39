#!/bin/sh
# Stands in for the guest probe: runs the command line by sh, leaves the exit code in the result file.
result=$1
line=${2#"cmd.exe /c "}
trap : INT  # the command may catch what interrupts it; its exit code is wanted all the same
sh -c "$line"
code=$?
echo "{\"exit_code\": $code}" > "$result.part" && mv "$result.part" "$result"
exit 0
