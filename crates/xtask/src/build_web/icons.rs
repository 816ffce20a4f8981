//! The icons as one hidden picture in the page, from which each use draws its own.
//!
//! Owns how a Lucide file becomes a symbol. Which icons there are is said in crates/web/icons.txt; how thick their lines
//! are, by the styles.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// The icons that the list names, as HTML.
pub fn sprite(library: &Path, list: &Path) -> Result<String> {
    let list = fs::read_to_string(list).with_context(|| format!("cannot read {}", list.display()))?;
    let mut symbols = vec![];
    for name in names(&list)? {
        let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let file = library.join(format!("{name}.svg"));
        ensure!(is_name && file.is_file(), "icons.txt: Lucide has no icon `{name}`");
        symbols.push(symbol(name, &fs::read_to_string(file)?)?);
    }
    // `hidden` is HTML's, and needs no style.
    Ok(format!("<div hidden><svg>{}</svg></div>", symbols.concat()))
}

/// One name a line; `#` begins a remark.
fn names(list: &str) -> Result<Vec<&str>> {
    let lines = list.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let names: Vec<&str> = lines.filter(|name| !name.is_empty()).collect();
    for (place, name) in names.iter().enumerate() {
        ensure!(!names.iter().take(place).any(|earlier| earlier == name), "icons.txt: `{name}` stands there twice");
    }
    Ok(names)
}

/// What the file draws, without what it says of colour and lines: those are the place's that uses it.
fn symbol(name: &str, svg: &str) -> Result<String> {
    let shape = || {
        let (_, rest) = svg.split_once("<svg")?;
        let (head, rest) = rest.split_once('>')?;
        let (shapes, _) = rest.split_once("</svg>")?;
        head.contains("viewBox=\"0 0 24 24\"").then_some(shapes)
    };
    let shapes = shape().with_context(|| format!("Lucide's {name}.svg has a shape of its own"))?;
    let shapes: String = shapes.lines().map(str::trim).collect();
    Ok(format!("<symbol id=\"i-{name}\" viewBox=\"0 0 24 24\">{}</symbol>", shapes.replace(" />", "/>")))
}

#[cfg(test)]
mod tests {
    use super::{names, symbol};

    #[test]
    fn a_symbol_keeps_the_shapes_and_nothing_else() {
        let svg = "<!-- a licence -->\n<svg\n  class=\"x\"\n  viewBox=\"0 0 24 24\"\n  fill=\"none\"\n>\n  \
                   <path d=\"M5 12h14\" />\n  <circle r=\"1\" />\n</svg>\n";
        assert_eq!(
            symbol("minus", svg).unwrap(),
            "<symbol id=\"i-minus\" viewBox=\"0 0 24 24\"><path d=\"M5 12h14\"/><circle r=\"1\"/></symbol>"
        );
        symbol("minus", &svg.replace("24 24", "32 32")).unwrap_err();
        symbol("minus", "not a picture").unwrap_err();
    }

    #[test]
    fn the_list_holds_a_name_a_line_once() {
        assert_eq!(names("# Of the sidebar\nfilm\n\n  clock # of the session\n").unwrap(), ["film", "clock"]);
        names("film\nfilm\n").unwrap_err();
    }
}
