/* What follows from a choice rule's test for others: text against text and constant against constant. */
#include "asl/choice_priv.h"

#include <string.h>

static bool same_text(const struct choice_text *a, const struct choice_text *b)
{
    return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

static bool same_path(const struct jpath *a, const struct jpath *b)
{
    return a->text_len == b->text_len && memcmp(a->text, b->text, a->text_len) == 0;
}

/* LESS, EQUAL or GREATER: where a's constant stands, seen from b's. Both are of one type. */
static unsigned order(const struct choice_test *a, const struct choice_test *b)
{
    const struct choice_operand *x = &a->right, *y = &b->right;
    int by = 0;

    if (a->op->type == STRING) {
        by = memcmp(x->text.p, y->text.p, x->text.len < y->text.len ? x->text.len : y->text.len);
        if (by == 0)
            by = (x->text.len > y->text.len) - (x->text.len < y->text.len);
    } else if (a->op->type == NUMBER && !(x->whole && y->whole)) {
        by = (x->number > y->number) - (x->number < y->number);
    } else {
        by = (x->integer > y->integer) - (x->integer < y->integer);
    }
    return by < 0 ? LESS : by > 0 ? GREATER : EQUAL;
}

/* Of "v <= 5" and the like: does every v that fits b fit a? */
static bool within(const struct choice_test *a, const struct choice_test *b)
{
    unsigned at = order(b, a), outer = a->op->relation, inner = b->op->relation;

    if ((inner & LESS) && !((outer & LESS) && at != GREATER))
        return false;
    if ((inner & EQUAL) && !(outer & at))
        return false;
    return !(inner & GREATER) || ((outer & GREATER) && at != LESS);
}

static bool same_pattern(const struct choice_test *a, const struct choice_test *b)
{
    for (size_t i = 0; i < a->npieces && i < b->npieces; i++)
        if (!same_text(&a->pieces[i], &b->pieces[i]))
            return false;
    return a->npieces == b->npieces;
}

/* Does a's question about the type have the answer that b's success gives? */
static bool type_follows(const struct choice_test *a, const struct choice_test *b)
{
    static const struct {
        enum choice_type compared, asked;
    } SHOWS[] = {{STRING, IS_STRING},   {PATTERN, IS_STRING},   {NUMBER, IS_NUMERIC},
                 {BOOLEAN, IS_BOOLEAN}, {TIMESTAMP, IS_STRING}, {TIMESTAMP, IS_TIMESTAMP}};

    for (size_t i = 0; i < sizeof SHOWS / sizeof *SHOWS; i++)
        if (SHOWS[i].compared == b->op->type && SHOWS[i].asked == a->op->type)
            return a->right.integer;
    return false;
}

static bool operator_implied(const struct choice_test *a, const struct choice_test *b)
{
    if (!same_path(a->variable, b->variable))
        return false;
    if (a->op->type != b->op->type)
        return type_follows(a, b);
    if (a->path || b->path)
        return a->op == b->op && a->path && b->path && same_path(a->path, b->path);
    if (a->op->type == PATTERN)
        return same_pattern(a, b);
    return a->op->relation ? within(a, b) : a->right.integer == b->right.integer;
}

static bool all_implied(const struct choice_test *a, const struct choice_test *b, unsigned *budget)
{
    for (size_t i = 0; i < a->nparts; i++)
        if (!choice_implied(a->parts[i], b, budget))
            return false;
    return true;
}

static bool all_imply(const struct choice_test *a, const struct choice_test *b, unsigned *budget)
{
    for (size_t i = 0; i < b->nparts; i++)
        if (!choice_implied(a, b->parts[i], budget))
            return false;
    return true;
}

static bool any_implied(const struct choice_test *a, const struct choice_test *b, unsigned *budget)
{
    for (size_t i = 0; a->kind == TEST_OR && i < a->nparts; i++)
        if (choice_implied(a->parts[i], b, budget))
            return true;
    for (size_t i = 0; b->kind == TEST_AND && i < b->nparts; i++)
        if (choice_implied(a, b->parts[i], budget))
            return true;
    return false;
}

bool choice_implied(const struct choice_test *a, const struct choice_test *b, unsigned *budget)
{
    if (*budget == 0)
        return false;
    --*budget;
    if (a->kind == TEST_AND)
        return all_implied(a, b, budget);
    if (b->kind == TEST_OR)
        return all_imply(a, b, budget);
    if (a->kind == TEST_NOT && b->kind == TEST_NOT)
        return choice_implied(b->parts[0], a->parts[0], budget);
    if (a->kind == TEST_OPERATOR && b->kind == TEST_OPERATOR)
        return operator_implied(a, b);
    return any_implied(a, b, budget);
}

/* "v < 5" and "v >= 5", of a value of the operators' type; IsPresent true and false. */
static bool operators_cover(const struct choice_test *a, const struct choice_test *b)
{
    if (a->op->type != b->op->type || a->path || b->path || !same_path(a->variable, b->variable) ||
        a->op->type == PATTERN)
        return false;
    if (a->op->relation && a->op->type != BOOLEAN)
        return order(a, b) == EQUAL && (a->op->relation | b->op->relation) == (LESS | EQUAL | GREATER);
    return a->right.integer != b->right.integer;
}

bool choice_covered(const struct choice_test *a, const struct choice_test *b, unsigned *budget)
{
    if (a->kind == TEST_NOT)
        return choice_implied(b, a->parts[0], budget);
    if (b->kind == TEST_NOT)
        return choice_implied(a, b->parts[0], budget);
    return a->kind == TEST_OPERATOR && b->kind == TEST_OPERATOR && operators_cover(a, b);
}
