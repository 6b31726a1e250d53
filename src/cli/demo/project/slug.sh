#!/bin/sh
# Prints a title as a slug: lower case, words joined by single hyphens.

printf '%s' "$1" |
    tr '[:upper:]' '[:lower:]' |
    tr -c 'a-z0-9' '-' |
    sed 's/--/-/g'
echo
