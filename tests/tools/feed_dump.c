/* Reads advisories and prints what was read, for oracles in other languages: of each document `F place`, then of each
 * vulnerability `V`, of each of its claims `C`, with the fields of feed/claim.h and tabs between; at its end `D format
 * place`, or `R rule sentence`. Arguments are files, directories and archives; with --quiet it only counts and
 * measures. */
#include "feed/archive.h"

#include "base/report.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const says[] = {"", "affected", "investigating", "not-affected", "fixed"};
static const char *const names[] = {"", "sha256", "purl", "cpe", "name"};
static bool quiet;
static size_t vulnerabilities, claims;

static void print(struct accord_bytes text)
{
    printf("\t%.*s", (int)text.size, text.size == 0 ? "" : (const char *)text.data);
}

static enum accord_status begin(void *context, const struct accord_claim_vulnerability *vulnerability,
                                struct accord_error *error)
{
    (void)context;
    (void)error;
    vulnerabilities++;
    if (quiet)
        return ACCORD_OK;
    printf("V");
    print(vulnerability->id);
    print(vulnerability->document);
    print(vulnerability->aliases);
    print(vulnerability->severity);
    printf("\t%d\t%llu\t%llu", (int)vulnerability->withdrawn, (unsigned long long)vulnerability->published,
           (unsigned long long)vulnerability->modified);
    print(vulnerability->title);
    print(vulnerability->url);
    printf("\n");
    return ACCORD_OK;
}

static enum accord_status claim(void *context, const struct accord_claim *one, struct accord_error *error)
{
    (void)context;
    (void)error;
    claims++;
    if (quiet)
        return ACCORD_OK;
    printf("C\t%s\t%s", says[one->says], names[one->names]);
    print(one->product);
    print(one->range);
    print(one->prose);
    print(one->qualifiers);
    print(one->fixed);
    print(one->justification);
    print(one->remedy);
    printf("\n");
    return ACCORD_OK;
}

static enum accord_status document(void *context, const char *place, struct accord_error *error)
{
    (void)context;
    (void)error;
    if (!quiet)
        printf("F\t%s\n", place);
    return ACCORD_OK;
}

static enum accord_status finished(void *context, const char *place, enum accord_feed_format format,
                                   struct accord_error *error)
{
    (void)context;
    (void)error;
    if (!quiet) {
        printf("D");
        print(accord_feed_format_name(format));
        printf("\t%s\n", place);
    }
    return ACCORD_OK;
}

static enum accord_status refused(void *context, const char *place, const struct accord_error *error)
{
    char sentence[512];
    (void)context;
    accord_error_sentence(error, place, sentence, sizeof sentence);
    printf("R\t%s\t%s\n", accord_status_rule(error->status), sentence);
    return ACCORD_OK;
}

static void sum_up(const struct accord_feed_tally *tally, clock_t start)
{
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    fprintf(stderr, "%llu documents, %llu refused, %zu vulnerabilities, %zu claims, %.1f MB, %.3f s CPU, %.1f MB/s\n",
            (unsigned long long)tally->read, (unsigned long long)tally->refused, vulnerabilities, claims,
            (double)tally->bytes / 1e6, seconds, (double)tally->bytes / 1e6 / seconds);
}

int main(int argc, char **argv)
{
    const struct accord_feed_visitor visitor = {{NULL, begin, claim}, NULL, document, finished, refused};
    struct accord_feed_tally tally = {.read = 0};
    clock_t start = clock();
    int first = 1;
    if (argc > 1 && strcmp(argv[1], "--quiet") == 0) {
        quiet = true;
        first = 2;
    }
    for (int i = first; i < argc; i++) {
        struct accord_error error = {.status = ACCORD_OK};
        char sentence[512];
        if (accord_feed_walk(argv[i], &visitor, &tally, &error) == ACCORD_OK)
            continue;
        accord_error_sentence(&error, argv[i], sentence, sizeof sentence);
        fprintf(stderr, "%s\n", sentence);
        return 3;
    }
    sum_up(&tally, start);
    return 0;
}
