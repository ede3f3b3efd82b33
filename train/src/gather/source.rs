//! Where texts come from.

use std::fmt;
use std::path::PathBuf;

/// A place to take text from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A known collection.
    Named(&'static Named),
    /// A page or file on the web.
    Url(String),
    /// A local file.
    File(PathBuf),
}

/// A known collection.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    /// What users call it.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Its pages or files.
    pub urls: &'static [&'static str],
    /// Hosts, and all below them, that redirects of these pages may lead to.
    pub hosts: &'static [&'static str],
}

/// All known collections.
pub const NAMED: &[Named] = &[
    Named {
        name: "tinystories",
        about: "short stories in simple words: the validation text of TinyStories (CDLA-Sharing-1.0)",
        urls: &["https://huggingface.co/datasets/roneneldan/TinyStories/resolve/main/TinyStories-valid.txt"],
        // Files lie in other places than pages.
        hosts: &["huggingface.co", "hf.co"],
    },
    Named {
        name: "esp-idf",
        about: "pages of the ESP-IDF programming guide (Apache-2.0)",
        urls: &[
            "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/get-started/index.html",
            "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-reference/peripherals/gpio.html",
            "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-reference/peripherals/i2c.html",
            "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-reference/peripherals/uart.html",
            "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-reference/network/esp_wifi.html",
            "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-guides/wifi.html",
            "https://docs.espressif.com/projects/esp-idf/en/stable/esp32/api-guides/build-system.html",
        ],
        hosts: &[],
    },
    Named {
        name: "mcu-wikipedia",
        about: "encyclopedia pages about microcontrollers (CC BY-SA 4.0)",
        urls: &[
            "https://en.wikipedia.org/wiki/Microcontroller",
            "https://en.wikipedia.org/wiki/ESP32",
            "https://en.wikipedia.org/wiki/ARM_Cortex-M",
            "https://en.wikipedia.org/wiki/AVR_microcontrollers",
            "https://en.wikipedia.org/wiki/RISC-V",
            "https://en.wikipedia.org/wiki/Embedded_system",
            "https://en.wikipedia.org/wiki/Real-time_operating_system",
            "https://en.wikipedia.org/wiki/Flash_memory",
        ],
        hosts: &[],
    },
];

impl Source {
    /// What `text` names: a known collection, a URL, else a file. A file of a collection's name is written `./name`.
    pub fn parse(text: &str) -> Self {
        if let Some(named) = NAMED.iter().find(|named| named.name == text) {
            return Self::Named(named);
        }
        let scheme = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
        if scheme("http://") || scheme("https://") {
            return Self::Url(text.to_owned());
        }
        Self::File(PathBuf::from(text))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(named) => f.write_str(named.name),
            Self::Url(url) => f.write_str(url),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_apart() {
        assert!(matches!(Source::parse("tinystories"), Source::Named(named) if named.name == "tinystories"));
        assert_eq!(Source::parse("./tinystories"), Source::File("./tinystories".into()));
        assert_eq!(Source::parse("HTTPS://a.b/c"), Source::Url("HTTPS://a.b/c".to_owned()));
        assert_eq!(Source::parse("notes.txt"), Source::File("notes.txt".into()));
    }
}
