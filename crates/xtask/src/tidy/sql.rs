//! How SQL is written, and how its tests are numbered.

use super::Complaints;
use super::tree::Tree;

/// Words that are keywords wherever they stand alone. Not all of them: enough to catch a file in capitals.
const KEYWORDS: &str = "ADD ALTER AND AS BEGIN BY CASCADE CASE COMMIT CONSTRAINT CREATE DECLARE DEFAULT DELETE DO DROP \
    ELSE ELSIF END EXECUTE EXISTS FOR FOREIGN FROM FUNCTION GRANT IF IN INDEX INSERT INTO IS JOIN KEY LANGUAGE LIMIT \
    LOOP NOT NULL ON OR ORDER PERFORM POLICY PRIMARY RAISE REFERENCES REPLACE RETURN RETURNING RETURNS REVOKE SELECT \
    SET TABLE THEN TO TRIGGER UNIQUE UPDATE USING VALUES VIEW WHEN WHERE WITH";

/// Lowercase keywords in every SQL file; tests numbered from 01 without gaps.
pub fn check(tree: &Tree, complaints: &mut Complaints) {
    let keywords: Vec<&str> = KEYWORDS.split_whitespace().collect();
    for file in tree.with("sql") {
        let code = without_text(&file.text);
        for (number, line) in (1_usize..).zip(code.lines()) {
            let words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            for word in words.filter(|word| keywords.contains(word)) {
                complaints.push(format!("{}:{number}: keywords are lowercase, `{word}` is not", file.path));
            }
        }
    }
    let names = tree.files.iter().filter_map(|file| file.path.strip_prefix("supabase/tests/"));
    let names: Vec<&str> = names.filter(|name| name.ends_with(".sql") && !name.contains('/')).collect();
    check_numbers(&names, complaints);
}

fn check_numbers(names: &[&str], complaints: &mut Complaints) {
    for (expected, name) in (1_usize..).zip(names) {
        if !name.starts_with(&format!("{expected:02}-")) {
            complaints.push(format!("supabase/tests/{name}: its number should be {expected:02}, one after the other"));
            return;
        }
    }
}

/// The SQL with comments, strings and quoted names blanked. What stands between `$$` is code and stays.
fn without_text(sql: &str) -> String {
    let mut code = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == '\'' || first == '"' {
            rest.match_indices(first).nth(1).map_or(rest.len(), |(end, _)| end + 1)
        } else {
            code.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        };
        let (text, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        code.extend(text.chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
        rest = after;
    }
    code
}

#[cfg(test)]
mod tests {
    use super::{Complaints, check_numbers, without_text};

    #[test]
    fn comments_strings_and_quoted_names_are_no_code() {
        for (sql, code) in [
            ("select 1 -- SELECT\nfrom", "select 1          \nfrom"),
            ("a /* SELECT\n */ b", "a          \n    b"),
            ("x = 'it''s FROM' y", "x =              y"),
            ("\"SELECT\" é", "         é"),
            ("do $$ SELECT $$", "do $$ SELECT $$"),
            ("'never closed", "             "),
        ] {
            assert_eq!(without_text(sql), code);
        }
    }

    #[test]
    fn a_gap_in_the_numbers_is_found() {
        for (names, expected) in [
            (&["01-a.sql", "02-b.sql"][..], 0),
            (&["01-a.sql", "03-b.sql"], 1),
            (&["01-a.sql", "01-b.sql"], 1),
            (&["02-a.sql"], 1),
            (&["plans.sql"], 1),
            (&[], 0),
        ] {
            let mut complaints = Complaints::new();
            check_numbers(names, &mut complaints);
            assert_eq!(complaints.len(), expected, "{names:?}: {complaints:?}");
        }
    }
}
