#include "functions_work.h"

#include "base/json.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

/* ---- reading the input, writing the result ---- */

static int fail(struct job *job, const char *error, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct job *job, const char *error, const char *fmt, ...)
{
    snprintf(job->error, sizeof job->error, "%s", error);
    va_list args;
    va_start(args, fmt);
    vsnprintf(job->message, sizeof job->message, fmt, args);
    va_end(args);
    return -1;
}

/* The member at a path of names ("order.customer.email"), or NULL. */
static json_object *at(json_object *o, const char *path)
{
    while (o && *path) {
        char name[64];
        size_t n = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)n, path);
        o = json_object_is_type(o, json_type_object) ? json_object_object_get(o, name) : NULL;
        path += path[n] ? n + 1 : n;
    }
    return o;
}

/* The text at path; NULL after a refusal. */
static const char *text(struct job *job, const char *path)
{
    json_object *o = at(job->in, path);
    if (json_object_is_type(o, json_type_string))
        return json_object_get_string(o);
    fail(job, "Input.Invalid", "%s: a text was expected", path);
    return NULL;
}

/* The number at path; -1 after a refusal. None of these functions takes negative numbers. */
static double number(struct job *job, const char *path)
{
    json_object *o = at(job->in, path);
    if (js_is_number(o) && json_object_get_double(o) >= 0 && json_object_get_double(o) <= 1e9)
        return json_object_get_double(o);
    fail(job, "Input.Invalid", "%s: a number from 0 to 1e9 was expected", path);
    return -1;
}

/* The array at path; NULL after a refusal. */
static json_object *list(struct job *job, const char *path)
{
    json_object *o = at(job->in, path);
    if (json_object_is_type(o, json_type_array))
        return o;
    fail(job, "Input.Invalid", "%s: an array was expected", path);
    return NULL;
}

static void put(json_object *o, const char *name, json_object *taken)
{
    json_object_object_add(o, name, taken);
}

static void put_text(json_object *o, const char *name, const char *value)
{
    put(o, name, json_object_new_string(value));
}

static void put_cents(json_object *o, const char *name, double cents)
{
    put(o, name, js_number(cents / 100));
}

/* FNV-1a: ids need no secrecy, only to be the same for the same call. */
static uint64_t hash(uint64_t h, const char *s)
{
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
    return h;
}

/* PREFIX-8 digits, from the call's key and what it is about: the same call gives the same id. */
static void put_id(struct job *job, const char *name, const char *prefix, const char *about)
{
    char id[64];
    uint64_t h = hash(hash(hash(UINT64_C(14695981039346656037), prefix), about), job->key);
    snprintf(id, sizeof id, "%s-%08u", prefix, (unsigned)((h ^ h >> 32) % 100000000));
    put_text(job->out, name, id);
}

/* ---- a shop ---- */

static const struct article {
    const char *sku, *name;
    double cents;
    int stock, grams;
    const char *warehouse;
} ARTICLES[] = {
    {"KETTLE-1L", "Kettle, 1 litre", 3490, 40, 1100, "Leipzig"},
    {"TEAPOT-BLUE", "Teapot, blue glaze", 2450, 12, 900, "Leipzig"},
    {"TEA-ASSAM", "Assam, 250 g", 890, 500, 270, "Hamburg"},
    {"TEA-SENCHA", "Sencha, 100 g", 1290, 200, 120, "Hamburg"},
    {"SAMOVAR", "Samovar, brass", 64900, 2, 5400, "Leipzig"},
};

static const struct article *article_find(const char *sku)
{
    for (size_t i = 0; i < sizeof ARTICLES / sizeof *ARTICLES; i++)
        if (!strcmp(ARTICLES[i].sku, sku))
            return &ARTICLES[i];
    return NULL;
}

