/* exp and tanh of binary32, correctly rounded to nearest even, for the reference engine in portable mode. */
#ifndef CORRECTLY_ROUNDED_H
#define CORRECTLY_ROUNDED_H

float correctly_rounded_expf(float x);
float correctly_rounded_tanhf(float x);

#endif
