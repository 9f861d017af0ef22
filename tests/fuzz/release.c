/* Releases: what parses, and has no stage and no `x-` line, is printed as it came; each artifact is found again. */
#include "accord/release.h"

#include <stdlib.h>
#include <string.h>

#define ARTIFACTS_MAX 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static size_t list_artifacts(const struct accord_release_claim *release, struct accord_artifact list[ARTIFACTS_MAX])
{
    size_t cursor = 0, count = 0;
    require(release->artifact_count >= 1 && release->artifact_count <= ARTIFACTS_MAX);
    while (count < release->artifact_count && accord_release_next_artifact(release, &cursor, &list[count]))
        count++;
    require(count == release->artifact_count);
    struct accord_artifact after;
    require(!accord_release_next_artifact(release, &cursor, &after));
    return count;
}

static size_t list_stages(const struct accord_release_claim *release, struct accord_release_stage *list)
{
    size_t cursor = 0, count = 0;
    while (count < release->stage_count && accord_release_next_stage(release, &cursor, &list[count]))
        count++;
    require(count == release->stage_count);
    struct accord_release_stage after;
    require(!accord_release_next_stage(release, &cursor, &after));
    return count;
}

static bool only_what_is_printed(const struct accord_release_claim *release)
{
    struct accord_field field;
    size_t cursor = 0;
    while (accord_statement_next(&release->statement, &cursor, &field))
        if (field.key.size > 1 && field.key.data[1] == '-')
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t printed[ACCORD_ENTRY_SIZE_MAX];
    static struct accord_artifact list[ARTIFACTS_MAX];
    static struct accord_release_stage stages[ARTIFACTS_MAX];
    struct accord_bytes entry = {data, size};
    struct accord_release_claim release;
    struct accord_error error = {.status = ACCORD_OK};
    enum accord_status status = accord_release_parse(&release, entry, &error);
    require(status == error.status);
    if (status != ACCORD_OK)
        return 0;
    size_t count = list_artifacts(&release, list), stage_count = list_stages(&release, stages);
    require(release.has_policy == (release.policy_number > 0));
    for (size_t i = 0; i < count; i++) {
        struct accord_artifact found;
        require(accord_release_find(&release, list[i].sha256, &found));
        require(accord_bytes_equal(found.name, list[i].name) && accord_bytes_equal(found.platform, list[i].platform));
        require(found.size == list[i].size);
    }
    if (!only_what_is_printed(&release))
        return 0;
    struct accord_out out = {printed, sizeof printed, 0, false};
    struct accord_release_draft draft = {.vendor = release.vendor,
                                         .product = release.product,
                                         .version = release.version,
                                         .sequence = release.sequence,
                                         .artifacts = list,
                                         .artifact_count = count,
                                         .policy_number = release.policy_number,
                                         .stages = stages,
                                         .stage_count = stage_count};
    memcpy(draft.policy, release.policy, ACCORD_HASH_SIZE);
    accord_release_print(&out, &draft);
    require(!out.full && accord_bytes_equal(accord_out_bytes(&out), release.statement.note.text));
    return 0;
}