/* One line of an order, as it lies in an array: its article and quantity. */
static int line_read(struct job *job, json_object *line, const struct article **article, double *quantity)
{
    json_object *sku = at(line, "sku"), *n = at(line, "quantity");
    if (!json_object_is_type(sku, json_type_string) || !js_is_number(n) || json_object_get_double(n) < 1 ||
        json_object_get_double(n) > 1e6)
        return fail(job, "Input.Invalid", "a line is {\"sku\": text, \"quantity\": 1 to 1e6}");
    *quantity = json_object_get_double(n);
    *article = article_find(json_object_get_string(sku));
    return *article
               ? 0
               : fail(job, "Order.UnknownArticle", "there is no article %.40s", json_object_get_string(sku));
}

static double tax_percent(const char *country)
{
    static const struct {
        const char *country;
        double percent;
    } TAX[] = {{"DE", 19}, {"FR", 20}, {"IT", 22}, {"NL", 21}};
    for (size_t i = 0; country && i < sizeof TAX / sizeof *TAX; i++)
        if (!strcmp(TAX[i].country, country))
            return TAX[i].percent;
    return 0;
}

static int price_order(struct job *job)
{
    json_object *lines = list(job, "order.lines");
    const char *country = lines ? text(job, "order.address.country") : NULL;
    if (!country)
        return -1;
    job->out = json_object_new_object();
    json_object *priced = json_object_new_array();
    put_text(job->out, "currency", "EUR");
    put(job->out, "lines", priced);

    double subtotal = 0;
    for (size_t i = 0; i < json_object_array_length(lines); i++) {
        const struct article *article;
        double quantity;
        if (line_read(job, json_object_array_get_idx(lines, i), &article, &quantity))
            return -1;
        json_object *line = json_object_new_object();
        put_text(line, "sku", article->sku);
        put_text(line, "name", article->name);
        put(line, "quantity", js_number(quantity));
        put_cents(line, "amount", quantity * article->cents);
        json_object_array_add(priced, line);
        subtotal += quantity * article->cents;
    }
    double tax = (double)(int64_t)(subtotal * tax_percent(country) / 100 + 0.5);
    put_cents(job->out, "subtotal", subtotal);
    put_cents(job->out, "tax", tax);
    put_cents(job->out, "total", subtotal + tax);
    return 0;
}

/* A large first order is suspicious. */
static int check_fraud(struct job *job)
{
    double total = number(job, "total"), earlier = total < 0 ? -1 : number(job, "customer.earlierOrders");
    if (total < 0 || earlier < 0)
        return -1;
    double score = (total > 3000 ? 30 : total / 100) + (earlier < 1 ? 60 : 0);
    job->out = json_object_new_object();
    put(job->out, "score", json_object_new_int((int)score));
    put_text(job->out, "because", earlier < 1 ? "the first order of this customer" : "a known customer");
    return 0;
}

static int reserve_stock(struct job *job)
{
    const struct article *article;
    double quantity;
    const char *order = text(job, "orderId");
    if (!order || line_read(job, at(job->in, "line"), &article, &quantity))
        return -1;
    if (quantity > article->stock)
        return fail(job, "Stock.OutOfStock", "%s: %.0f wanted, %d on the shelf", article->sku, quantity,
                    article->stock);
    job->out = json_object_new_object();
    put_id(job, "reservationId", "RES", order);
    put_text(job->out, "sku", article->sku);
    put(job->out, "quantity", js_number(quantity));
    put_text(job->out, "warehouse", article->warehouse);
    return 0;
}

static int release_stock(struct job *job)
{
    const char *order = text(job, "orderId");
    if (!order)
        return -1;
    job->out = json_object_new_object();
    put_text(job->out, "released", order);
    return 0;
}

