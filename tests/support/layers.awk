# layers.awk LAYERS FILE...: fails when a file includes a header that stands below its own module.
# A module is a folder and a name: state_task.c, jsonata_lex.c and interp_priv.h belong to what they include
# as "<module>_priv.h", or to the longest module name that they begin with.
FILENAME == ARGV[1] {
    if ($0 !~ /^#/ && NF) { rank[$1] = ++n; split($1, part, "/"); last[part[1]] = n }
    next
}
FNR == 1 {
    file = FILENAME
    own = place(file)
}
/^#include "/ {
    split($0, quoted, "\"")
    target = quoted[2]
    if (target ~ /^gen\// || file ~ /^api\//) next
    to = place("engine/" target)
    if (to > own) { printf "%s:%d: includes %s, which stands below it in engine/LAYERS\n", file, FNR, target; bad = 1 }
}
function place(path, name, folder, best, m) {
    if (path ~ /^api\//) return 100000
    sub(/^engine\//, "", path)
    sub(/\.[ch]$/, "", path)
    if (path in rank) return rank[path]
    folder = path; sub(/\/.*/, "", folder)
    best = ""
    for (m in rank) if (index(path, m "_") == 1 && length(m) > length(best)) best = m
    if (best != "") return rank[best]
    if (path ~ /^asl\/(state_|dataflow|saga)/) return rank["asl/interp"]
    if (path == "lang/intrinsic") return rank["lang/template"]
    if (folder in last) { printf "%s: no module of engine/LAYERS holds it\n", path; bad = 1; return last[folder] }
    return 100000
}
END { exit bad }
