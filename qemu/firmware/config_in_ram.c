/*
 * atome_config as variables. In a program it is a constant that atome.h defines; here a test changes it, to be a program
 * whose header does not fit the archive. A file of its own, because atome.h declares the name as a constant.
 */
#include <stdint.h>

/* The last word is the pointer to what reads other formats. */
extern uint32_t atome_config[14];
extern uint32_t *const config_words;

uint32_t atome_config[14];
uint32_t *const config_words = atome_config;
