/*
 * The power-on self-test on this core: it passes, and with an FPU that flushes subnormal numbers to zero or rounds
 * another way, which a start-up file may ask for, it says so. Reports how much stack it takes.
 */
#include "atome.h"

#include "check.h"

#if defined(__ARM_FP)
/* With these bits of FPSCR: 24 flushes to zero, 25 makes every NaN the default one, 22 and 23 are the rounding mode. */
static int self_test_with(uint32_t bits)
{
    uint32_t usual;
    int result;

    __asm__ volatile("vmrs %0, fpscr" : "=r"(usual));
    __asm__ volatile("vmsr fpscr, %0" ::"r"(usual | bits));
    result = atome_self_test();
    __asm__ volatile("vmsr fpscr, %0" ::"r"(usual));
    return result;
}

static void other_settings(void)
{
    const uint32_t mode = 1u << 22;
    /* Integers have nothing to do with it. */
    const int found = ATOME_ARITHMETIC == ATOME_INTEGER ? ATOME_SELF_TEST_OK : ATOME_SELF_TEST_ARITHMETIC;

    expect_code("flush to zero", found, self_test_with(1u << 24));
    expect_code("rounding up", found, self_test_with(1 * mode));
    expect_code("rounding down", found, self_test_with(2 * mode));
    expect_code("rounding toward zero", found, self_test_with(3 * mode));
    expect_code("the default NaN", ATOME_SELF_TEST_OK, self_test_with(1u << 25));
}
#else
static void other_settings(void) {}
#endif

int main(void)
{
    size_t before;

    stack_paint();
    before = stack_used();
    expect_code("the self-test", ATOME_SELF_TEST_OK, atome_self_test());
    write_result("stack", (uint32_t)(stack_used() - before));
    other_settings();
    expect_code("the self-test, again", ATOME_SELF_TEST_OK, atome_self_test());
    write_result("checks", checks);
    return 0;
}
