/** Starts the pages: opens the hub that the document names, brings in the WebAssembly and the texts, and hands over. */
import init, { start } from "web-wasm";
import { Browser } from "./browser.ts";
import { pay } from "./checkout.ts";
import { Hub } from "./hub.ts";

/** What is said where that does not come: there are no texts then. */
const failed = {
  en: "The studio did not open. Check the connection, then load this page again.",
  hi: "स्टूडियो नहीं खुला। कनेक्शन जाँचें, फिर यह पेज दोबारा खोलें।",
};

const told = (name: string) => document.querySelector<HTMLMetaElement>(`meta[name=${name}]`)?.content ?? "";

const browser = new Browser();
const wasm = document.querySelector<HTMLLinkElement>("#wasm")!.href;
try {
  const [, catalogue] = await Promise.all([
    init({ module_or_path: wasm }),
    browser.catalogue(browser.language()),
  ]);
  if (!catalogue) throw new Error("the texts did not come");
  start(new Hub(told("hub-url"), told("hub-key")), browser, pay, catalogue);
} catch (error) {
  const words = document.querySelector(".opening p");
  if (words) words.textContent = failed[browser.language() === "hi" ? "hi" : "en"];
  throw error;
}
