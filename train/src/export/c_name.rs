//! Names for C sources: what a model's array is called.

use std::fmt;

/// Why a name cannot be a model's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// Not a letter, then letters, digits and single underscores.
    NoIdentifier,
    /// A word of C or C++.
    Keyword,
    /// Declared or defined by compilers or the C library.
    CLibrary,
    /// Begins with `atome_`.
    OfTheLibrary,
    /// What programs call their own variables, as all of this project's examples do.
    OfPrograms,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoIdentifier => "expected a letter, then letters, digits and single underscores",
            Self::Keyword => "a word of C or C++, expected another name",
            Self::CLibrary => "a name of the C library or of compilers, expected another one",
            Self::OfTheLibrary => "names that begin with atome_ are those of atome.h, expected another one",
            Self::OfPrograms => "what programs call a variable of their own, expected another name",
        })
    }
}

impl std::error::Error for NameError {}

/// Of C up to C23 and C++ up to C++23.
const KEYWORDS: &str = "
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class co_await co_return
co_yield compl concept const const_cast consteval constexpr constinit continue decltype default delete do double dynamic_cast
else enum explicit export extern false final float for friend goto if import inline int long module mutable namespace new
noexcept not not_eq nullptr operator or or_eq override private protected public register reinterpret_cast requires restrict
return short signed sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef
typeid typename typeof typeof_unqual union unsigned using virtual void volatile wchar_t while xor xor_eq";

/// Functions, types, variables and macros of the C library that every program sees or compilers know, and macros that some
/// compilers define unasked.
const C_LIBRARY: &str = "
main errno assert offsetof NULL EOF stdin stdout stderr FILE size_t ssize_t ptrdiff_t intptr_t uintptr_t int8_t int16_t int32_t
int64_t uint8_t uint16_t uint32_t uint64_t time_t clock_t va_list div_t ldiv_t jmp_buf sig_atomic_t std
linux unix arm i386 mips sparc vax sun hpux near far interrupt
abort abs atexit atof atoi atol atoll bsearch calloc div exit free getenv labs llabs ldiv malloc qsort rand realloc srand strtod
strtof strtol strtoul system random
clearerr fclose feof ferror fflush fgetc fgets fopen fprintf fputc fputs fread freopen fscanf fseek ftell fwrite getc getchar gets
perror printf putc putchar puts remove rename rewind scanf setbuf snprintf sprintf sscanf tmpfile tmpnam ungetc vprintf
memchr memcmp memcpy memmove memset strcat strchr strcmp strcpy strdup strlen strncat strncmp strncpy strstr strtok strerror
index rindex bcmp bcopy bzero ffs
isalnum isalpha iscntrl isdigit isgraph islower isprint ispunct isspace isupper isxdigit tolower toupper
acos asin atan atan2 cbrt ceil copysign cos cosh erf exp exp2 expm1 fabs fdim floor fma fmax fmin fmod frexp gamma hypot ldexp
lgamma log log10 log1p log2 logb modf pow remainder rint round scalb signbit significand sin sinh sqrt tan tanh tgamma trunc
drem expf fabsf logf sinf cosf sqrtf tanhf powf fmodf floorf ceilf roundf y0 y1 yn j0 j1 jn pow10 sincos
asctime clock ctime difftime gmtime localtime mktime strftime time
accept access alarm bind brk chdir close connect creat dup environ execl execv fork getpid ioctl kill link listen longjmp lseek
nice open pause pipe poll raise read reboot recv sbrk select send setjmp shutdown signal sleep socket stat swab sync times
truncate umask unlink wait write";

/// Variables of programs in the examples and the documentation.
const OF_PROGRAMS: &str = "model state classifier clf sampler tokens prompt blob output";

fn is_among(words: &str, name: &str) -> bool {
    words.split_ascii_whitespace().any(|word| word == name)
}

