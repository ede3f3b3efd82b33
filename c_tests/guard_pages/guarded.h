/*
 * Memory that ends, or begins, exactly where nobody may touch what is beyond: a byte too far ends the program. On the other
 * side lie marks, which are looked at when a sequence ends.
 */
#ifndef GUARDED_H
#define GUARDED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MARK 0x5a

typedef struct {
    uint8_t *start; /* of the pages between two that nobody may touch */
    size_t room;
    uint8_t *at; /* what is in use */
    size_t size;
} guarded_t;

/* So many bytes of it, at the end or, on demand, at the start; all of them are `fill`. */
static void *place(guarded_t *g, size_t size, int at_start, int fill)
{
    if (size > g->room) {
        printf("%lu bytes do not fit in %lu\n", (unsigned long)size, (unsigned long)g->room);
        exit(2);
    }
    memset(g->start, MARK, g->room);
    g->at = at_start ? g->start : g->start + g->room - size;
    g->size = size;
    memset(g->at, fill, size);
    return g->at;
}

/* Room for up to so many bytes. */
static void make_room(guarded_t *g, size_t most)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *memory;

    g->room = (most + page - 1) / page * page + page;
    memory = (uint8_t *)mmap(NULL, g->room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == (uint8_t *)MAP_FAILED || mprotect(memory + page, g->room, PROT_READ | PROT_WRITE) != 0) {
        perror("no memory");
        exit(2);
    }
    g->start = memory + page;
    place(g, 0, 0, 0);
}

/* Whether nobody wrote beside what is in use. */
static int marks_are_whole(const guarded_t *g)
{
    size_t i;

    for (i = 0; i < g->room; i++) {
        const uint8_t *byte = g->start + i;
        if ((byte < g->at || byte >= g->at + g->size) && *byte != MARK) {
            return 0;
        }
    }
    return 1;
}

#endif
