/* Numbers as text, and settings from the arguments of the run. A result is a line "name value". */
#ifndef TEXT_H
#define TEXT_H

#include <stdint.h>

void write_decimal(int32_t value);

/* All 8 or 16 digits. */
void write_hex32(uint32_t value);
void write_hex64(uint64_t value);

/* A line of the report: name, a space, value. */
void write_result(const char *name, uint32_t value);

/* The number in the argument "name=number" (decimal); otherwise when there is none. */
uint32_t setting(const char *name, uint32_t otherwise);

#endif
