#!/bin/sh
# Runs a command line by sh. What begins with `cmd.exe /c` first loses what cmd takes away: the `@` in front, or else the
# first and the last quote of a line that begins with one.
line=$1
case $line in
  'cmd.exe /c '*)
    line=${line#'cmd.exe /c '}
    case $line in
      '@'*) line=${line#'@'} ;;
      '"'*) line=${line#'"'}; line="${line%'"'*}${line##*'"'}" ;;
    esac
    ;;
esac
exec /bin/sh -c "$line"
