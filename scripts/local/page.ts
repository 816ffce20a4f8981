/** The page at the stack's root: says what runs where, for whoever opens the address in a browser. Shows no secret. */

/** What the page tells. */
export interface PageFacts {
  url: string;
  engine: string;
  engineUrl: string;
  functions: string[];
}

/** Renders the page. */
export function rootPage(facts: PageFacts): Response {
  const row = (name: string, address: string) =>
    `<div><dt>${escape(name)}</dt><dd><code>${escape(address)}</code></dd></div>`;
  const rows = [
    row("Auth", `${facts.url}/auth/v1`),
    row("Data API", `${facts.url}/rest/v1`),
    row("Storage", `${facts.url}/storage/v1`),
    ...facts.functions.map((name) => row(`Function ${name}`, `${facts.url}/functions/v1/${name}`)),
    row(`Engine ${facts.engine}`, facts.engineUrl),
  ].join("\n");
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>AI Access Hub, local stack</title>
<meta name="color-scheme" content="light dark">
<style>
:root { --ground: #fbf8f3; --line: #e4dccf; --ink: #1c1917; --quiet: #5c5349; }
@media (prefers-color-scheme: dark) { :root { --ground: #14110f; --line: #38312b; --ink: #f4eee6; --quiet: #b3a899; } }
body { font: 17px/1.5 system-ui, sans-serif; background: var(--ground); color: var(--ink); max-width: 46rem;
  margin: 4rem auto; padding: 0 1rem; }
h1 { font-size: 28px; font-weight: 550; margin: 0; }
p { color: var(--quiet); }
dl { border-top: 1px solid var(--line); margin: 2rem 0; }
div { border-bottom: 1px solid var(--line); padding: 0.5rem 0; display: flex; flex-wrap: wrap; gap: 0 2rem; }
dt { flex: 0 0 15rem; font-weight: 550; }
dd { margin: 0; overflow-wrap: anywhere; }
code { font-size: 15px; }
</style>
<h1>AI Access Hub</h1>
<p>The local stack is running.</p>
<dl>
${rows}
</dl>
<p>A picture, from a second terminal: <code>./scripts/try "a beautiful sunset over mountains"</code></p>
<p>Keys and addresses for programs are in the file <code>local.env</code> of the stack's state, which is
<code>supabase/.temp</code> unless it was told otherwise.</p>
</html>
`;
  return new Response(html, { headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" } });
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
