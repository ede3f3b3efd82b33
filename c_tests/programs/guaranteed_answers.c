/* shape: -DATOME_D_MODEL=16 -DATOME_N_LAYERS=2 -DATOME_D_HEAD=8 -DATOME_MAX_SEQ=80 */
/* languages: c c++ */
/*
 * Habit: a firmware executes what a model answers, so it asks for nothing but what a grammar allows. Models of random weights,
 * which want anything, give whole commands only: greedily, drawn, in every room, with copies out of the question; with any bit of the
 * table flipped, the table is refused or texts still end. The C99 engine has no grammars: there the program only
 * prints what should come.
 */
#include "atome.h"

#include "make_model.h"
#include "show.h"

enum { MODELS = 6, STOP = 10, MOST = 64 };

#ifdef ATOME_ABI_VERSION

static atome_model_t model;
static atome_state_t state;

/* `atome grammar compile lamp_grammar.txt`; a test of grammar/ compares. */
static const uint8_t lamp_table[377] = {
    0x41, 0x54, 0x4f, 0x4d, 0x45, 0x47, 0x52, 0x31, 0x0d, 0x00, 0x14, 0x00, 0x1f, 0x00, 0x01, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x04, 0x10, 0xff, 0x07, 0x00, 0x00, 0x00, 0x00, 0x3a, 0x7b, 0x19, 0x2a,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xef, 0xff, 0xff, 0xff, 0x7f,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x01, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x02, 0x00, 0x02, 0x00,
    0x00, 0x00, 0x06, 0x00, 0x08, 0x00, 0x05, 0x00, 0x06, 0x00, 0x05, 0x02, 0x0d, 0x00, 0x05, 0x00,
    0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x06, 0x00, 0x00, 0x00, 0x02, 0x00, 0x12, 0x00, 0x07, 0x00,
    0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x17, 0x00, 0x09, 0x00,
    0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0d, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x12, 0x00,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x12, 0x00, 0x00, 0x00, 0x00, 0x00, 0x15, 0x00, 0x00, 0x0e,
    0x00, 0x00, 0xff, 0xff, 0x00, 0x0b, 0x00, 0x00, 0x0b, 0x00, 0x00, 0x0b, 0x00, 0x00, 0x02, 0x00,
    0x00, 0x02, 0x00, 0x00, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x00, 0x15, 0x00, 0x00, 0x0e, 0x00, 0x00, 0x02, 0x00, 0x01, 0x0b, 0x00, 0x00, 0x0b,
    0x00, 0x00, 0x0b, 0x00, 0x00, 0x02, 0x00, 0x00, 0x02, 0x00, 0x00, 0x01, 0x00, 0x00, 0x01, 0x00,
    0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x6c, 0x6c, 0x01, 0x00, 0x73, 0x73,
    0x02, 0x00, 0x61, 0x61, 0x03, 0x00, 0x68, 0x68, 0x04, 0x00, 0x6b, 0x6b, 0x05, 0x00, 0x63, 0x63,
    0x07, 0x00, 0x6c, 0x6c, 0x07, 0x00, 0x6e, 0x6e, 0x07, 0x00, 0x22, 0x22, 0x08, 0x00, 0x30, 0x30,
    0x08, 0x00, 0x31, 0x31, 0x09, 0x00, 0x32, 0x39, 0x0a, 0x00, 0x7d, 0x7d, 0x0b, 0x00, 0x30, 0x30,
    0x0c, 0x00, 0x31, 0x39, 0x08, 0x00, 0x7d, 0x7d, 0x0b, 0x00, 0x30, 0x39, 0x08, 0x00, 0x7d, 0x7d,
    0x0b, 0x00, 0x30, 0x30, 0x08, 0x00, 0x7d, 0x7d, 0x0b, 0x00, 0x7b, 0x22, 0x61, 0x6d, 0x70, 0x22,
    0x3a, 0x22, 0x61, 0x79, 0x22, 0x3a, 0x22, 0x74, 0x74, 0x69, 0x61, 0x6c, 0x69, 0x74, 0x63, 0x68,
    0x65, 0x22, 0x2c, 0x22, 0x64, 0x69, 0x6d, 0x22, 0x3a,
};

static const atome_dialogue_t how = {"Q: ", 3, "\nA: ", 4, ATOME_NORMALISE_LOWER, STOP, MOST, 1e30f, 0.0f};

static void fail(const char *what, const char *text)
{
    fprintf(stderr, "%s: %s\n", what, text);
    exit(1);
}

static const char *behind(const char *text, const char *start)
{
    const size_t len = strlen(start);

    return strncmp(text, start, len) == 0 ? text + len : NULL;
}

