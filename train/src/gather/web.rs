//! The web, as far as this program was built with it.

use std::path::PathBuf;

use super::pages::Pages;

/// Loads pages into the folder `cache`, the user's cache folder without one; pages that are there already are not loaded
/// again, unless `refresh` says so. Redirects lead to other hosts only where `other_hosts` is set.
#[cfg(feature = "web")]
pub fn web(cache: Option<PathBuf>, refresh: bool, other_hosts: bool) -> Box<dyn Pages> {
    use super::cache::default_cache;
    use super::fetch::{FetchOptions, Fetcher};

    match cache.map_or_else(default_cache, Ok) {
        Ok(cache) => Box::new(Fetcher::new(cache, FetchOptions { other_hosts, ..FetchOptions::default() }, refresh)),
        Err(why) => Box::new(NoWeb(why)),
    }
}

/// Refuses every page: this program was built without the feature `web`.
#[cfg(not(feature = "web"))]
pub fn web(_cache: Option<PathBuf>, _refresh: bool, _other_hosts: bool) -> Box<dyn Pages> {
    Box::new(NoWeb(WITHOUT.to_owned()))
}

#[cfg(any(test, not(feature = "web")))]
const WITHOUT: &str = "this program was built without the web, expected a file, or a build with the feature `web`";

/// Why there are no pages; files can be had nevertheless.
struct NoWeb(String);

impl Pages for NoWeb {
    fn load(&self, url: &str) -> Result<super::pages::Page, String> {
        Err(format!("{url}: {}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::{build, Source};

    #[test]
    fn without_the_web_pages_are_named_and_skipped() {
        let url = "http://localhost/page";
        let gathered = build(&[Source::parse(url)], &NoWeb(WITHOUT.to_owned()), None, usize::MAX);
        let [failure] = gathered.failures.as_slice() else { panic!("{gathered:?}") };
        assert!(failure.reason.starts_with(url) && failure.reason.contains("the feature `web`"), "{failure:?}");
        assert!(gathered.text.is_empty());
    }
}
