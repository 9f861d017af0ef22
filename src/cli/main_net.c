/* accord-net: the same commands with a network. accord runs it where one is needed. */
#include "cli/network.h"
#include "cli/program.h"

int main(int argc, char **argv)
{
    return accord_program(argc, argv, &accord_network_curl);
}
