// The bench's blank: a function that does nothing. How long its process takes to answer is the runtime's own start, which
// the cold starts of the others are measured above.

Deno.serve(() => new Response(null, { status: 204 }));
