/* Warnings about Choice: rules that are never reached, inputs that no rule takes. */
#include "asl/asl_priv.h"

#include <string.h>

enum { COMPARISONS_MAX = 20000 }; /* of tests, for one state */

/* A rule in either language. */
struct rule {
    const struct choice_test *test; /* JSONPath */
    json_object *condition;         /* JSONata */
};

static struct rule rule_of(const struct asl_draft *d, size_t i)
{
    json_object *list = json_object_object_get(d->obj, "Choices");

    return (struct rule){
        .test = d->st->u.choice.rules[i].test,
        .condition = json_object_object_get(json_object_array_get_idx(list, i), "Condition"),
    };
}

/* What stands between "{%" and "%}", without blanks around. */
static size_t expression(json_object *condition, const char **text)
{
    if (!query_is_expression(condition))
        return 0;
    const char *p = json_object_get_string(condition) + 2;
    size_t len = (size_t)json_object_get_string_len(condition) - 4;
    for (; len > 0 && strchr(" \t\r\n", *p); p++)
        len--;
    while (len > 0 && strchr(" \t\r\n", p[len - 1]))
        len--;
    *text = p;
    return len;
}

static bool always(const struct rule *r)
{
    const char *text;
    size_t len = expression(r->condition, &text);

    return (json_object_is_type(r->condition, json_type_boolean) && json_object_get_boolean(r->condition)) ||
           (len == 4 && memcmp(text, "true", 4) == 0);
}

/* Does later hold only where earlier does? */
static bool hides(const struct rule *earlier, const struct rule *later, unsigned *budget)
{
    const char *a, *b;

    if (earlier->test && later->test)
        return choice_implied(earlier->test, later->test, budget);
    if (earlier->test || later->test)
        return false;
    size_t n = expression(earlier->condition, &a);
    return always(earlier) || (n > 0 && n == expression(later->condition, &b) && memcmp(a, b, n) == 0);
}

/* "$not(x)" of x. */
static bool is_negation(const char *a, size_t n, const char *x, size_t len)
{
    static const char NOT[] = "$not(";
    size_t begin = sizeof NOT - 1;

    return n == begin + len + 1 && memcmp(a, NOT, begin) == 0 && memcmp(a + begin, x, len) == 0 &&
           a[n - 1] == ')';
}

/* Does one of both always hold? */
static bool cover(const struct rule *x, const struct rule *y, unsigned *budget)
{
    const char *a = "", *b = "";

    if (x->test && y->test)
        return choice_covered(x->test, y->test, budget);
    if (x->test || y->test)
        return false;
    size_t n = expression(x->condition, &a), m = expression(y->condition, &b);
    return is_negation(a, n, b, m) || is_negation(b, m, a, n);
}

static bool exhaustive(const struct asl_draft *d, unsigned *budget)
{
    size_t n = d->st->u.choice.nrules;

    for (size_t i = 0; i<n && * budget> 0; i++) {
        struct rule r = rule_of(d, i);
        if (always(&r))
            return true;
        for (size_t k = 0; k<i && * budget> 0; k++) {
            struct rule before = rule_of(d, k);
            --*budget;
            if (cover(&before, &r, budget))
                return true;
        }
    }
    return false;
}

static void check_reached(const struct asl_compile *c, const struct asl_draft *d, size_t i, unsigned *budget)
{
    const struct place list = {.up = d->at, .key = "Choices"}, at = {.up = &list, .index = i};
    struct rule r = rule_of(d, i);

    for (size_t k = 0; k<i && * budget> 0; k++) {
        struct rule before = rule_of(d, k);
        --*budget;
        if (!hides(&before, &r, budget))
            continue;
        finding_warning(c->r.findings, &at, FINDING_RULE,
                        "Rule %zu takes all that this one would: it is never reached", k);
        return;
    }
}

void asl_lint_choice(struct asl_compile *c, const struct asl_draft *d)
{
    unsigned budget = COMPARISONS_MAX, more = COMPARISONS_MAX;

    for (size_t i = 1; i < d->st->u.choice.nrules; i++)
        check_reached(c, d, i, &budget);
    if (!d->st->u.choice.otherwise && !exhaustive(d, &more))
        finding_warning(
            c->r.findings, d->at, FINDING_DEFAULT,
            "Without Default, input that no rule takes fails the execution with States.NoChoiceMatched");
}