static int charge_card(struct job *job)
{
    const char *order = text(job, "orderId"), *card = order ? text(job, "card") : NULL;
    double amount = card ? number(job, "amount") : -1;
    if (amount < 0)
        return -1;
    if (!strcmp(card, "tok-declined"))
        return fail(job, "Card.Declined", "the bank declines %.2f", amount);
    if (!strcmp(card, "tok-expired"))
        return fail(job, "Card.Expired", "the card is no longer valid");
    job->out = json_object_new_object();
    put_id(job, "chargeId", "CH", order);
    put(job->out, "amount", js_number(amount));
    put_text(job->out, "status", "captured");
    return 0;
}

static int pack_parcel(struct job *job)
{
    json_object *lines = list(job, "lines");
    const char *order = lines ? text(job, "orderId") : NULL;
    if (!order)
        return -1;
    double grams = 0;
    for (size_t i = 0; i < json_object_array_length(lines); i++) {
        const struct article *article;
        double quantity;
        if (line_read(job, json_object_array_get_idx(lines, i), &article, &quantity))
            return -1;
        grams += quantity * article->grams;
    }
    job->out = json_object_new_object();
    put_id(job, "parcelId", "PARCEL", order);
    put(job->out, "grams", js_number(grams));
    return 0;
}

static int book_courier(struct job *job)
{
    const char *parcel = text(job, "parcel.parcelId"), *city = parcel ? text(job, "address.city") : NULL;
    double grams = city ? number(job, "parcel.grams") : -1;
    if (grams < 0)
        return -1;
    job->out = json_object_new_object();
    put_id(job, "trackingNumber", "TRACK", parcel);
    put_text(job->out, "carrier", grams > 5000 ? "Freight" : "Bicycle");
    put_text(job->out, "to", city);
    return 0;
}

static int write_invoice(struct job *job)
{
    const char *order = text(job, "orderId");
    double total = order ? number(job, "price.total") : -1;
    if (total < 0)
        return -1;
    job->out = json_object_new_object();
    put_id(job, "invoiceId", "INV", order);
    put(job->out, "total", js_number(total));
    return 0;
}

static int send_mail(struct job *job)
{
    const char *to = text(job, "to"), *subject = to ? text(job, "subject") : NULL;
    if (!subject)
        return -1;
    if (!strchr(to, '@'))
        return fail(job, "Mail.BadAddress", "to: %.80s is no address", to);
    job->out = json_object_new_object();
    put_id(job, "messageId", "MAIL", to);
    put_text(job->out, "to", to);
    put_text(job->out, "subject", subject);
    return 0;
}

/* ---- documents ---- */

static int split_pages(struct job *job)
{
    const char *id = text(job, "document.id"), *rest = id ? text(job, "document.text") : NULL;
    if (!rest)
        return -1;
    json_object *pages = json_object_new_array();
    for (int n = 1;; n++) { /* pages end with a form feed */
        size_t len = strcspn(rest, "\f");
        json_object *page = json_object_new_object();
        put(page, "number", json_object_new_int(n));
        put(page, "text", json_object_new_string_len(rest, (int)len));
        json_object_array_add(pages, page);
        if (!rest[len])
            break;
        rest += len + 1;
    }
    job->out = json_object_new_object();
    put(job->out, "count", json_object_new_int((int)json_object_array_length(pages)));
    put(job->out, "pages", pages);
    return 0;
}

/* The next word in lower case, at most 39 letters of it; false at the end. */
static bool next_word(const char **rest, char word[40])
{
    const char *p = *rest;
    while (*p && !isalpha((unsigned char)*p))
        p++;
    size_t n = 0;
    for (; isalpha((unsigned char)*p); p++)
        if (n < 39)
            word[n++] = (char)tolower((unsigned char)*p);
    word[n] = 0;
    *rest = p;
    return n > 0;
}

static int count_words(struct job *job)
{
    const char *rest = text(job, "page.text");
    if (!rest)
        return -1;
    char word[40];
    int words = 0;
    while (next_word(&rest, word))
        words++;
    job->out = json_object_new_object();
    put(job->out, "words", json_object_new_int(words));
    return 0;
}

