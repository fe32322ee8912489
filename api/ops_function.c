/* The registry of functions: where the Resource of a Task is called. */
#include "ops_list.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

enum { HEADERS_MAX = 50, HEADERS_BYTES_MAX = 8192, TIMEOUT_DEFAULT = 60 };

#define COLUMNS                                                                                              \
    "name, url, headers, timeout_seconds, max_concurrency, (extract(epoch FROM updated_at) * "               \
    "1000000)::bigint"
enum { NAME, URL, HEADERS, TIMEOUT, CONCURRENCY, UPDATED };

/* ---- what may be registered ---- */

/* http:// or https://, a host, and nothing that would have to be encoded. */
static int check_url(const char *url, struct err *err)
{
    CURLU *parts = curl_url();
    const char *host = strstr(url, "://");
    bool good = (!strncasecmp(url, "http://", 7) || !strncasecmp(url, "https://", 8)) &&
                !strchr("/?#:@", host[3]) && !curl_url_set(parts, CURLUPART_URL, url, 0);

    for (const char *p = url; *p; p++)
        good &= (unsigned char)*p > 0x20 && *p != 0x7F;
    curl_url_cleanup(parts);
    return good ? 0 : err_set(err, ERR_VALIDATION, "url: '%.300s' is not an http:// or https:// URL", url);
}

/* Headers that pawl sets itself, or that would break the framing of a request. */
static bool reserved(const char *name)
{
    static const char *const NAMES[] = {
        "Connection", "Content-Length", "Content-Type",      "Expect",  "Host",       "Idempotency-Key",
        "TE",         "Trailer",        "Transfer-Encoding", "Upgrade", "traceparent"};

    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (!strcasecmp(NAMES[i], name))
            return true;
    return !strncasecmp(name, "Pawl-", 5);
}

static bool is_token(const char *name)
{
    static const char also[] = "!#$%&'*+-.^_`|~";

    for (const char *p = name; *p; p++)
        if (!((*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') ||
              strchr(also, *p)))
            return false;
    return *name;
}

/* Visible characters, blanks and tabs: nothing that could end the line. */
static bool is_field_value(json_object *v)
{
    const char *text = json_object_get_string(v);

    for (int i = 0; i < json_object_get_string_len(v); i++)
        if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7F)
            return false;
    return true;
}

static int check_headers(json_object *headers, struct err *err)
{
    size_t bytes = 0;

    if (!headers)
        return 0;
    if (json_object_object_length(headers) > HEADERS_MAX)
        return err_set(err, ERR_VALIDATION, "headers: more than %d", HEADERS_MAX);
    json_object_object_foreach(headers, name, value)
    {
        if (!is_token(name) || reserved(name))
            return err_set(err, ERR_VALIDATION,
                           "headers: '%.100s' is not a header that a function can be given", name);
        if (!json_object_is_type(value, json_type_string) || !is_field_value(value))
            return err_set(err, ERR_VALIDATION, "headers: the value of %.100s is not a string of one line",
                           name);
        bytes += strlen(name) + (size_t)json_object_get_string_len(value);
    }
    return bytes <= HEADERS_BYTES_MAX
               ? 0
               : err_set(err, ERR_VALIDATION, "headers: more than %d bytes", HEADERS_BYTES_MAX);
}

static int check_name(struct op_call *c)
{
    return arn_name_check(c->item, strlen(c->item), &c->err) < 0 ? op_fail_err(c, &c->err) : 0;
}

/* ---- showing one ---- */

/* The names of the headers: their values are secrets. */
static void put_header_names(struct op_call *c, const char *text, size_t len)
{
    json_object *headers = NULL;

    js_parse(text, len, &headers, NULL);
    op_open(c, "headerNames", '[');
    if (json_object_is_type(headers, json_type_object)) {
        json_object_object_foreach(headers, name, value)
        {
            (void)value;
            op_put(c, NULL, name);
        }
    }
    op_close(c, ']');
    json_object_put(headers);
}

static void put_function(struct op_call *c, const struct store_result *r, int row)
{
    size_t len;
    const char *headers = store_text(r, row, HEADERS, &len);

    op_open(c, NULL, '{');
    op_put(c, "name", store_text(r, row, NAME, NULL));
    op_put(c, "url", store_text(r, row, URL, NULL));
    put_header_names(c, headers, len);
    op_put_int(c, "timeoutSeconds", store_int(r, row, TIMEOUT));
    op_put_int(c, "maxConcurrency", store_int(r, row, CONCURRENCY));
    op_put_time(c, "updateDate", store_int(r, row, UPDATED));
    op_close(c, '}');
}

