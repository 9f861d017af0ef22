/* Says hello to whoever is named, and to everybody otherwise. */
#include <stdio.h>

int main(int argc, char **argv)
{
    printf("hello, %s\n", argc > 1 ? argv[1] : "everybody");
    return 0;
}
