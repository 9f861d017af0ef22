/* accord: the commands without a network, which start faster for it (docs/dependencies.md, "Two programs"). */
#include "cli/program.h"

#include <stddef.h>

int main(int argc, char **argv)
{
    return accord_program(argc, argv, NULL);
}