static int detect_language(struct job *job)
{
    static const char ENGLISH[] = " the and of to in is that with ",
                      GERMAN[] = " der die das und ist mit nicht ein ";
    const char *rest = text(job, "page.text");
    if (!rest)
        return -1;
    char word[40], blank[44];
    int english = 0, german = 0;
    while (next_word(&rest, word)) {
        snprintf(blank, sizeof blank, " %s ", word);
        english += strstr(ENGLISH, blank) != NULL;
        german += strstr(GERMAN, blank) != NULL;
    }
    job->out = json_object_new_object();
    put_text(job->out, "language", english > german ? "en" : german > english ? "de" : "unknown");
    return 0;
}

/* Counts one more of the word, of which 39 bytes matter. */
static void count(json_object *counts, json_object *word)
{
    char name[40];
    if (!json_object_is_type(word, json_type_string))
        return;
    snprintf(name, sizeof name, "%s", json_object_get_string(word));
    put(counts, name, json_object_new_int(json_object_get_int(json_object_object_get(counts, name)) + 1));
}

/* The k commonest names of {"name": times}; those that are as common in the order of the alphabet. Empties
 * counts. */
static json_object *commonest(json_object *counts, int k)
{
    json_object *top = json_object_new_array();
    while (k-- > 0 && json_object_object_length(counts)) {
        const char *best = NULL;
        int most = 0;
        json_object_object_foreach(counts, name, times)
        {
            int n = json_object_get_int(times);
            if (!best || n > most || (n == most && strcmp(name, best) < 0)) {
                best = name;
                most = n;
            }
        }
        json_object_array_add(top, json_object_new_string(best));
        json_object_object_del(counts, best);
    }
    return top;
}

static int find_keywords(struct job *job)
{
    const char *rest = text(job, "page.text");
    if (!rest)
        return -1;
    char word[40];
    json_object *counts = json_object_new_object();
    while (next_word(&rest, word)) {
        json_object *name = json_object_new_string(word);
        if (strlen(word) >= 6)
            count(counts, name);
        json_object_put(name);
    }
    job->out = json_object_new_object();
    put(job->out, "keywords", commonest(counts, 5));
    json_object_put(counts);
    return 0;
}

/* Fan-in: pages as the Map gives them, each {"words", "language", "keywords"}. */
static int merge_pages(struct job *job)
{
    json_object *pages = list(job, "pages");
    const char *id = pages ? text(job, "document.id") : NULL;
    if (!id)
        return -1;
    json_object *keywords = json_object_new_object(), *languages = json_object_new_object();
    int64_t words = 0;
    for (size_t i = 0; i < json_object_array_length(pages); i++) {
        json_object *page = json_object_array_get_idx(pages, i), *found = at(page, "keywords");
        words += json_object_get_int(at(page, "words"));
        count(languages, at(page, "language"));
        for (size_t k = 0; json_object_is_type(found, json_type_array) && k < json_object_array_length(found);
             k++)
            count(keywords, json_object_array_get_idx(found, k));
    }
    job->out = json_object_new_object();
    put_text(job->out, "id", id);
    put(job->out, "pages", json_object_new_int((int)json_object_array_length(pages)));
    put(job->out, "words", json_object_new_int64(words));
    put(job->out, "languages", commonest(languages, 3));
    put(job->out, "keywords", commonest(keywords, 5));
    json_object_put(keywords);
    json_object_put(languages);
    return 0;
}

static int archive_document(struct job *job)
{
    const char *id = text(job, "index.id");
    if (!id)
        return -1;
    char place[128];
    snprintf(place, sizeof place, "archive/%.80s.json", id);
    job->out = json_object_new_object();
    put_text(job->out, "location", place);
    return 0;
}

/* ---- trips ---- */

