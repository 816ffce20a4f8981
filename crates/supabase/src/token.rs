//! A customer's token, as he sent it.
//!
//! Owns: reading it out of the header. Must not: believe it. PostgREST verifies it in the one call that uses it.

/// What stands behind `Bearer`: of the shape of a JWT, verified by nobody yet.
#[derive(Clone)]
pub struct CustomerToken(String);

impl CustomerToken {
    /// Reads the header `Authorization`; none when there is no token of that shape in it. Keys of the project are
    /// not tokens: supabase-js sends the publishable one here when nobody is signed in.
    #[must_use]
    pub fn from_authorization(header: &str) -> Option<Self> {
        let (scheme, token) = header.trim().split_once(' ')?;
        let token = token.trim();
        let parts = token.split('.').filter(|part| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'='))
        });
        (scheme.eq_ignore_ascii_case("bearer") && parts.count() == 3 && token.matches('.').count() == 2)
            .then(|| Self(token.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_jwt_is_a_token() {
        let rows = [
            ("Bearer aa.bb.cc", Some("aa.bb.cc")),
            ("bearer  aa.bb-_.cc= ", Some("aa.bb-_.cc=")),
            ("", None),
            ("aa.bb.cc", None),
            ("Basic aa.bb.cc", None),
            ("Bearer sb_publishable_x", None),
            ("Bearer aa.bb", None),
            ("Bearer aa.bb.cc.dd", None),
            ("Bearer aa..cc", None),
            ("Bearer aa.bb.cc dd", None),
            ("Bearer aa.bb.\u{e9}", None),
            ("Bearer a\na.bb.cc", None),
        ];
        for (header, expected) in rows {
            let token = CustomerToken::from_authorization(header);
            assert_eq!(token.as_ref().map(CustomerToken::as_str), expected, "{header:?}");
        }
    }
}
