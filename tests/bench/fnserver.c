/*
 * fnserver [PORT] -- the function server of the bench: answers each call with its own body.
 *
 * Prints "listening on http://127.0.0.1:PORT" and serves until it is killed.
 */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct wire *w = wire_new();
    printf("listening on http://127.0.0.1:%d\n", wire_serve(w, argc > 1 ? atoi(argv[1]) : 0, NULL, NULL));
    fflush(stdout);
    for (;;)
        wire_turn(w, -1);
}
