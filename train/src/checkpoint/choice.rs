//! Which of a file's tensors are the weights: trainings write them under many names.
//!
//! A set of weights is known by its embedding: whatever stands in front of that name stands in front of all its names.

use std::collections::{BTreeMap, BTreeSet};

use super::error::ContentError;
use super::names::{is_part_of_a_model, LATEST, MEAN, SQUARE};

/// What each kind of model has one of.
const EMBEDDINGS: [&str; 2] = ["embed.weight", "tok_embed.weight"];

/// Names that a whole set of weights has besides.
const REST: [&[&str]; 2] = [&["unembed.weight"], &["final_norm.weight", "norm_final.weight"]];

/// Parts of names that compilers and distributed trainings put in. No tensor of a model has one.
const WRAPPERS: [&str; 5] =
    ["_orig_mod", "module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"];

/// Words for sets that lie beside the weights: averages, older ones, and what an optimiser remembers.
const COPIES: [&str; 19] = [
    "ema",
    "swa",
    "avg",
    "average",
    "averaged",
    "shadow",
    "teacher",
    "target",
    "best",
    "previous",
    "prev",
    "old",
    "initial",
    "init",
    "optimizer",
    "optimiser",
    "optim",
    "opt",
    "adam",
];

/// Names that a message lists.
const LISTED: usize = 12;

/// A tensor of a file, before its values are read.
#[derive(Clone, Debug)]
pub struct Listed<'a> {
    /// Its name: keys and attributes that lead to it, with dots between them.
    pub name: String,
    /// Where its values lie, for files in which two tensors can share them.
    pub place: Option<(&'a str, usize)>,
}

/// The weights of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Their name without wrappers: what stands in front of the names of all their tensors, without its last dot.
    pub label: String,
    /// Of each tensor that belongs to them, its index in the list and its name in a model.
    pub tensors: Vec<(usize, String)>,
    /// Labels of other whole sets in the file.
    pub others: Vec<String>,
}

/// Finds the weights among all tensors of a file: those named `asked`, else the ones that are clearly meant. `None` where
/// nothing is named like the weights of a model.
///
/// # Errors
/// [`ContentError::Weights`] where several sets could be meant, or none is named like that.
pub fn choose(listed: &[Listed<'_>], asked: Option<&str>) -> Result<Option<Choice>, ContentError> {
    let sets = sets(listed);
    let taken = match asked {
        None if sets.is_empty() => return Ok(None),
        None => clear(&sets, listed)?,
        Some(asked) => named(&sets, asked, listed)?,
    };
    let others = sets.iter().filter(|set| set.label != taken.label && set.is_whole()).map(|set| set.shown()).collect();
    Ok(Some(Choice { label: taken.label.clone(), tensors: taken.tensors.clone(), others }))
}

/// A label as a message shows it.
pub fn shown(label: &str) -> String {
    if label.is_empty() {
        return ".".to_owned();
    }
    label.chars().flat_map(char::escape_debug).take(200).collect()
}

/// The names of a file's tensors for a message: the first ones, and how many there are.
pub fn names<'n>(all: impl ExactSizeIterator<Item = &'n str>) -> String {
    let count = all.len();
    let names: Vec<String> = all.take(LISTED).map(shown).collect();
    match count {
        0 => "no tensor".to_owned(),
        1 => format!("1 tensor: {}", names.join(", ")),
        count if count > LISTED => format!("{count} tensors: {}, ...", names.join(", ")),
        count => format!("{count} tensors: {}", names.join(", ")),
    }
}

/// Tensors whose names begin alike.
#[derive(Debug, Default)]
struct Set {
    label: String,
    tensors: Vec<(usize, String)>,
}

impl Set {
    fn has(&self, name: &str) -> bool {
        self.tensors.iter().any(|(_, own)| own == name)
    }

    /// Whether nothing is missing that every model has.
    fn is_whole(&self) -> bool {
        REST.iter().all(|names| names.iter().any(|name| self.has(name)))
            && self.tensors.iter().any(|(_, name)| name.starts_with("blocks."))
    }

    fn is_copy(&self) -> bool {
        self.label.split(['.', '_', '-']).any(|word| COPIES.contains(&word.to_ascii_lowercase().as_str()))
    }

    fn shown(&self) -> String {
        shown(&self.label)
    }

    /// Names and places of the model's tensors, where every one has a place.
    fn places<'a>(&self, listed: &[Listed<'a>]) -> Option<BTreeMap<&str, (&'a str, usize)>> {
        let of_a_model = self.tensors.iter().filter(|(_, name)| is_part_of_a_model(name));
        of_a_model.map(|(index, name)| Some((name.as_str(), listed.get(*index)?.place?))).collect()
    }
}

