# embed.awk FILE...: the files as an array of C strings (engine/run/store_priv.h: SCHEMA_FILES).
BEGIN {
    print "#include \"run/store_priv.h\"\n"
    print "const struct schema_file SCHEMA_FILES[] = {"
}
FNR == 1 {
    if (NR > 1) print "    },"
    name = FILENAME
    sub(/^.*schema\//, "", name)
    printf "    {\"%s\",\n", name
}
{
    gsub(/\\/, "&&")
    gsub(/"/, "\\\"")
    printf "     \"%s\\n\"\n", $0
}
END {
    if (NR) print "    },"
    print "    {0},\n};"
}
