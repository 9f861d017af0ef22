/* The two programs' common main. */
#ifndef ACCORD_CLI_PROGRAM_H
#define ACCORD_CLI_PROGRAM_H

struct accord_network;

/* network is NULL in the program that is linked without one. Returns the exit status. */
int accord_program(int argc, char **argv, const struct accord_network *network);

#endif