/// All sets, in the order of the file.
fn sets(listed: &[Listed<'_>]) -> Vec<Set> {
    let names = without_wrappers(listed);
    let mut labels: BTreeMap<&str, usize> = BTreeMap::new();
    let mut sets: Vec<Set> = Vec::new();
    for name in &names {
        if let Some(label) = label(name) {
            labels.entry(label).or_insert_with(|| {
                sets.push(Set { label: label.to_owned(), tensors: Vec::new() });
                sets.len() - 1
            });
        }
    }
    for (index, name) in names.iter().enumerate() {
        // The longest label that it begins with.
        let ends = name.rmatch_indices('.').map(|(dot, _)| dot);
        let in_set = |label: &str, rest: &str| labels.get(label).map(|&set| (set, rest.to_owned()));
        let found = ends.filter_map(|dot| in_set(name.get(..dot)?, name.get(dot + 1..)?)).next();
        if let Some((set, rest)) = found.or_else(|| in_set("", name)) {
            if let Some(set) = sets.get_mut(set) {
                set.tensors.push((index, rest));
            }
        }
    }
    sets
}

/// What stands in front of an embedding's name. The optimiser's memory in our own checkpoints is no set of weights.
fn label(name: &str) -> Option<&str> {
    EMBEDDINGS.iter().find_map(|embedding| match name.strip_suffix(embedding)? {
        "" => Some(""),
        MEAN | SQUARE | LATEST => None,
        front => front.strip_suffix('.'),
    })
}

/// The names less the parts that say how a model was wrapped. One that would then be another's stays as it is.
fn without_wrappers(listed: &[Listed<'_>]) -> Vec<String> {
    let bare = |name: &str| -> String {
        name.split('.').filter(|part| !WRAPPERS.contains(part)).collect::<Vec<_>>().join(".")
    };
    let mut taken: BTreeSet<String> = listed.iter().map(|tensor| tensor.name.clone()).collect();
    let unwrapped = |tensor: &Listed<'_>| {
        let bare = bare(&tensor.name);
        match taken.insert(bare.clone()) {
            true => bare,
            false => tensor.name.clone(),
        }
    };
    listed.iter().map(unwrapped).collect()
}

/// The set that is clearly meant.
fn clear<'s>(sets: &'s [Set], listed: &[Listed<'_>]) -> Result<&'s Set, ContentError> {
    let whole: Vec<&Set> = sets.iter().filter(|set| set.is_whole()).collect();
    let all: Vec<&Set> = if whole.is_empty() { sets.iter().collect() } else { whole };
    let plain: Vec<&Set> = all.iter().copied().filter(|set| !set.is_copy()).collect();
    let meant = if plain.is_empty() { all } else { plain };
    match meant.as_slice() {
        [only] => Ok(only),
        // A model and its compiled self, for example.
        [first, others @ ..] if are_one(first, others, listed) => Ok(first),
        several => {
            let labels: Vec<String> = several.iter().take(LISTED).map(|set| set.shown()).collect();
            Err(ContentError::Weights(format!(
                "several sets of weights, under {}: --weights NAME takes one",
                labels.join(", ")
            )))
        }
    }
}

/// Whether all sets have the same values in memory.
fn are_one(first: &Set, others: &[&Set], listed: &[Listed<'_>]) -> bool {
    let places = first.places(listed);
    places.is_some() && others.iter().all(|other| other.places(listed) == places)
}

/// The set with this label, or the only one that has it as a part of its own.
fn named<'s>(sets: &'s [Set], asked: &str, listed: &[Listed<'_>]) -> Result<&'s Set, ContentError> {
    let bare = if asked == "." { "" } else { asked };
    if let Some(set) = sets.iter().find(|set| set.label == bare) {
        return Ok(set);
    }
    let dotted = format!(".{bare}.");
    let found: Vec<&Set> = sets.iter().filter(|set| format!(".{}.", set.label).contains(&dotted)).collect();
    if let [only] = found.as_slice() {
        return Ok(only);
    }
    let there = if found.is_empty() { sets.iter().collect() } else { found };
    let labels: Vec<String> = there.iter().take(LISTED).map(|set| set.shown()).collect();
    let there = match labels.as_slice() {
        [] => format!("no weights; it has {}", names(listed.iter().map(|tensor| tensor.name.as_str()))),
        labels => format!("weights under {}", labels.join(", ")),
    };
    Err(ContentError::Weights(format!("--weights {}: the file has {there}", shown(asked))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with a whole model behind each of `fronts`.
    fn file(fronts: &[&str]) -> Vec<Listed<'static>> {
        let parts = ["embed.weight", "blocks.0.norm.weight", "final_norm.weight", "unembed.weight"];
        let names = fronts.iter().flat_map(|front| parts.map(|part| format!("{front}{part}")));
        names.map(|name| Listed { name, place: None }).collect()
    }

    fn taken(fronts: &[&str], asked: Option<&str>) -> Result<String, String> {
        match choose(&file(fronts), asked) {
            Ok(choice) => Ok(choice.unwrap().label),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn prefixes_of_every_kind_are_seen_through() {
        for (front, label) in [
            ("", ""),
            ("_orig_mod.", ""),
            ("module._orig_mod.", ""),
            ("_orig_mod.module.", ""),
            ("model._orig_mod.module.", "model"),
            ("module.model.", "model"),
            ("model.model.", "model.model"),
            ("state_dict.model.net.", "state_dict.model.net"),
        ] {
            let choice = choose(&file(&[front]), None).unwrap().unwrap();
            assert_eq!((choice.label.as_str(), choice.tensors.len()), (label, 4), "{front}");
            assert_eq!(choice.tensors[1], (1, "blocks.0.norm.weight".to_owned()));
        }
        let inside = ["embed._orig_mod.weight", "blocks.0._checkpoint_wrapped_module.norm.weight"];
        let inside: Vec<Listed<'_>> = inside.map(|name| Listed { name: name.to_owned(), place: None }).to_vec();
        let names = choose(&inside, None).unwrap().unwrap().tensors;
        assert_eq!(names, [(0, "embed.weight".to_owned()), (1, "blocks.0.norm.weight".to_owned())]);
    }

    #[test]
    fn weights_are_preferred_to_averages_and_the_rest_is_told() {
        let choice = choose(&file(&["ema.", "model.", "optimizer.state."]), None).unwrap().unwrap();
        assert_eq!((choice.label.as_str(), choice.others), ("model", vec!["ema".into(), "optimizer.state".into()]));
        assert_eq!(taken(&["ema_model.module."], None).unwrap(), "ema_model");
        assert_eq!(taken(&["", "ema."], None).unwrap(), "");
        assert_eq!(taken(&["checkpoint.model.", "checkpoint.model_ema."], None).unwrap(), "checkpoint.model");
        // A schema is no average.
        assert!(taken(&["schema.", "model."], None).is_err());
    }

    #[test]
    fn a_whole_set_is_preferred_to_a_part() {
        let mut listed = file(&["model."]);
        listed.push(Listed { name: "adapter.embed.weight".to_owned(), place: None });
        assert_eq!(choose(&listed, None).unwrap().unwrap().label, "model");
        assert_eq!(choose(&listed, Some("adapter")).unwrap().unwrap().label, "adapter");
    }

    #[test]
    fn what_is_not_clear_is_asked_for() {
        let message = taken(&["a.", "b."], None).unwrap_err();
        assert_eq!(message, "several sets of weights, under a, b: --weights NAME takes one");
        assert_eq!(taken(&["a.", "b."], Some("b")).unwrap(), "b");
        assert_eq!(taken(&["", "b."], Some(".")).unwrap(), "");
        assert_eq!(taken(&["x.ema_model.", "x.model."], Some("ema_model")).unwrap(), "x.ema_model");
        assert_eq!(taken(&["x.model.", "y.model."], Some("x")).unwrap(), "x.model");
        let message = taken(&["x.model.", "y.model."], Some("model")).unwrap_err();
        assert_eq!(message, "--weights model: the file has weights under x.model, y.model");
        let message = taken(&["a."], Some("mod\u{1b}el")).unwrap_err();
        assert_eq!(message, "--weights mod\\u{1b}el: the file has weights under a");
        let other = [Listed { name: "w".to_owned(), place: None }];
        assert_eq!(choose(&other, None).unwrap(), None);
        let message = choose(&other, Some("ema")).unwrap_err().to_string();
        assert_eq!(message, "--weights ema: the file has no weights; it has 1 tensor: w");
    }

    #[test]
    fn two_names_of_one_memory_are_one_set() {
        let mut listed = file(&["model.", "compiled."]);
        for (index, tensor) in listed.iter_mut().enumerate() {
            tensor.place = Some(("0", index % 4));
        }
        assert_eq!(choose(&listed, None).unwrap().unwrap().label, "model");
        listed[5].place = Some(("1", 0));
        assert!(choose(&listed, None).is_err());
    }

    #[test]
    fn a_wrapped_twin_stays_apart() {
        let message = taken(&["", "module."], None).unwrap_err();
        assert_eq!(message, "several sets of weights, under ., module: --weights NAME takes one");
    }
}
