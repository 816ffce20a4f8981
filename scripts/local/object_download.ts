/**
 * Storage's `?download=<name>`: the object is to be saved under that name rather than shown. Lite does not know it. Owns
 * the header's form, which is the platform's, and nothing of who may read what.
 */

/** Marks the answer to a request for an object as a file to save, where the request asked for that. */
export function asDownload(url: URL, answer: Response): Response {
  const name = url.searchParams.get("download");
  if (name === null || !answer.ok || !/^\/storage\/v1\/(object|render)\//.test(url.pathname)) return answer;
  answer.headers.set("content-disposition", disposition(name));
  return answer;
}

function disposition(name: string): string {
  if (name === "") return "attachment;";
  // A lone surrogate cannot be written as UTF-8.
  const encoded = encodeURIComponent(name.toWellFormed());
  return `attachment; filename=${encoded}; filename*=UTF-8''${encoded};`;
}
