#!/bin/sh
# Compares slugs with what is expected of them.

failed=0

check() {
    got=$(sh slug.sh "$1")
    if [ "$got" = "$2" ]; then
        echo "ok      $1"
    else
        echo "FAILED  $1: expected $2, got $got"
        failed=1
    fi
}

check "Hello" "hello"
check "Hello, World" "hello-world"
check "What is a - dash?" "what-is-a-dash"
check "  Spaces  " "spaces"

exit $failed
