/** Starts the pages: opens the hub that the document names, brings in the WebAssembly and the texts, and hands over. */
import init, { start } from "web-wasm";
import { Browser } from "./browser.ts";
import { pay } from "./checkout.ts";
import { Hub } from "./hub.ts";

const told = (name: string) => document.querySelector<HTMLMetaElement>(`meta[name=${name}]`)?.content ?? "";

const browser = new Browser();
const wasm = document.querySelector<HTMLLinkElement>("#wasm")!.href;
const [, catalogue] = await Promise.all([
  init({ module_or_path: wasm }),
  browser.catalogue(browser.language()),
]);
start(new Hub(told("hub-url"), told("hub-key")), browser, pay, catalogue ?? {});
