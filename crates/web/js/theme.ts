/**
 * The theme and the language that the customer chose, set on the document before the first paint. Owns nothing but that
 * moment: from then on they are the pages' (`browser.ts`). A classic script that the browser waits for, so it stays tiny.
 */

const root = document.documentElement;
try {
  const theme = localStorage.getItem("theme");
  if (theme) root.dataset.theme = theme;
  root.lang = localStorage.getItem("language") ||
    (/^hi\b/i.test(navigator.language) ? "hi" : "en");
} catch {
  // A browser that keeps nothing for us shows its own theme, and English.
}
