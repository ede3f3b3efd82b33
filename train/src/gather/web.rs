//! The web, as far as this program was built with it.

use std::path::PathBuf;

use super::pages::Pages;

/// Loads pages into the folder `cache`, the user's cache folder without one; pages that are there already are not loaded
/// again, unless `refresh` says so.
#[cfg(feature = "web")]
pub fn web(cache: Option<PathBuf>, refresh: bool) -> Box<dyn Pages> {
    use super::cache::default_cache;
    use super::fetch::{FetchOptions, Fetcher};

    Box::new(Fetcher::new(cache.unwrap_or_else(default_cache), FetchOptions::default(), refresh))
}

/// Refuses every page: this program was built without the feature `web`.
#[cfg(not(feature = "web"))]
pub fn web(_cache: Option<PathBuf>, _refresh: bool) -> Box<dyn Pages> {
    Box::new(NoWeb)
}

#[cfg(any(test, not(feature = "web")))]
struct NoWeb;

#[cfg(any(test, not(feature = "web")))]
impl Pages for NoWeb {
    fn load(&self, url: &str) -> Result<super::pages::Page, String> {
        Err(format!(
            "{url}: this program was built without the web, expected a file, or a build with the feature `web`"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::{build, Source};

    #[test]
    fn without_the_web_pages_are_named_and_skipped() {
        let url = "http://localhost/page";
        let gathered = build(&[Source::parse(url)], &NoWeb, None, usize::MAX);
        let [failure] = gathered.failures.as_slice() else { panic!("{gathered:?}") };
        assert!(failure.reason.starts_with(url) && failure.reason.contains("the feature `web`"), "{failure:?}");
        assert!(gathered.text.is_empty());
    }
}
