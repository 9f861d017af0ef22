/* Where an accord's log, key and demo witnesses lie. It knows names of files, and nothing of what is done with them. */
#include "cli/accord_dir.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>

#define WITNESS_FILES_MAX 9

enum accord_status accord_path_join(char path[ACCORD_PATH_SIZE], const char *dir, const char *name, const char *file,
                                    struct accord_error *error)
{
    int size =
        snprintf(path, ACCORD_PATH_SIZE, "%s%s%s/%s", dir, name == NULL ? "" : "/", name == NULL ? "" : name, file);
    if (size < 0 || size >= ACCORD_PATH_SIZE) {
        accord_fail(error, ACCORD_TOO_LARGE, 0);
        accord_error_what(error, ACCORD_LITERAL("path"));
        return ACCORD_TOO_LARGE;
    }
    return ACCORD_OK;
}

/* The one line of DIR/private/demo, where that exists. */
static enum accord_status read_demo(struct accord_dir *dir, const struct accord_fs *fs, const char *location,
                                    struct accord_error *error)
{
    char path[ACCORD_PATH_SIZE];
    dir->demo[0] = '\0';
    enum accord_status status = accord_path_join(path, location, "private", "demo", error);
    if (status != ACCORD_OK || fs->exists(fs->context, path) != 1) {
        return status;
    }
    struct accord_buffer line;
    accord_buffer_init(&line, ACCORD_PATH_SIZE - 1);
    status = accord_file_read(fs, path, &line, error);
    if (status == ACCORD_OK && line.size > 0) {
        memcpy(dir->demo, line.data, line.size);
        dir->demo[line.size] = '\0';
        dir->demo[strcspn(dir->demo, "\n")] = '\0';
    }
    accord_buffer_free(&line);
    return status;
}

enum accord_status accord_dir_open(struct accord_dir *dir, const struct accord_fs *fs, const char *location,
                                   struct accord_error *error)
{
    enum accord_status status = accord_path_join(dir->log, location, NULL, "public", error);
    if (status == ACCORD_OK) {
        status = accord_path_join(dir->log_key, location, "private", "log.key", error);
    }
    if (status == ACCORD_OK) {
        status = accord_path_join(dir->witnesses, location, "private", "witnesses.db", error);
    }
    if (status == ACCORD_OK) {
        status = read_demo(dir, fs, location, error);
    }
    if (status == ACCORD_OK && fs->exists(fs->context, dir->log_key) != 1) {
        status = accord_fail(error, ACCORD_NOT_FOUND, 0);
        accord_error_what(error, (struct accord_bytes){(const uint8_t *)dir->log_key, strlen(dir->log_key)});
        accord_error_expected(error, ACCORD_LITERAL("an accord's directory, with the log's key in private/"));
    }
    return status;
}

/* The member's witness key as the roster has it; empty where it has none. */
static struct accord_bytes witness_of(const struct accord_roster_claim *roster, const struct accord_member *member)
{
    for (size_t i = 0; i < member->key_count; i++) {
        if (roster->keys[member->first_key + i].role == ACCORD_ROLE_WITNESS) {
            return roster->keys[member->first_key + i].text;
        }
    }
    return (struct accord_bytes){NULL, 0};
}

/* Opens the file, where it is there and holds this key. */
static enum accord_status open_witness(struct accord_keyring *keyring, const struct accord_fs *fs, const char *path,
                                       struct accord_bytes vkey, bool *found, struct accord_error *error)
{
    struct accord_signer **signer = &keyring->signers[keyring->count];
    if (fs->exists(fs->context, path) != 1) {
        return ACCORD_OK;
    }
    enum accord_status status = accord_signer_open(signer, fs, path, NULL, error);
    if (status != ACCORD_OK) {
        return status;
    }
    *found = accord_bytes_equal(accord_signer_vkey(*signer)->text, vkey);
    if (*found) {
        keyring->count++;
    } else {
        accord_signer_free(*signer);
    }
    return ACCORD_OK;
}

enum accord_status accord_keyring_witnesses(struct accord_keyring *keyring, const struct accord_fs *fs,
                                            const char *directory, const struct accord_roster_claim *roster,
                                            struct accord_error *error)
{
    keyring->count = 0;
    enum accord_status status = ACCORD_OK;
    for (size_t i = 0; status == ACCORD_OK && i < roster->member_count; i++) {
        char domain[256], path[ACCORD_PATH_SIZE], file[32] = "witness.key";
        struct accord_bytes name = roster->members[i].domain, vkey = witness_of(roster, &roster->members[i]);
        bool found = vkey.size == 0;
        snprintf(domain, sizeof domain, "%.*s", (int)name.size, (const char *)name.data);
        for (unsigned n = 2; status == ACCORD_OK && !found && n <= WITNESS_FILES_MAX + 1; n++) {
            status = accord_path_join(path, directory, domain, file, error);
            if (status == ACCORD_OK) {
                status = open_witness(keyring, fs, path, vkey, &found, error);
            }
            snprintf(file, sizeof file, "witness-%u.key", n);
        }
    }
    if (status != ACCORD_OK) {
        accord_keyring_free(keyring);
    }
    return status;
}

void accord_keyring_free(struct accord_keyring *keyring)
{
    for (size_t i = 0; i < keyring->count; i++) {
        accord_signer_free(keyring->signers[i]);
    }
    keyring->count = 0;
}