static int book(struct job *job, const char *prefix, double price)
{
    const char *city = text(job, "trip.to");
    double travellers = city ? number(job, "trip.travellers") : -1;
    if (travellers < 0)
        return -1;
    job->out = json_object_new_object();
    put_id(job, "bookingId", prefix, city);
    put(job->out, "price", js_number(price * travellers));
    return 0;
}

static int book_flight(struct job *job)
{
    const char *from = text(job, "trip.from"), *to = from ? text(job, "trip.to") : NULL;
    if (!to)
        return -1;
    if (!strcmp(from, to))
        return fail(job, "Flight.NoRoute", "nobody flies from %.40s to itself", from);
    return book(job, "FLIGHT", 120);
}

static int book_hotel(struct job *job)
{
    double nights = number(job, "trip.nights");
    if (nights < 0)
        return -1;
    if (nights > 30)
        return fail(job, "Hotel.NoRoom", "no room for %.0f nights", nights);
    return book(job, "HOTEL", 80 * nights);
}

static int book_car(struct job *job)
{
    double travellers = number(job, "trip.travellers");
    if (travellers > 5)
        return fail(job, "Car.NoneLargeEnough", "no car has %.0f seats", travellers);
    return travellers < 0 ? -1 : book(job, "CAR", 30);
}

static int cancel(struct job *job)
{
    const char *booking = text(job, "bookingId");
    if (!booking)
        return -1;
    job->out = json_object_new_object();
    put_text(job->out, "cancelled", booking);
    return 0;
}

/* ---- the table ---- */

static int echo(struct job *job)
{
    job->out = json_object_get(job->in);
    return 0;
}

const struct function_row FUNCTIONS[] = {
    {"echo", echo, "gives back its input"},
    {"price-order", price_order, "{\"order\"} with lines and address.country: amounts, tax, total"},
    {"check-fraud", check_fraud, "{\"customer\", \"total\"}: a score from 0 (trust) to 100"},
    {"reserve-stock", reserve_stock, "{\"orderId\", \"line\"}; fails with Stock.OutOfStock"},
    {"release-stock", release_stock, "{\"orderId\"}: takes back all reservations of the order"},
    {"charge-card", charge_card,
     "{\"orderId\", \"amount\", \"card\"}; tok-declined: Card.Declined, tok-expired: Card.Expired"},
    {"pack-parcel", pack_parcel, "{\"orderId\", \"lines\"}: a parcel and its weight"},
    {"book-courier", book_courier, "{\"parcel\", \"address\"}: a tracking number"},
    {"write-invoice", write_invoice, "{\"orderId\", \"price\"}: an invoice's number"},
    {"send-mail", send_mail, "{\"to\", \"subject\"}"},
    {"split-pages", split_pages, "{\"document\"}: its pages, which form feeds divide"},
    {"count-words", count_words, "{\"page\"}"},
    {"detect-language", detect_language, "{\"page\"}: en, de or unknown"},
    {"find-keywords", find_keywords, "{\"page\"}: its five commonest long words"},
    {"merge-pages", merge_pages, "{\"document\", \"pages\"}: one index from the findings of all pages"},
    {"archive-document", archive_document, "{\"index\"}: where it lies now"},
    {"book-flight", book_flight, "{\"trip\"}; fails with Flight.NoRoute"},
    {"book-hotel", book_hotel, "{\"trip\"}; fails with Hotel.NoRoom above 30 nights"},
    {"book-car", book_car, "{\"trip\"}; fails with Car.NoneLargeEnough above 5 travellers"},
    {"cancel-flight", cancel, "{\"bookingId\"}"},
    {"cancel-hotel", cancel, "{\"bookingId\"}"},
    {"cancel-car", cancel, "{\"bookingId\"}"},
    {NULL, NULL, NULL},
};

const struct function_row *function_find(const char *name)
{
    for (const struct function_row *f = FUNCTIONS; f->name; f++)
        if (!strcmp(f->name, name))
            return f;
    return NULL;
}
