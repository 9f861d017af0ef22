/* The lists that package managers print: `dpkg -l`, `dpkg-query -W` and `rpm -qa`. Knows what is on a line of theirs;
 * which source package a binary package was built from is not there, and is not guessed. */
#include <string.h>

#include "core/text.h"
#include "sbom/reader.h"

#define LINE_MAX_BYTES 4096

/* What names, versions and architectures of Debian and RPM packages are made of: none of it needs an escape in a
 * purl. */
static bool is_plain(struct accord_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                     (byte != 0 && memchr(".+:~-_^", byte, 7) != NULL);
        if (!plain) {
            return false;
        }
    }
    return text.size > 0;
}

static struct accord_bytes word(struct accord_bytes *rest)
{
    size_t at = 0, end;
    while (at < rest->size && rest->data[at] == ' ') {
        at++;
    }
    for (end = at; end < rest->size && rest->data[end] != ' '; end++) {
    }
    struct accord_bytes found = {rest->data + at, end - at};
    *rest = (struct accord_bytes){rest->data + end, rest->size - end};
    return found;
}

static bool cut_last(struct accord_bytes *rest, uint8_t at, struct accord_bytes *last)
{
    for (size_t i = rest->size; i > 0; i--) {
        if (rest->data[i - 1] == at) {
            *last = (struct accord_bytes){rest->data + i, rest->size - i};
            rest->size = i - 1;
            return true;
        }
    }
    return false;
}

static enum accord_status give(struct accord_sbom_reader *reader, struct accord_bytes type, struct accord_bytes arch,
                               uint64_t line)
{
    struct accord_component *component = &reader->component;
    struct accord_out out = {reader->text, sizeof reader->text, 0, false};
    accord_put(&out, type);
    accord_put(&out, component->name);
    accord_put_byte(&out, '@');
    accord_put(&out, component->version);
    if (arch.size > 0) {
        accord_put(&out, ACCORD_LITERAL("?arch="));
        accord_put(&out, arch);
    }
    component->purl = accord_out_bytes(&out);
    component->line = line;
    return accord_sbom_give(reader);
}

static enum accord_status refuse(struct accord_sbom_reader *reader, uint64_t line, struct accord_bytes text,
                                 struct accord_bytes expected)
{
    (void)accord_fail(reader->error, ACCORD_MALFORMED, line);
    accord_error_found(reader->error, text);
    accord_error_expected(reader->error, expected);
    return ACCORD_MALFORMED;
}

static enum accord_status give_deb(struct accord_sbom_reader *reader, struct accord_bytes name,
                                   struct accord_bytes version, struct accord_bytes arch, uint64_t line)
{
    struct accord_bytes qualifier;
    if (cut_last(&name, ':', &qualifier)) {
        arch = qualifier;
    }
    if (!is_plain(name) || !is_plain(version) || (arch.size > 0 && !is_plain(arch))) {
        return refuse(reader, line, name, ACCORD_LITERAL("a package's name, version and architecture"));
    }
    reader->component.name = name;
    reader->component.version = version;
    return give(reader, ACCORD_LITERAL("pkg:deb/debian/"), arch, line);
}

/* `ii  libc6:amd64  2.36-9  amd64  GNU C Library`; the second letter says whether it is installed. */
static enum accord_status dpkg_row(struct accord_sbom_reader *reader, struct accord_bytes line, uint64_t number)
{
    struct accord_bytes rest = line, status = word(&rest);
    struct accord_bytes name = word(&rest), version = word(&rest), arch = word(&rest);
    if (status.size < 2 || status.size > 3 || name.size == 0) {
        return refuse(reader, number, line, ACCORD_LITERAL("a row of dpkg -l"));
    }
    if (memchr("nc", status.data[1], 2) != NULL) {
        return ACCORD_OK; /* removed: at most its configuration is left */
    }
    return give_deb(reader, name, version, arch, number);
}

