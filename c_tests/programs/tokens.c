/* shape: -DATOME_D_MODEL=6 -DATOME_N_LAYERS=2 -DATOME_D_HEAD=3 -DATOME_VOCAB_SIZE=260 -DATOME_MAX_SEQ=16 -DATOME_KERNEL_SIZE=3 */
/* languages: c c++ */
/*
 * Habit: a model's tokens are subwords. The C99 engine knows none, so its program counts them out by hand; the archive reads
 * the vocabulary in the container, and must come to the same tokens and the same answer. The vocabulary is written from
 * docs/tokens.md alone. Whatever its bytes are, no call goes wrong.
 */
#define ATOME_CONTAINERS
#include "atome.h"

#include "make_container.h"
#include "make_model.h"

enum { SEED = 17, ANSWER = 6, ROOM = 200, SPECIALS = 1, SUBWORDS = 3, ENTRIES = SPECIALS + SUBWORDS };

/* Tokens 256 to 259: one without a text, then subwords in the order of their bytes. */
static const char *const entries[ENTRIES] = {"end", " lamp", "la", "lamp"};

static atome_model_t model;
static atome_state_t state;

#ifdef ATOME_ABI_VERSION

static void expect(const char *what, int wanted, int got)
{
    if (wanted != got) {
        fprintf(stderr, "%s: expected %d, got %d\n", what, wanted, got);
        exit(1);
    }
}

/* Writes a vocabulary to out (which may be NULL); returns its length. */
static size_t write_vocabulary(uint8_t *out)
{
    size_t len = 4 + 2 * 257 + 2 * ENTRIES, end = 0;
    int i, byte;

    if (out != NULL) {
        put_number(out, ENTRIES, 2);
        put_number(out + 2, SPECIALS, 2);
        for (byte = 0; byte < 257; byte++) {
            uint32_t lower = 0;

            for (i = SPECIALS; i < ENTRIES; i++) {
                lower += (uint32_t)((uint8_t)entries[i][0] < byte);
            }
            put_number(out + 4 + 2 * byte, lower, 2);
        }
    }
    for (i = 0; i < ENTRIES; i++) {
        const size_t bytes = strlen(entries[i]);

        if (out != NULL) {
            memcpy(out + len + end, entries[i], bytes);
            put_number(out + 4 + 2 * 257 + 2 * i, (uint32_t)(end + bytes), 2);
        }
        end += bytes;
    }
    return len + end;
}

/* A container without notes and with a vocabulary, whose place is told; in a heap block of exactly its length. */
static uint8_t *pack(const uint8_t *plain, size_t plain_len, size_t *len, size_t *place)
{
    static const uint32_t sizes[] = {ATOME_D_MODEL,    ATOME_N_LAYERS, ATOME_D_HEAD,   ATOME_KERNEL_SIZE, ATOME_N_PATHWAYS,
                                     ATOME_VOCAB_SIZE, ATOME_TOP_K,    ATOME_MAX_SEQ,  0 /* classes */,   1 /* 2-bit */,
                                     2 /* tokenizer */, CONTAINER_ALIGNMENT};
    const size_t table = CONTAINER_HEAD, vocabulary = table + 4 + 12, vocabulary_len = write_vocabulary(NULL);
    const size_t payload = container_payload_at(vocabulary + vocabulary_len - CONTAINER_HEAD, 7);
    uint8_t *out;
    size_t i;

    *len = payload + plain_len + CONTAINER_TAIL;
    *place = vocabulary;
    out = (uint8_t *)calloc(*len, 1);
    if (out == NULL) {
        exit(2);
    }
    memcpy(out, "ATOMEBOX", 8);
    put_number(out + 8, 1, 2);
    put_number(out + 10, 2 /* has parts */, 2);
    put_number(out + 12, (uint32_t)*len, 4);
    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        put_number(out + 16 + 2 * i, sizes[i], 2);
    }
    put_number(out + 44, (uint32_t)payload, 4);
    put_number(out + 48, (uint32_t)plain_len, 4);
    put_number(out + table, 1 /* part */, 1);
    put_number(out + table + 4, 1 /* a vocabulary */, 2);
    put_number(out + table + 8, (uint32_t)vocabulary, 4);
    put_number(out + table + 12, (uint32_t)vocabulary_len, 4);
    write_vocabulary(out + vocabulary);
    memcpy(out + payload, plain, plain_len);
    seal_container(out, *len);
    return out;
}