/* Whether text is a command of lamp_grammar.txt for this question, by another definition. */
static int is_command(const char *text, const char *question)
{
    static const char *const lamps[] = {"hall", "kitchen", "attic"};
    const char *rest = behind(text, "{\"lamp\":\"");
    unsigned i;

    for (i = 0; rest != NULL && i < sizeof lamps / sizeof lamps[0]; i++) {
        const char *number = behind(rest, lamps[i]);
        char expected[8];
        int value;

        number = number == NULL ? NULL : behind(number, "\",\"dim\":");
        for (value = 0; number != NULL && value <= 100; value++) {
            sprintf(expected, "%d}", value);
            if (strcmp(number, expected) == 0) {
                return 1;
            }
        }
    }
    rest = behind(text, "{\"say\":\"");
    if (rest != NULL) {
        const size_t len = strlen(rest);
        char piece[32];

        if (len < 3 || len > 14 || strcmp(rest + len - 2, "\"}") != 0) {
            return 0;
        }
        memcpy(piece, rest, len - 2);
        piece[len - 2] = '\0';
        return strstr(question, piece) != NULL;
    }
    return 0;
}

static void answer(const atome_grammar_t *grammar, const char *question, size_t size)
{
    char text[MOST + 1];
    atome_answer_info_t info;
    const int result = atome_answer_constrained(&model, &state, &how, grammar, question, text, size, &info);

    /* The shortest command without a copy has 23 bytes. */
    if (size <= 23 && result == ATOME_UNSURE && info.doubt == ATOME_DOUBT_IMPOSSIBLE && text[0] == '\0') {
        return;
    }
    if (result != ATOME_SURE || info.doubt != ATOME_DOUBT_NONE || strlen(text) != (size_t)info.length) {
        fail("no answer", question);
    }
    if (!is_command(text, question) || strlen(text) >= size) {
        fail("an answer that is none", text);
    }
}

/* Tokens as text; returns what atome_generate_constrained does. */
static int generate(const atome_grammar_t *grammar, atome_sampler_t *sampler, const char *prompt, char *text)
{
    int tokens[32], output[MOST], i, count;
    const int len = (int)strlen(prompt);

    for (i = 0; i < len; i++) {
        tokens[i] = (unsigned char)prompt[i];
    }
    count = atome_generate_constrained(&model, &state, grammar, sampler, tokens, len, STOP, output, MOST);
    for (i = 0; i < count; i++) {
        text[i] = (char)output[i];
    }
    text[i] = '\0';
    return count;
}

static void with_model(uint32_t seed, const atome_grammar_t *grammar)
{
    static const char question[] = "dim the hall, please, to 40";
    atome_sampler_t sampler;
    char text[MOST + 1];
    size_t size;
    int i;

    for (size = 1; size <= sizeof text; size++) {
        answer(grammar, question, size);
    }
    answer(grammar, "?!", sizeof text);
    for (i = 0; i < 20; i++) {
        atome_sampler_init(&sampler, 1.5f, ATOME_VOCAB_SIZE, 1.0f, seed + (uint32_t)i);
        if (generate(grammar, i == 0 ? NULL : &sampler, question, text) <= 0 || !is_command(text, question)) {
            fail("a text that is no command", text);
        }
    }
}

static void flipped_bits(void)
{
    uint8_t changed[sizeof lamp_table];
    unsigned long bit, refused = 0;
    char text[MOST + 1];

    for (bit = 0; bit < 8ul * sizeof lamp_table; bit += 3) {
        atome_grammar_t grammar;

        memcpy(changed, lamp_table, sizeof changed);
        changed[bit / 8] = (uint8_t)(changed[bit / 8] ^ (1u << (bit % 8)));
        if (atome_grammar_open(&grammar, changed, sizeof changed) != ATOME_OK) {
            refused++;
        } else if (generate(&grammar, NULL, "turn it off", text) > MOST) {
            fail("more than there is room for", text);
        }
    }
    if (refused < sizeof lamp_table) {
        fail("flipped bits", "more of them should be refused");
    }
}

#endif

int main(void)
{
    uint32_t seed;

    for (seed = 1; seed <= MODELS; seed++) {
#ifdef ATOME_ABI_VERSION
        atome_grammar_t grammar;
        size_t len;
        uint8_t *blob = make_model(seed, &len);

        if (atome_load(&model, blob, len) != ATOME_OK ||
            atome_grammar_open(&grammar, lamp_table, sizeof lamp_table) != ATOME_OK) {
            fail("load", "");
        }
        atome_init(&state);
        with_model(seed, &grammar);
        if (seed == 1) {
            flipped_bits();
        }
        free(blob);
#endif
        printf("model %lu: nothing but commands\n", (unsigned long)seed);
    }
    return 0;
}