static void no_function(struct op_call *c)
{
    op_fail(c, ERR_NOT_FOUND, "There is no function '%s'", c->item);
}

static void on_described(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;

    if (err)
        return op_fail_store(c, err, sqlstate);
    if (store_rows(r) == 0)
        return no_function(c);
    put_function(c, r, 0);
    op_done(c);
}

void op_describe_function(struct op_call *c)
{
    if (check_name(c) == 0)
        store_query(reactor_store(c->ops->reactor), "SELECT " COLUMNS " FROM pawl.function WHERE name = $1",
                    1, &(const struct store_param){c->item}, on_described, c);
}

/* ---- list ---- */

static void on_listed(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;
    int size = op_page_size(c);

    if (err)
        return op_fail_store(c, err, sqlstate);
    op_open(c, NULL, '{');
    op_open(c, "functions", '[');
    for (int i = 0; i < store_rows(r) && i < size; i++)
        put_function(c, r, i);
    op_close(c, ']');
    if (store_rows(r) > size)
        op_put_next(c, "functions", store_text(r, size - 1, NAME, NULL));
    op_close(c, '}');
    op_done(c);
}

void op_list_functions(struct op_call *c)
{
    char position[PAGE_POSITION_BYTES], size[24];

    if (op_page(c, "functions", position) == 0)
        store_query(reactor_store(c->ops->reactor),
                    "SELECT " COLUMNS " FROM pawl.function WHERE name > $1 COLLATE \"C\""
                    " ORDER BY name COLLATE \"C\" LIMIT $2::bigint + 1",
                    2, (const struct store_param[]){{position}, {store_int_text(size, op_page_size(c))}},
                    on_listed, c);
}

/* ---- put, delete ---- */

static const char UPSERT[] =
    "WITH done AS (INSERT INTO pawl.function (name, url, headers, timeout_seconds, max_concurrency)"
    " VALUES ($1, $2, $3::json, $4::int, $5::int) ON CONFLICT (name) DO UPDATE SET url = excluded.url,"
    " headers = excluded.headers, timeout_seconds = excluded.timeout_seconds,"
    " max_concurrency = excluded.max_concurrency, updated_at = now() RETURNING *) "
    "SELECT " COLUMNS ", pg_notify('pawl_catalog', 'function:' || $1) FROM done";

static void on_put(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;

    if (err)
        return op_fail_store(c, err, sqlstate);
    put_function(c, r, 0);
    op_forget(c, OP_FUNCTION, c->item, op_done);
}

void op_put_function(struct op_call *c)
{
    char timeout[24], concurrency[24];
    json_object *headers = op_get(c, "headers");

    if (check_name(c) < 0)
        return;
    if (check_url(op_str(c, "url", NULL), &c->err) < 0 || check_headers(headers, &c->err) < 0) {
        op_fail_err(c, &c->err);
        return;
    }
    const struct store_param params[] = {
        {c->item},
        {op_str(c, "url", NULL)},
        {headers ? js_text(headers, NULL) : "{}"},
        {store_int_text(timeout, op_int(c, "timeoutSeconds", TIMEOUT_DEFAULT))},
        {store_int_text(concurrency, op_int(c, "maxConcurrency", 0))},
    };
    store_query(reactor_store(c->ops->reactor), UPSERT, 5, params, on_put, c);
}

static void on_deleted(void *arg, const struct store_result *r, const struct err *err, const char *sqlstate)
{
    struct op_call *c = arg;

    if (err)
        return op_fail_store(c, err, sqlstate);
    if (store_rows(r) == 0)
        return no_function(c);
    op_open(c, NULL, '{');
    op_close(c, '}');
    op_forget(c, OP_FUNCTION, c->item, op_done);
}

void op_delete_function(struct op_call *c)
{
    if (check_name(c) == 0)
        store_query(reactor_store(c->ops->reactor),
                    "WITH gone AS (DELETE FROM pawl.function WHERE name = $1 RETURNING name) "
                    "SELECT pg_notify('pawl_catalog', 'function:' || name) FROM gone",
                    1, &(const struct store_param){c->item}, on_deleted, c);
}
