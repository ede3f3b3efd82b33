//! Classes of calls in which the published C99 engine leaves its arrays, follows NULL or is asked for a format that it does
//! not know: no drop-in can promise its bits there. A reference of the user's own gets them only where `--wild` asks it.

use anyhow::{bail, Result};

/// A class of such calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Null,
    Formats,
    Unembed,
    EmptySlot,
    TopK,
}

impl Class {
    pub const ALL: [Self; 5] = [Self::Null, Self::Formats, Self::Unembed, Self::EmptySlot, Self::TopK];

    /// What `--wild` takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Formats => "formats",
            Self::Unembed => "unembed",
            Self::EmptySlot => "empty-slot",
            Self::TopK => "top-k",
        }
    }

    /// The calls, and what the published engine makes of them.
    pub fn reason(self) -> [&'static str; 2] {
        match self {
            Self::Null => ["NULL, a struct that was never loaded", "crashes; answers are checked by the description"],
            Self::Formats => ["a model as ATOME02 or ATOMEP3", "knows ATOME01 and ATOMECL01 only"],
            Self::Unembed => ["a prediction on a classifier's base", "reads base.unembed, which its loader never sets"],
            Self::EmptySlot => ["attention scores NaN or not above -1e30", "reads the value row before the first"],
            Self::TopK => ["attn.top_k edited to 0, or above ATOME_TOP_K", "writes outside its array of scores"],
        }
    }
}

/// Some of the classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes([bool; Class::ALL.len()]);

impl Classes {
    /// Every class.
    pub const ALL: Self = Self([true; Class::ALL.len()]);

    /// By their names, between commas.
    pub fn parse(list: &str) -> Result<Self> {
        let mut classes = Self::default();
        for name in list.split(',') {
            let Some(class) = Class::ALL.into_iter().find(|class| class.name() == name) else {
                bail!("--wild={list}: `{name}` is none of {}", Class::ALL.map(Class::name).join(", "));
            };
            classes.0[class as usize] = true;
        }
        Ok(classes)
    }

    pub fn has(self, class: Class) -> bool {
        self.0[class as usize]
    }

    /// The option that gives these.
    pub fn option(self) -> String {
        let names: Vec<_> = Class::ALL.into_iter().filter(|&class| self.has(class)).map(Class::name).collect();
        match names.len() {
            0 => String::new(),
            count if count == Class::ALL.len() => " --wild".to_string(),
            _ => format!(" --wild={}", names.join(",")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_names_and_others_are_refused() {
        assert_eq!(Classes::parse("null,top-k").unwrap().option(), " --wild=null,top-k");
        assert_eq!((Classes::ALL.option(), Classes::default().option()), (" --wild".to_string(), String::new()));
        assert!(Classes::parse("topk").unwrap_err().to_string().contains("`topk` is none of null, formats"));
    }
}
