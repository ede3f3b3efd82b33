//! Where a redirect may lead.

use ureq::http::Uri;

/// The most redirects of one page.
pub const MOST: usize = 10;

/// The address that `location` names, seen from the page `from`.
///
/// # Errors
/// Why it is not gone to: it is no address of the web, leaves TLS, or another host's, unless it is one of `hosts` or below
/// one, or `anywhere` is set.
pub fn target(from: &Uri, location: &str, hosts: &[&str], anywhere: bool) -> Result<Uri, String> {
    let refused = |why: &str| Err(format!("redirected to {location}: {why}"));
    let Some(to) = joined(from, location).and_then(|text| text.parse::<Uri>().ok()) else {
        return refused("no address of the web");
    };
    let (Some(scheme), Some(host)) = (to.scheme_str(), to.host()) else { return refused("no address of the web") };
    match (from.scheme_str(), scheme) {
        (_, "https") | (Some("http"), "http") => {}
        (_, "http") => return refused("without TLS, expected https as before"),
        _ => return refused("no address of the web"),
    }
    let is_below = |known: &str| host == known || host.strip_suffix(known).is_some_and(|front| front.ends_with('.'));
    let is_same = from.host().is_some_and(|from| from.eq_ignore_ascii_case(host));
    if is_same || anywhere || hosts.iter().any(|known| is_below(known)) {
        return Ok(to);
    }
    refused("another host, expected the same one: name that address, or allow it with --other-hosts")
}

/// The forms that a Location has (RFC 9110, 10.2.2), without dots to resolve: servers do that.
fn joined(from: &Uri, location: &str) -> Option<String> {
    let location = location.split('#').next().unwrap_or_default();
    let (scheme, authority) = (from.scheme_str()?, from.authority()?);
    let has_scheme = location.split(['/', '?']).next().is_some_and(|start| start.contains(':'));
    Some(match location {
        absolute if has_scheme => absolute.to_owned(),
        other if other.starts_with("//") => format!("{scheme}:{other}"),
        path if path.starts_with('/') => format!("{scheme}://{authority}{path}"),
        query if query.starts_with('?') => format!("{scheme}://{authority}{}{query}", from.path()),
        beside => {
            let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{scheme}://{authority}{folder}/{beside}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(from: &str, location: &str, anywhere: bool) -> Result<String, String> {
        target(&from.parse().unwrap(), location, &["hf.co"], anywhere).map(|uri| uri.to_string())
    }

    #[test]
    fn redirects_stay_where_they_are() {
        let from = "https://a.org/b/c?d";
        for (location, expected) in [
            ("/x", "https://a.org/x"),
            ("x?y#z", "https://a.org/b/x?y"),
            ("?q", "https://a.org/b/c?q"),
            ("//a.org/x", "https://a.org/x"),
            ("https://A.org:8443/x", "https://A.org:8443/x"),
            ("https://cdn.hf.co/x", "https://cdn.hf.co/x"),
        ] {
            assert_eq!(to(from, location, false).unwrap(), expected, "{location}");
        }
        assert_eq!(to("http://a.org/b", "https://a.org/b", false).unwrap(), "https://a.org/b");
        for location in ["https://b.org/x", "//b.org/", "https://a.org.evil.net/", "https://evilhf.co/x"] {
            assert!(to(from, location, false).unwrap_err().contains("another host"), "{location}");
            assert!(to(from, location, true).is_ok(), "{location}");
        }
        for location in
            ["http://a.org/x", "file:///etc/passwd", "ftp://a.org/", "javascript:x", "https://", "http://a b/"]
        {
            assert!(to(from, location, true).is_err(), "{location}");
        }
    }
}
