/**
 * What the browser of a page from elsewhere is told: that every page may ask, with which headers, and which headers of an
 * answer it may read. Functions say this for themselves, on the platform as here.
 */

/** Every page may read the answer. */
export const allOrigins = { "access-control-allow-origin": "*" };

/** What a page may read of an answer beyond what every page may; PostgREST's own list, and Auth's. */
const exposed = {
  rest:
    "Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, Range-Unit",
  auth: "X-Total-Count, Link, X-Supabase-Api-Version",
};

/** Answers a preflight. Lite asks for the service's own part first, and refuses where that is not there. */
export function preflight(request: Request): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...allOrigins,
      "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "",
      "access-control-allow-methods": "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD",
      "access-control-max-age": "86400",
      // What is allowed is what was asked for.
      "vary": "access-control-request-headers",
    },
  });
}

/** Lets every page read an answer of a service, whatever lite thinks of its origin. */
export function exposing(service: keyof typeof exposed, answer: Response): Response {
  answer.headers.set("access-control-allow-origin", "*");
  answer.headers.set("access-control-expose-headers", exposed[service]);
  return answer;
}