/* Each bit of the vocabulary and of the table of parts, under a checksum that is right. */
static void every_bit(uint8_t *file, size_t len, size_t from, size_t to)
{
    static const char text[] = "lamp la lamp";
    size_t bit;

    for (bit = 8 * from; bit < 8 * to; bit++) {
        atome_vocabulary_t vocabulary;
        int tokens[sizeof text], i, n, code;

        file[bit / 8] = (uint8_t)(file[bit / 8] ^ (1u << (bit % 8)));
        expect("a flipped bit", ATOME_ERR_DAMAGED, atome_container_vocabulary(file, len, &vocabulary));
        seal_container(file, len);
        code = atome_container_vocabulary(file, len, &vocabulary);
        if (code == ATOME_OK) {
            size_t bytes = 0;

            n = atome_encode(&vocabulary, text, sizeof text, tokens, (int)(sizeof text));
            for (i = 0; i < n; i++) {
                const char *found;
                const int length = atome_decode(&vocabulary, tokens[i], &found);

                if (length < 1 || memcmp(found, text + bytes, (size_t)length) != 0) {
                    expect("a changed vocabulary's text", 0, i);
                }
                bytes += (size_t)length;
            }
            expect("a changed vocabulary's length", (int)(sizeof text), (int)bytes);
        } else if (code != ATOME_ERR_DAMAGED && code != ATOME_ERR_INVALID) {
            expect("a changed vocabulary", ATOME_ERR_DAMAGED, code);
        }
        file[bit / 8] = (uint8_t)(file[bit / 8] ^ (1u << (bit % 8)));
        seal_container(file, len);
    }
}

static uint8_t *file;

/* An answer that has no room is cut, within a token if need be, and says so. */
static void little_room(const atome_dialogue_t *how, const atome_vocabulary_t *vocabulary, const char *text)
{
    size_t size;
    int cut = 0;

    for (size = 1; size <= strlen(text) + 1; size++) {
        char *small = (char *)malloc(size);
        atome_answer_info_t info;
        const int result = atome_answer_tokens(&model, &state, how, vocabulary, "LA lamps", small, size, &info);

        if (strlen(small) >= size || strncmp(small, text, strlen(small)) != 0) {
            fprintf(stderr, "another text is cut\n");
            exit(1);
        }
        if (result == ATOME_UNSURE) {
            cut++;
            expect("cut", ATOME_DOUBT_CUT_OFF, info.doubt);
            expect("what is cut fills the room", (int)size - 1, info.length);
        }
        free(small);
    }
    if (cut == 0 || strlen(text) <= ANSWER) {
        fprintf(stderr, "no token has more than a byte\n");
        exit(1);
    }
}

static void ask(const uint8_t *plain, size_t plain_len, char *text)
{
    atome_dialogue_t how = {"lamp", 4, "", 0, ATOME_NORMALISE_LOWER | ATOME_IN_TOKENS, -1, ANSWER, 1e9f, 0.0f};
    atome_vocabulary_t vocabulary;
    atome_answer_info_t info;
    int tokens[ATOME_MAX_SEQ], n, i;
    size_t len, place;

    file = pack(plain, plain_len, &len, &place);
    every_bit(file, len, CONTAINER_HEAD, place + write_vocabulary(NULL));
    printf("load %d", atome_load(&model, file, len));
    expect("vocabulary", ATOME_OK, atome_container_vocabulary(file, len, &vocabulary));
    n = atome_prompt_tokens(&how, &vocabulary, "LA lamps", tokens, ATOME_MAX_SEQ);
    for (i = 0; i < n; i++) {
        printf(" %d", tokens[i]);
    }
    printf("\n");
    expect("asked in bytes", ATOME_ERR_INVALID, atome_answer(&model, &state, &how, "LA lamps", text, ROOM, &info));
    expect("asked", ATOME_SURE, atome_answer_tokens(&model, &state, &how, &vocabulary, "LA lamps", text, ROOM, &info));
    expect("length", (int)strlen(text), info.length);
    little_room(&how, &vocabulary, text);
}

#else

static uint8_t *file;

static void ask(const uint8_t *plain, size_t plain_len, char *text)
{
    int tokens[ATOME_MAX_SEQ] = {259, 258, 257, 's'}, n;

    printf("load %d 259 258 257 115\n", atome_load(&model, plain, plain_len));
    text[0] = 0;
    for (n = 4; n < 4 + ANSWER; n++) {
        char one[2] = {'?', 0};

        tokens[n] = atome_predict_next(&model, &state, tokens, n);
        if (tokens[n] > 0 && tokens[n] < 256) {
            one[0] = (char)tokens[n];
        }
        strcat(text, tokens[n] > 256 ? entries[tokens[n] - 256] : one);
    }
}

#endif

int main(void)
{
    char text[ROOM];
    size_t len, i;
    uint8_t *plain = make_model(SEED, &len);

    ask(plain, len, text);
    for (i = 0; text[i] != 0; i++) {
        printf("%02x ", (unsigned)(uint8_t)text[i]);
    }
    printf("\n");
    free(file);
    free(plain);
    return 0;
}
