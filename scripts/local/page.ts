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
    `<tr><th scope="row">${escape(name)}</th><td><code>${escape(address)}</code></td></tr>`;
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
<style>body{font:16px/1.5 system-ui;max-width:44rem;margin:4rem auto;padding:0 1rem}th{text-align:left;padding-right:2rem}</style>
<h1>AI Access Hub</h1>
<p>The local stack is running.</p>
<table>
${rows}
</table>
<p>Keys and addresses for programs are in <code>supabase/.temp/local.env</code>.</p>
</html>
`;
  return new Response(html, { headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" } });
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
