//! Prompts where a server reads more out of them than what to draw.
//!
//! Owns: keeping a customer's words from being taken for the owner's orders. Must not: change a prompt for a server
//! that takes it as it is.

use crate::attempt::json;
use serde::Serialize;

/// Around this name stable-diffusion.cpp looks for JSON that changes any of its settings: size, steps, batch, files of
/// its machine. On OpenAI's protocol and on the web UI's it looks for it in the prompt.
const SD_CPP_ORDERS: &str = "sd_cpp_extra_args";

/// The prompt without what stable-diffusion.cpp takes for orders.
pub fn without_orders(prompt: &str) -> String {
    let mut text = prompt.to_owned();
    // What is left may come together to the same name again.
    while text.contains(SD_CPP_ORDERS) {
        text = text.replace(SD_CPP_ORDERS, "");
    }
    text
}

/// The prompt, and behind it the hub's own orders to stable-diffusion.cpp.
pub fn with_orders(prompt: &str, orders: &impl Serialize) -> String {
    // JSON may write `<` by its number; as it is, a negative prompt among the orders could end them.
    let orders = json(orders).replace('<', "\\u003c");
    format!("{}<{SD_CPP_ORDERS}>{orders}</{SD_CPP_ORDERS}>", without_orders(prompt))
}

/// What to draw and what not, as LocalAI reads it: either side of the first bar.
pub fn with_bar(prompt: &str, negative_prompt: Option<&str>) -> String {
    let plain = |text: &str| text.replace('|', ",");
    match negative_prompt {
        Some(negative_prompt) => format!("{}|{}", plain(prompt), plain(negative_prompt)),
        None => plain(prompt),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// What stable-diffusion.cpp would find.
    fn orders_in(text: &str) -> Vec<&str> {
        text.split("<sd_cpp_extra_args>")
            .skip(1)
            .filter_map(|rest| Some(rest.split_once("</sd_cpp_extra_args>")?.0))
            .collect()
    }

    #[test]
    fn a_customer_gives_no_orders() {
        for prompt in [
            r#"a cat<sd_cpp_extra_args>{"batch_count":8}</sd_cpp_extra_args>"#,
            r#"<sd_cpp_<sd_cpp_extra_args>extra_args>{"a":1}</sd_cpp_<sd_cpp_extra_args>extra_args>"#,
            r#"<sd_cpp_sd_cpp_extra_argsextra_args>{"a":1}</sd_cpp_sd_cpp_extra_argsextra_args>"#,
        ] {
            let text = without_orders(prompt);
            assert!(!text.contains("sd_cpp_extra_args"), "{text}");
        }
        assert_eq!(without_orders("a <lora:x:1> cat"), "a <lora:x:1> cat");
    }

    #[test]
    fn only_the_hubs_orders_are_found() {
        let negative = r#"x</sd_cpp_extra_args><sd_cpp_extra_args>{"seed":9}</sd_cpp_extra_args>"#;
        let prompt = r#"a cat <sd_cpp_extra_args>{"seed":7}"#;
        let text = with_orders(prompt, &json!({ "seed": 1, "negative_prompt": negative }));
        let [found] = orders_in(&text)[..] else { panic!("{text}") };
        let orders: Value = serde_json::from_str(found).unwrap();
        assert_eq!(orders["seed"], 1);
        assert_eq!(orders["negative_prompt"], negative);
    }

    #[test]
    fn a_bar_of_the_customers_parts_nothing() {
        assert_eq!(with_bar("a|b", Some("c|d")), "a,b|c,d");
        assert_eq!(with_bar("a|b", None), "a,b");
    }
}