static enum accord_status query_row(struct accord_sbom_reader *reader, struct accord_bytes line, uint64_t number)
{
    struct accord_bytes rest = line, name;
    if (!accord_cut(&rest, '\t', &name)) {
        return refuse(reader, number, line, ACCORD_LITERAL("a name, a tab, a version"));
    }
    return rest.size == 0 ? ACCORD_OK : give_deb(reader, name, rest, (struct accord_bytes){NULL, 0}, number);
}

/* `NAME-VERSION-RELEASE.ARCH`; a key of rpm's own keyring, which is no package, has no architecture. */
static enum accord_status rpm_row(struct accord_sbom_reader *reader, struct accord_bytes line, uint64_t number)
{
    struct accord_bytes rest = line, arch, release, version, prefix = line;
    if (accord_cut_prefix(&prefix, ACCORD_LITERAL("gpg-pubkey-"))) {
        return ACCORD_OK;
    }
    if (!is_plain(line) || !cut_last(&rest, '.', &arch) || !cut_last(&rest, '-', &release) ||
        !cut_last(&rest, '-', &version) || rest.size == 0 || version.size == 0 || release.size == 0 || arch.size == 0) {
        return refuse(reader, number, line, ACCORD_LITERAL("NAME-VERSION-RELEASE.ARCH"));
    }
    reader->component.name = rest;
    reader->component.version = (struct accord_bytes){version.data, version.size + 1 + release.size};
    return give(reader, ACCORD_LITERAL("pkg:rpm/"), arch, number);
}

static bool is_heading(struct accord_bytes line)
{
    return accord_cut_prefix(&line, ACCORD_LITERAL("Desired=")) || accord_cut_prefix(&line, ACCORD_LITERAL("|")) ||
           accord_cut_prefix(&line, ACCORD_LITERAL("+++-"));
}

typedef enum accord_status read_row(struct accord_sbom_reader *reader, struct accord_bytes line, uint64_t number);

/* What the first line shows. */
static read_row *row_of(struct accord_bytes line, enum accord_sbom_format *format)
{
    struct accord_bytes rest = line, piece;
    *format = ACCORD_SBOM_DPKG;
    if (is_heading(line) || (line.size > 4 && line.data[1] == 'i' && line.data[2] == ' ')) {
        return dpkg_row;
    }
    if (accord_cut(&rest, '\t', &piece) && is_plain(piece)) {
        return query_row;
    }
    *format = ACCORD_SBOM_RPM;
    struct accord_bytes prefix = line;
    rest = line;
    if (accord_cut_prefix(&prefix, ACCORD_LITERAL("gpg-pubkey-")) ||
        (is_plain(line) && cut_last(&rest, '.', &piece) && cut_last(&rest, '-', &piece) &&
         cut_last(&rest, '-', &piece))) {
        return rpm_row;
    }
    return NULL;
}

enum accord_status accord_sbom_list(struct accord_sbom_reader *reader, struct accord_bytes document,
                                    enum accord_sbom_format *format)
{
    read_row *row = NULL;
    uint64_t number = 0;
    while (document.size > 0) {
        struct accord_bytes line;
        number++;
        if (!accord_cut_line(&document, &line)) {
            line = document;
            document.size = 0;
        }
        if (line.size > LINE_MAX_BYTES) {
            return accord_fail(reader->error, row == NULL ? ACCORD_UNKNOWN_KIND : ACCORD_TOO_LARGE, number);
        }
        if (row == NULL && (row = row_of(line, format)) == NULL) {
            return accord_fail(reader->error, ACCORD_UNKNOWN_KIND, number);
        }
        if (line.size == 0 || (row == dpkg_row && is_heading(line))) {
            continue;
        }
        enum accord_status status = row(reader, line, number);
        if (status != ACCORD_OK) {
            return status;
        }
    }
    return row == NULL ? accord_fail(reader->error, ACCORD_UNKNOWN_KIND, 0) : ACCORD_OK;
}
