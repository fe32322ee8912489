#!/bin/sh
# pure.sh LIBPAWLCORE: the core decides and never acts.  Every symbol that it takes from outside must be on
# this list: memory, strings, arithmetic, json-c, PCRE2.  No clock, random, socket, file, log or thread.
set -eu
lib=$1
allowed='^(json_[a-z0-9_]+|array_list_[a-z0-9_]+|lh_[a-z0-9_]+|printbuf_[a-z0-9_]+|pcre2_[a-z0-9_]+
|malloc|calloc|realloc|free|abort|mem(cpy|move|set|cmp|chr|mem|rchr)
|str(len|cmp|ncmp|chr|rchr|str|spn|cspn|pbrk|nlen|tod|toll|toull|tol|toul|casecmp|ncasecmp)
|__isoc99_sscanf|v?snprintf|__v?snprintf_chk|qsort|bsearch|__ctype_[a-z_]+
|fprintf|stderr|fflush|__fprintf_chk
|pow|floor|ceil|fmod|fabs|round|trunc|log10|log|exp|sqrt|nearbyint|rint|llround|lround|isnan|isinf
|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_|__assert_fail
|__(asan|ubsan|tsan|msan|sanitizer|sancov)_.*|__errno_location|newlocale|uselocale)$'
pattern=$(printf %s "$allowed" | tr -d '\n')
outside=$(nm -u "$lib" | awk '$1 == "U" {print $2}' | sort -u)
inside=$(nm --defined-only "$lib" 2>/dev/null | awk 'NF == 3 {print $3}' | sort -u)
impure=$(printf '%s\n' "$outside" | grep -vxF "$inside" | grep -vE "$pattern" || true)
if [ -n "$impure" ]; then
    printf 'the core is not pure; it uses:\n%s\n' "$impure" >&2
    exit 1
fi
# stderr belongs to err_abort alone
for o in $(ar t "$lib"); do
    [ "$o" = err.o ] && continue
    if nm -A "$lib" 2>/dev/null | grep ":$o:" | grep -qE ' U (stderr|fprintf|fflush)$'; then
        echo "the core is not pure: $o prints" >&2
        exit 1
    fi
done
