//! The web, as far as this program was built with it.

use std::path::PathBuf;

use super::pages::Pages;

/// Loads pages into the folder `cache`, the user's cache folder without one; pages that are there already are not loaded
/// again, unless `refresh` says so. Redirects lead to other hosts only where `other_hosts` is set. `note` is told what a page
/// waits for.
#[cfg(feature = "web")]
pub fn web(cache: Option<PathBuf>, refresh: bool, other_hosts: bool, note: fn(&str)) -> Box<dyn Pages> {
    use super::cache::default_cache;
    use super::fetch::{FetchOptions, Fetcher};

    let fetcher = move || {
        let options = FetchOptions { other_hosts, note, ..FetchOptions::default() };
        Ok(Fetcher::new(cache.clone().map_or_else(default_cache, Ok)?, options, refresh))
    };
    Box::new(OnDemand { make: fetcher, made: std::cell::OnceCell::new() })
}

/// Pages from what is made for the first of them: without one, no folder is made.
#[cfg(feature = "web")]
struct OnDemand<P, M> {
    make: M,
    made: std::cell::OnceCell<Result<P, String>>,
}

#[cfg(feature = "web")]
impl<P: Pages, M: Fn() -> Result<P, String>> Pages for OnDemand<P, M> {
    fn load(&self, url: &str) -> Result<super::pages::Page, String> {
        match self.made.get_or_init(&self.make) {
            Ok(pages) => pages.load(url),
            Err(why) => NoWeb(why.clone()).load(url),
        }
    }
}

/// Refuses every page: this program was built without the feature `web`.
#[cfg(not(feature = "web"))]
pub fn web(_cache: Option<PathBuf>, _refresh: bool, _other_hosts: bool, _note: fn(&str)) -> Box<dyn Pages> {
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
