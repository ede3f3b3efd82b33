//! The sizes in a sidecar's text.

use anyhow::{bail, Result};
use atome_train::encoding::plain;
use serde_json::Value;

use crate::sizes::Key;

/// The sizes that a sidecar names; other keys are left alone.
pub fn parse(text: &[u8]) -> Result<Vec<(Key, usize)>> {
    let Value::Object(config) = serde_json::from_str(&plain(text)?)? else {
        bail!("expected a JSON object, such as {{\"d_model\": 64, ...}}");
    };
    let mut found = Vec::new();
    for key in Key::ALL {
        if let Some(value) = config.get(key.name()) {
            let size = value.as_u64().and_then(|size| u16::try_from(size).ok()).filter(|&size| size > 0);
            let Some(size) = size else {
                bail!("{} is {value}, expected an integer from 1 to 65535", key.name());
            };
            found.push((key, usize::from(size)));
        }
    }
    Ok(found)
}
