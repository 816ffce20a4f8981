//! The files below `assets/`, named after what is in them, so that a browser may keep them for ever.
//!
//! Owns the names. What is in the files is the other steps' business.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

/// The folder's name in the site.
pub const FOLDER: &str = "assets";

/// Hexadecimal digits of the hash: 40 bits tell apart whatever a site was ever made of.
const HASH_LENGTH: usize = 10;

/// The assets of a site that is being made.
pub struct Assets {
    folder: PathBuf,
    /// From the name as the sources have it, `boot.js`, to the one with the hash.
    names: BTreeMap<String, String>,
}

impl Assets {
    /// Those of the site in the folder: none yet.
    pub fn in_site(site: &Path) -> Result<Self> {
        let folder = site.join(FOLDER);
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, names: BTreeMap::new() })
    }

    /// Writes an asset, which the sources know as `name`.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let hashed = hashed_name(name, bytes)?;
        fs::write(self.folder.join(&hashed), bytes)?;
        ensure!(self.names.insert(name.to_owned(), hashed).is_none(), "two assets are called {name}");
        Ok(())
    }

    /// The path of the asset in the site.
    pub fn path(&self, name: &str) -> Result<String> {
        let hashed = self.names.get(name).with_context(|| format!("no asset is called {name}"))?;
        Ok(format!("{FOLDER}/{hashed}"))
    }

    /// The style with the names of the assets of that kind replaced by what they are called in the site, beside which it
    /// will lie. Every one of them must occur: what nothing refers to must not ship.
    pub fn fill_in(&self, style: &str, extension: &str) -> Result<String> {
        let mut filled = style.to_owned();
        for (name, hashed) in &self.names {
            if name.ends_with(&format!(".{extension}")) {
                // As the whole address, with or without a folder or quotes before it: one name may end with another.
                let places = ["(", "\"", "'", "/"].map(|before| format!("{before}{name}"));
                ensure!(places.iter().any(|place| filled.contains(place)), "no style refers to {name}");
                for place in places {
                    let kept = place.strip_suffix(name.as_str()).unwrap_or_default();
                    filled = filled.replace(&place, &format!("{kept}{hashed}"));
                }
            }
        }
        Ok(filled)
    }
}

#[cfg(test)]
impl Assets {
    /// One that is said to be there.
    pub fn named(name: &str, hashed: &str) -> Self {
        Self { folder: PathBuf::new(), names: [(name.to_owned(), hashed.to_owned())].into() }
    }
}

/// `boot.js` as `boot-0123456789.js`.
fn hashed_name(name: &str, bytes: &[u8]) -> Result<String> {
    let (stem, extension) = name.rsplit_once('.').with_context(|| format!("{name} has no extension"))?;
    let digest = Sha256::digest(bytes);
    let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let hash = hash.get(..HASH_LENGTH).context("a hash is longer than this")?;
    Ok(format!("{stem}-{hash}.{extension}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use super::{Assets, hashed_name};

    fn assets(names: &[(&str, &str)]) -> Assets {
        let names: BTreeMap<_, _> = names.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        Assets { folder: PathBuf::new(), names }
    }

    #[test]
    fn a_name_holds_the_first_digits_of_the_hash() {
        // The SHA-256 of nothing at all begins with these digits.
        assert_eq!(hashed_name("boot.js", b"").unwrap(), "boot-e3b0c44298.js");
        assert_ne!(hashed_name("boot.js", b"a").unwrap(), hashed_name("boot.js", b"b").unwrap());
        hashed_name("boot", b"").unwrap_err();
    }

    #[test]
    fn a_style_refers_to_every_font_by_its_new_name() {
        let assets = assets(&[("a.woff2", "a-1.woff2"), ("big-a.woff2", "big-a-2.woff2"), ("b.js", "b-3.js")]);
        let style = "x{src:url(a.woff2)}y{src:url(\"big-a.woff2\")}";
        assert_eq!(assets.fill_in(style, "woff2").unwrap(), "x{src:url(a-1.woff2)}y{src:url(\"big-a-2.woff2\")}");
        assets.fill_in("x{src:url(a.woff2)}", "woff2").unwrap_err();
    }

    #[test]
    fn an_asset_that_was_not_added_has_no_path() {
        let assets = assets(&[("b.js", "b-3.js")]);
        assert_eq!(assets.path("b.js").unwrap(), "assets/b-3.js");
        assets.path("c.js").unwrap_err();
    }
}
