/* A program that embeds libaccord: is FILE what its vendor published? It reads three files and asks; all judgement is
 * the library's, which allocates nothing.
 *
 *     cc verify.c $(pkg-config --cflags --libs accord) && ./a.out accord.trust FILE.tlog-proof FILE
 */
#include <accord/verify.h>

#include <stdio.h>
#include <stdlib.h>

/* Reads a whole file of at most maximum bytes; exits with 3 where it cannot. */
static struct accord_bytes read_file(const char *path, size_t maximum)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(maximum + 1);
    size_t size = file == NULL || data == NULL ? 0 : fread(data, 1, maximum + 1, file);
    if (file == NULL || data == NULL || ferror(file) || size > maximum) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(3);
    }
    fclose(file);
    return (struct accord_bytes){data, size};
}

int main(int argc, char **argv)
{
    static struct accord_verifier verifier;
    static struct accord_verify_memory memory;
    static uint8_t policy[65536];
    struct accord_verdict verdict = {0};
    struct accord_artifact artifact;
    struct accord_error error;
    uint8_t sha256[ACCORD_HASH_SIZE];
    if (argc != 4) {
        return 2;
    }
    struct accord_bytes trust = read_file(argv[1], 1 << 22);
    struct accord_bytes proof = read_file(argv[2], ACCORD_PROOF_SIZE_MAX);
    struct accord_bytes file = read_file(argv[3], 1 << 28);
    struct accord_out policy_text = {policy, sizeof policy, 0, false};
    accord_hash(&accord_crypto_default, file, sha256);
    if (accord_verifier_init(&verifier, trust, &policy_text, &accord_crypto_default, &error) != ACCORD_OK ||
        accord_verify_proof(&verifier, &memory, proof, &verdict, &error) != ACCORD_OK ||
        accord_verify_artifact(&verdict, sha256, file.size, (struct accord_bytes){NULL, 0}, &artifact, &error) !=
            ACCORD_OK) {
        fprintf(stderr, "refused: status %d: %s, expected %s, found %s\n", (int)error.status, error.what,
                error.expected, error.found);
        return 1;
    }
    printf("%.*s published this\n", (int)verdict.release->vendor.size, (const char *)verdict.release->vendor.data);
    return 0;
}
