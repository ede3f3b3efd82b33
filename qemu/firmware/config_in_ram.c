/*
 * atome_config as variables. In a program it is a constant that atome.h defines; here a test changes it, to be a program
 * whose header does not fit the archive. A file of its own, because atome.h declares the name as a constant.
 */
#include <stdint.h>

/* The last words are the pointers to what reads other formats and containers, and to what the cached plan needs. */
extern uint32_t atome_config[16];
extern uint32_t *const config_words;

uint32_t atome_config[16];
uint32_t *const config_words = atome_config;
