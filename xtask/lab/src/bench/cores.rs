//! What `cargo xtask costs` has measured on the emulated cores.

use crate::record::Figures;

/// Instructions on a core.
#[derive(Debug, PartialEq, Eq)]
pub struct OnCore {
    /// Of the C reference at -O2.
    pub c: u64,
    /// Of the archive, in the cached plan.
    pub here: u64,
    /// Which archive: the one that takes least.
    pub with: String,
}

/// One more token after eight; in C a call with one token.
pub fn one_position(figures: &Figures, core: &str, shape: &str) -> Option<OnCore> {
    compare(figures, core, shape, "first", "next")
}

/// Each token that is generated after four.
pub fn generated_token(figures: &Figures, core: &str, shape: &str) -> Option<OnCore> {
    compare(figures, core, shape, "token", "token")
}

/// Each token that is generated after four, with one build of the archive.
pub fn token_with(figures: &Figures, core: &str, shape: &str, build: &str) -> Option<OnCore> {
    let figure = |variant: &str| figures.get(&format!("{core}/{shape}/{variant}/token")).copied();
    Some(OnCore { c: figure("C -O2")?, here: figure(build)?, with: build.to_string() })
}

fn compare(figures: &Figures, core: &str, shape: &str, of_c: &str, of_ours: &str) -> Option<OnCore> {
    let run = format!("{core}/{shape}/");
    let c = *figures.get(&format!("{run}C -O2/{of_c}"))?;
    let ours = figures.iter().filter_map(|(name, &here)| {
        let (variant, what) = name.strip_prefix(&run)?.split_once('/')?;
        let variant = variant.strip_prefix("cached ")?;
        // Of the exact arithmetic: the other one has no equal in C to be compared with.
        (what == of_ours && !variant.starts_with("integer ")).then_some((here, variant))
    });
    ours.min().map(|(here, with)| OnCore { c, here, with: with.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cached_archive_that_takes_least_is_compared() {
        let figures = [
            ("m3/944k/C -O2/first", 900),
            ("m3/944k/C -O2/next", 8000),
            ("m3/944k/cached portable/next", 300),
            ("m3/944k/cached system/next", 290),
            ("m3/944k/lean system/next", 1),
            ("m3/944k/cached integer portable/next", 2),
        ];
        let figures: Figures = figures.map(|(name, figure)| (name.to_string(), figure)).into();
        let expected = OnCore { c: 900, here: 290, with: "system".to_string() };
        assert_eq!(one_position(&figures, "m3", "944k"), Some(expected));
        assert_eq!(generated_token(&figures, "m3", "944k"), None);
        assert_eq!(one_position(&figures, "m0", "944k"), None);
    }
}
