//! `cargo xtask build-web`: crates/web as the site in `target/site`, which any static host can serve.
//!
//! Owns the order of the steps and what they leave out when nothing has changed. Each step has a file of its own below;
//! how the wasm is made is `wasm`'s business.

mod assets;
mod budget;
mod bundle;
mod compress;
mod fonts;
mod icons;
mod licences;
mod page;
mod policy;

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use xshell::Shell;

use crate::console;
use crate::project::Project;
use crate::staging;
use crate::wasm::{Profile, Source, Workshop};
use assets::Assets;
use page::Hub;

/// The crate that the site is made from. What ships of it is built for size alone: of a panic, which the page does not
/// survive, the place in the source and what `{:?}` would print are left out, 7 kB that every customer would wait for.
const SOURCE: Source = Source {
    package: "web",
    feature: None,
    shipping_profile: "web",
    shipping_flags: &["-Zlocation-detail=none", "-Zfmt-debug=none"],
};

/// The languages of the catalogues. A page fetches one of them.
const LANGUAGES: [&str; 2] = ["en", "hi"];

/// What the site is built for.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    profile: Profile,
    /// The hub whose address is written into the page; whoever serves the site fills it in where there is none.
    hub: Option<Hub>,
}

impl Options {
    /// Reads what stands behind the command.
    pub fn parse(arguments: &[&str]) -> Result<Self> {
        let mut values = BTreeMap::new();
        for pair in arguments.chunks(2) {
            let [flag @ ("--profile" | "--hub-url" | "--publishable-key" | "--checkout-url"), value] = pair else {
                bail!("`cargo xtask build-web` does not understand `{}`", pair.join(" "));
            };
            ensure!(values.insert(*flag, *value).is_none(), "{flag} is given twice");
        }
        let profile = Profile::parse(values.get("--profile").unwrap_or(&"release"))?;
        let value = |flag| values.get(flag).copied();
        let hub = match (value("--hub-url"), value("--publishable-key"), value("--checkout-url")) {
            (Some(url), Some(key), checkout) => Some(Hub::new(url, key, checkout)?),
            (None, None, None) => None,
            _ => bail!("a site for a hub needs both --hub-url and --publishable-key"),
        };
        Ok(Self { profile, hub })
    }
}

/// Builds the site, unless it is already made from the same sources.
pub fn run(shell: &Shell, project: &Project, options: &Options) -> Result<()> {
    let workshop = Workshop::open(shell, project, options.profile)?;
    let wasm = workshop.compile(SOURCE)?;
    let site = project.site();
    let stamp_path = site.with_extension("stamp");
    let stamp = stamp(project, options, &workshop, &wasm)?;
    let is_fresh = site.join("index.html").is_file() && fs::read_to_string(&stamp_path).is_ok_and(|old| old == stamp);
    if !is_fresh {
        let builder = Builder { shell, project, options, workshop };
        let bound = builder.bind(&wasm)?;
        staging::replace(&site, |staging| builder.fill(staging, &bound))?;
        fs::write(&stamp_path, stamp)?;
    }
    let unchanged = if is_fresh { ", unchanged" } else { "" };
    let relative = site.strip_prefix(&project.root).unwrap_or(&site);
    console::step(&format!("{}, {}{unchanged}", relative.display(), options.profile.name()));
    budget::check(&site, options.profile == Profile::Release, !is_fresh)
}

/// Everything that decides what the site looks like.
fn stamp(project: &Project, options: &Options, workshop: &Workshop, wasm: &[u8]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    (workshop.tools()?, wasm).hash(&mut hasher);
    format!("{options:?}").hash(&mut hasher);
    for path in files_below(&project.web())? {
        (&path, fs::read(&path)?).hash(&mut hasher);
    }
    fs::read(project.root.join("package-lock.json"))?.hash(&mut hasher);
    // The builder itself: one that was built anew may do anything else than before.
    let builder = fs::metadata(std::env::current_exe()?)?;
    (builder.len(), builder.modified()?).hash(&mut hasher);
    Ok(format!("{:016x}\n", hasher.finish()))
}

/// What lies in the folder at any depth, in the order of the paths.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = vec![];
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// One run of the builder that found something to do.
struct Builder<'a> {
    shell: &'a Shell,
    project: &'a Project,
    options: &'a Options,
    workshop: Workshop<'a>,
}

