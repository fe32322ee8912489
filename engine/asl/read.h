/*
 * read.h -- the fields of a definition's objects, one call a field; what is wrong goes to the findings.
 *
 * A reader knows its object and the object's place.  Each function looks at one field, and answers
 * for an absent field and for a wrong one (which is then among the findings) alike: nothing is there.
 * Texts are copied into the definition's arena.
 */
#pragma once

#include "asl/query.h"
#include "base/json.h"
#include "lang/template.h"

/* The variables that fields name ("$name"), as they are read: a name may stand there many times. */
struct read_variables {
    struct read_variable {
        const char *name;
        uint32_t reader;
        const struct place *at;
        size_t place; /* in the list */
    } * list;         /* allocated; the caller's */
    size_t n, cap;
    uint32_t reader; /* whose fields are read now: the state's index */
};

/* What all readers of one definition share. */
struct reading {
    struct arena *arena;   /* the definition's: what is compiled */
    struct arena *scratch; /* until the definition is compiled: places */
    struct asl_findings *findings;
    struct read_variables *variables; /* NULL: nobody asks */
    bool trial; /* a state is tried: a mock may stand in for what this version cannot run */
};

struct read_in {
    const struct reading *r;
    json_object *obj; /* borrowed; always an object */
    const struct place *at;
};

/* ---- places ---- */
const struct place *read_member(const struct reading *r, const struct place *up, const char *key);
const struct place *read_element(const struct reading *r, const struct place *up, size_t index);

/* ---- findings, at the field, or at the object when field is NULL; always -1 ---- */

/* SCHEMA_VALIDATION_FAILED */
int read_error(const struct read_in *in, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* what ("An activity") is not built yet. */
int read_unsupported(const struct read_in *in, const char *field, const char *what);
/* The same for what a mock can stand in for: 0 in a trial. */
int read_mockable(const struct read_in *in, const char *field, const char *what);

/* ---- objects ---- */

/* An object's reader; false with a finding when o is not an object. */
bool read_object(struct read_in *in, const struct reading *r, json_object *o, const struct place *at);
/* The object in a field; false: it is absent or (with a finding) no object. */
bool read_inner(struct read_in *to, const struct read_in *in, const char *field);
/* The fields that must be there: names ended by NULL. One finding names all that are missing. */
bool read_required(const struct read_in *in, const char *const *names);
/* At most one of the fields, ended by NULL, may be there. */
bool read_at_most_one(const struct read_in *in, const char *const *names);
/* At least one of them must. */
bool read_at_least_one(const struct read_in *in, const char *const *names);
/* Exactly one of them must. */
bool read_exactly_one(const struct read_in *in, const char *const *names);
/* No field but these, ended by NULL. A Comment is a text. */
void read_only(const struct read_in *in, const char *const *names);

/* ---- fields ---- */
bool read_has(const struct read_in *in, const char *field); /* null included; no finding */
/* Present and of that type; borrowed in *to. */
bool read_typed(const struct read_in *in, const char *field, enum json_type type, json_object **to);
/* A non-empty array. */
bool read_array(const struct read_in *in, const char *field, json_object **to);
const char *read_string(const struct read_in *in, const char *field);
bool read_bool(const struct read_in *in, const char *field, bool otherwise);
bool read_int(const struct read_in *in, const char *field, int64_t min, int64_t max, int64_t *to);
bool read_number(const struct read_in *in, const char *field, double min, double max, double *to);
/* The index among words, ended by NULL; otherwise when it is absent or wrong. */
int read_word(const struct read_in *in, const char *field, const char *const *words, int otherwise);

enum read_path {
    READ_PATH,      /* whatever JSONPath gives */
    READ_REFERENCE, /* names one place: Variable, SecondsPath, ItemsPath, ... */
    READ_WRITABLE,  /* ResultPath: one place of the data */
};
const struct jpath *read_path(const struct read_in *in, const char *field, enum read_path kind);
/* InputPath, OutputPath, ResultPath may be null: *null tells. */
const struct jpath *read_path_or_null(const struct read_in *in, const char *field, enum read_path kind,
                                      bool *null);
const struct tmpl *read_template(const struct read_in *in, const char *field);
/* ErrorPath, CausePath: a path or an intrinsic call. */
const struct tmpl_expr *read_expression(const struct read_in *in, const char *field);
/* The field names this variable. (The functions above have said so already.) */
void read_variable(const struct read_in *in, const char *field, const char *name);

/* ---- JSONata, read_jsonata.c ---- */

/* Any value, in which strings "{% ... %}" are expressions. NULL: the field is absent. */
const struct query *read_query(const struct read_in *in, const char *field);
/* The expression that stands there instead of the constant that JSONPath would have; NULL: there is none. */
const struct query *read_query_instead(const struct read_in *in, bool jsonata, const char *field);