/// Whether a model may have this name: of its array, and, in capitals and with more behind it, of macros.
pub fn check_name(name: &str) -> Result<(), NameError> {
    let is_identifier = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !name.contains("__");
    if !is_identifier {
        return Err(NameError::NoIdentifier);
    }
    if name.to_ascii_lowercase().starts_with("atome_") || name == "atome" {
        return Err(NameError::OfTheLibrary);
    }
    for (words, error) in
        [(KEYWORDS, NameError::Keyword), (C_LIBRARY, NameError::CLibrary), (OF_PROGRAMS, NameError::OfPrograms)]
    {
        if is_among(words, name) {
            return Err(error);
        }
    }
    Ok(())
}

/// A C identifier that resembles `stem`, such as a file's name without its extension: the start of macros, in capitals.
pub fn macro_stem(stem: &str) -> String {
    let mut name = String::new();
    for character in stem.chars() {
        let character = if character.is_ascii_alphanumeric() { character } else { '_' };
        if character != '_' || !name.ends_with('_') {
            name.push(character);
        }
    }
    let name = name.trim_end_matches('_');
    // Names that begin with a digit are none, those that begin with an underscore are the compiler's.
    let is_free = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if is_free && check_name(name) != Err(NameError::OfTheLibrary) {
        return name.to_owned();
    }
    let separator = if name.is_empty() || name.starts_with('_') { "" } else { "_" };
    format!("model{separator}{name}")
}

/// The name of an array that [`check_name`] accepts, made of the stem of a file's name.
pub fn identifier(stem: &str) -> String {
    let name = macro_stem(stem);
    match check_name(&name) {
        Ok(()) => name,
        Err(_) => format!("{name}_data"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_resemble_the_file() {
        for (stem, expected) in [
            ("model_data", "model_data"),
            ("my model-1.2", "my_model_1_2"),
            ("1m", "model_1m"),
            ("_x", "model_x"),
            ("", "model_data"),
            ("Modell-\u{e4}", "Modell"),
            ("a--b", "a_b"),
            ("default", "default_data"),
            ("for", "for_data"),
            ("main", "main_data"),
            ("model", "model_data"),
            ("atome_load", "model_atome_load"),
            ("ATOME_H", "model_ATOME_H"),
            ("atome", "model_atome"),
            ("linux", "linux_data"),
            ("notes", "notes"),
        ] {
            assert_eq!(identifier(stem), expected, "{stem}");
        }
    }

    #[test]
    fn every_word_becomes_a_name_that_may_be_used() {
        for word in [KEYWORDS, C_LIBRARY, OF_PROGRAMS].into_iter().flat_map(str::split_ascii_whitespace) {
            assert!(check_name(word).is_err(), "{word}");
            assert_eq!(check_name(&identifier(word)), Ok(()), "{word}");
        }
        for stem in ["", "_", "__", "-", "9", "\u{e4}", "atome_", "atome__x", "Atome_Load", "a__"] {
            assert_eq!(check_name(&identifier(stem)), Ok(()), "{stem}: {}", identifier(stem));
        }
    }

    /// Everything that a program sees through our header.
    #[test]
    fn no_name_is_one_of_the_headers() {
        let header = include_str!("../../../include/atome.h");
        let words = header.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        let ours: Vec<&str> = words.filter(|word| word.starts_with("atome_") || word.starts_with("ATOME_")).collect();
        assert!(ours.len() > 100);
        for name in ours {
            assert_eq!(
                check_name(name),
                Err(if name.contains("__") { NameError::NoIdentifier } else { NameError::OfTheLibrary })
            );
        }
    }

    #[test]
    fn names_that_are_wrong_say_why() {
        for (name, error) in [
            ("9x", NameError::NoIdentifier),
            ("_x", NameError::NoIdentifier),
            ("a b", NameError::NoIdentifier),
            ("a__b", NameError::NoIdentifier),
            ("\u{e4}", NameError::NoIdentifier),
            ("", NameError::NoIdentifier),
            ("class", NameError::Keyword),
            ("printf", NameError::CLibrary),
            ("atome_model_t", NameError::OfTheLibrary),
            ("state", NameError::OfPrograms),
        ] {
            assert_eq!(check_name(name), Err(error), "{name}");
        }
    }
}