impl Builder<'_> {
    /// The folder of what is made on the way and does not ship as it is.
    fn workbench(&self) -> PathBuf {
        self.project.wasm_target().join("site")
    }

    /// The wasm and its glue in a folder of their own, `web.js` and `web_bg.wasm`. Kept from the run before while the
    /// compiler's wasm is the same: whoever works on a style need not wait for it.
    fn bind(&self, wasm: &[u8]) -> Result<PathBuf> {
        let folder = self.workbench().join("bound");
        let mut hasher = DefaultHasher::new();
        (self.workshop.tools()?, wasm).hash(&mut hasher);
        let stamp = format!("{:016x}\n", hasher.finish());
        if fs::read_to_string(folder.join("stamp")).is_ok_and(|old| old == stamp) {
            return Ok(folder);
        }
        staging::replace(&folder, |staging| {
            self.workshop
                .bindgen(SOURCE.package, wasm)
                .web(true)?
                // The page says where the wasm lies, since its name holds its hash.
                .omit_default_module_path(true)
                .generate(staging)
                .context("wasm-bindgen refuses the module; does crates/web use the version that xtask pins?")?;
            self.workshop.optimise(&staging.join("web_bg.wasm"))?;
            Ok(fs::write(staging.join("stamp"), stamp)?)
        })?;
        Ok(folder)
    }

    /// Everything that the site consists of, into an empty folder.
    fn fill(&self, staging: &Path, bound: &Path) -> Result<()> {
        let web = self.project.web();
        let is_dev = self.options.profile == Profile::Dev;
        let mut assets = Assets::in_site(staging)?;
        for (name, bytes) in fonts::cut(self.shell, self.project, &self.workbench().join("fonts"))? {
            assets.add(name, &bytes)?;
        }
        assets.add("web.wasm", &fs::read(bound.join("web_bg.wasm"))?)?;
        let bundler = bundle::Bundler::find(self.shell, self.project, is_dev)?;
        let out = self.workbench().join("bundled");
        assets.add("boot.js", &bundler.module(&web.join("js/boot.ts"), &bound.join("web.js"), &out)?)?;
        assets.add("theme.js", &bundler.script(&web.join("js/theme.ts"), &out)?)?;
        let style = assets.fill_in(&bundler.style(&web.join("styles/main.css"), &out)?, "woff2")?;
        assets.add("main.css", style.as_bytes())?;
        for language in LANGUAGES {
            let path = web.join("catalogues").join(format!("{language}.json"));
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let catalogue: serde_json::Value =
                serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))?;
            assets.add(&format!("{language}.json"), serde_json::to_string(&catalogue)?.as_bytes())?;
        }
        let icons = icons::sprite(&self.project.root.join("node_modules/lucide-static/icons"), &web.join("icons.txt"))?;
        let template = fs::read_to_string(web.join("index.html")).context("crates/web has no index.html")?;
        let hub = self.options.hub.as_ref();
        fs::write(staging.join("index.html"), page::page(&template, &assets, &icons, hub)?)?;
        fs::copy(web.join("favicon.svg"), staging.join("favicon.svg")).context("crates/web has no favicon.svg")?;
        let licences = licences::text(self.shell, self.project, &bundle::metafile(&out))?;
        fs::write(staging.join("licences.txt"), licences)?;
        if let Some(hub) = hub {
            fs::write(staging.join("_headers"), page::headers(hub))?;
        }
        // A page whose tokens are still to be filled is compressed by whoever fills them; what is not optimised, by nobody.
        if is_dev { Ok(()) } else { compress::siblings(staging, &self.project.site(), hub.is_some()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Hub, Options, Profile};

    #[test]
    fn a_hub_is_named_whole_or_not_at_all() {
        assert_eq!(Options::parse(&[]).unwrap(), Options { profile: Profile::Release, hub: None });
        assert_eq!(Options::parse(&["--profile", "dev"]).unwrap(), Options { profile: Profile::Dev, hub: None });
        let hub = Hub::new("https://hub.example", "key", None).unwrap();
        assert_eq!(
            Options::parse(&["--publishable-key", "key", "--hub-url", "https://hub.example"]).unwrap().hub,
            Some(hub)
        );
        for wrong in [
            &["--hub-url", "https://hub.example"][..],
            &["--checkout-url", "https://pay.example/a.js"],
            &["--profile"],
            &["--profile", "fast"],
            &["--profile", "dev", "--profile", "dev"],
            &["--colour", "red"],
        ] {
            Options::parse(wrong).unwrap_err();
        }
    }
}
