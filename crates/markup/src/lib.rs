//! `view!` as Leptos writes it, for the elements of `web::markup`.
//!
//! Leptos gives every element a type of its own, made of the types of its attributes and children, and compiles the ways to
//! build, change and remove it for each. A customer waits for those bytes before anything is drawn. The elements in
//! `web::markup` are one type whose parts are decided when it runs; this macro lets them be written the same way.
//!
//! Owns: turning one element into calls of `web::markup::Element`. Must not: know any tag, attribute or event by name.

use proc_macro2::TokenStream;
use quote::quote;
use rstml::Infallible;
use rstml::node::{KeyedAttribute, Node, NodeAttribute, NodeBlock, NodeElement};
use syn::{Error, Expr, Stmt};

/// Elements, texts and blocks, as Leptos' `view!` reads them: `class=…` and any other attribute, `prop:…` for properties,
/// `on:…` for events, `style:--…` for custom properties, `node_ref=…`. What is more than one node is a list.
#[proc_macro]
pub fn view(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let expanded = rstml::parse2(tokens.into()).and_then(|nodes| all(&nodes));
    expanded.unwrap_or_else(|error| error.to_compile_error()).into()
}

fn all(nodes: &[Node]) -> syn::Result<TokenStream> {
    match nodes {
        [only] => one(only),
        several => {
            let children = several.iter().map(one).collect::<syn::Result<Vec<_>>>()?;
            Ok(quote! { crate::markup::Fragment::new() #(.child(#children))* })
        }
    }
}

fn one(node: &Node) -> syn::Result<TokenStream> {
    match node {
        Node::Element(found) => element(found),
        Node::Block(NodeBlock::ValidBlock(block)) => Ok(match block.stmts.as_slice() {
            // A block that only holds a value would be warned of.
            [Stmt::Expr(value, None)] => quote! { #value },
            _ => quote! { #block },
        }),
        Node::Text(text) => {
            let text = &text.value;
            Ok(quote! { #text })
        }
        other => Err(Error::new_spanned(other, "elements, texts in quotes and blocks are all that there is")),
    }
}

fn element(found: &NodeElement<Infallible>) -> syn::Result<TokenStream> {
    let name = found.name().to_string();
    // `use` is a word of Rust's.
    let name = name.strip_suffix('_').unwrap_or(&name);
    let attributes = found.attributes().iter().map(attribute).collect::<syn::Result<Vec<_>>>()?;
    let children = found.children.iter().map(one).collect::<syn::Result<Vec<_>>>()?;
    Ok(quote! { crate::markup::element(#name) #(#attributes)* #(.child(#children))* })
}

fn attribute(found: &NodeAttribute) -> syn::Result<TokenStream> {
    let NodeAttribute::Attribute(found) = found else {
        return Err(Error::new_spanned(found, "an attribute has a name"));
    };
    let name = found.key.to_string().replace(' ', "");
    Ok(match name.split_once(':') {
        Some(("on", event)) => {
            let (descriptor, handler) = (syn::parse_str::<syn::Ident>(event)?, value(found)?);
            quote! { .on(#event, ::leptos::ev::#descriptor, #handler) }
        }
        Some(("prop", property)) => {
            let value = value(found)?;
            quote! { .property(#property, #value) }
        }
        Some(("style", property)) => {
            let value = value(found)?;
            quote! { .style(#property, #value) }
        }
        _ if name == "node_ref" => {
            let place = value(found)?;
            quote! { .node_ref(#place) }
        }
        _ => match found.value() {
            Some(value) => quote! { .attribute(#name, #value) },
            None => quote! { .attribute(#name, "") },
        },
    })
}

fn value(found: &KeyedAttribute) -> syn::Result<&Expr> {
    found.value().ok_or_else(|| Error::new_spanned(&found.key, "this needs a value"))
}
