#include "base/arena.h"
#include "base/err.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

enum { BLOCK_BYTES_MIN = 4096, BLOCK_BYTES_MAX = 262144 };

struct block {
    struct block *next;
    size_t size, used; /* of data */
    _Alignas(max_align_t) char data[];
};

struct adopted {
    struct adopted *next;
    json_object *obj;
};

struct arena {
    struct block *blocks; /* the one in use first */
    struct adopted *adopted;
    size_t bytes; /* sizes of all blocks */
};

void *mem_alloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    PAWL_ASSERT(p != NULL);
    return p;
}

void *mem_calloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    PAWL_ASSERT(p != NULL);
    return p;
}

void *mem_realloc(void *p, size_t size)
{
    p = realloc(p, size ? size : 1);
    PAWL_ASSERT(p != NULL);
    return p;
}

char *mem_strndup(const char *text, size_t len)
{
    PAWL_ASSERT(len < SIZE_MAX);
    char *p = mem_alloc(len + 1);
    if (len)
        memcpy(p, text, len);
    p[len] = '\0';
    return p;
}

struct arena *arena_new(void)
{
    return mem_calloc(1, sizeof(struct arena));
}

static void put_adopted(struct arena *a)
{
    for (struct adopted *one = a->adopted; one; one = one->next)
        json_object_put(one->obj);
    a->adopted = NULL;
}

static void free_blocks(struct block *b)
{
    while (b) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    put_adopted(a);
    free_blocks(a->blocks);
    free(a);
}

void arena_reset(struct arena *a)
{
    put_adopted(a);
    if (!a->blocks)
        return;

    /* A block made for one huge allocation isn't kept: an arena that lives long would never shrink. */
    struct block *keep = a->blocks->size <= BLOCK_BYTES_MAX ? a->blocks : NULL;
    free_blocks(keep ? keep->next : a->blocks);
    if (keep) {
        keep->next = NULL;
        keep->used = 0;
    }
    a->blocks = keep;
    a->bytes = keep ? keep->size : 0;
}

/* Blocks double, so that a large definition takes few and a small request one of a page. */
static struct block *add_block(struct arena *a, size_t need)
{
    size_t size = a->blocks ? a->blocks->size * 2 : BLOCK_BYTES_MIN;
    if (size > BLOCK_BYTES_MAX)
        size = BLOCK_BYTES_MAX;
    if (size < need)
        size = need;

    struct block *b = mem_alloc(sizeof *b + size);
    b->size = size;
    b->used = 0;
    b->next = a->blocks;
    a->blocks = b;
    a->bytes += size;
    return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    PAWL_ASSERT(size < SIZE_MAX / 4);
    size = (size + align - 1) & ~(align - 1);

    struct block *b = a->blocks;
    if (!b || b->size - b->used < size)
        b = add_block(a, size);
    void *p = b->data + b->used;
    b->used += size;
    return memset(p, 0, size);
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
    char *p = arena_alloc(a, len + 1);
    if (len)
        memcpy(p, text, len);
    return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    PAWL_ASSERT(len >= 0);
    char *p = arena_alloc(a, (size_t)len + 1);
    vsnprintf(p, (size_t)len + 1, fmt, again);
    va_end(again);
    va_end(args);
    return p;
}

json_object *arena_adopt(struct arena *a, json_object *taken)
{
    struct adopted *one = arena_alloc(a, sizeof *one);
    one->obj = taken;
    one->next = a->adopted;
    a->adopted = one;
    return taken;
}

size_t arena_bytes(const struct arena *a)
{
    return a->bytes;
}
