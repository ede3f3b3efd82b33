/* Calls the parts of one_of_several.c that FIRST and SECOND name, in the same program or in shared libraries it links. */
int FIRST(void);
#ifdef SECOND
int SECOND(void);
#endif

int main(void)
{
#ifdef SECOND
    return FIRST() + SECOND();
#else
    return FIRST();
#endif
}
