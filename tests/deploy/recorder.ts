/**
 * Stands in for Supabase's Management API: takes what `supabase functions deploy` sends and keeps it. Owns the few routes
 * that the CLI calls on its way; whatever else it calls is refused and listed, so that a test can see it.
 */

/** One function as it was uploaded. */
export interface Upload {
  slug: string;
  /** The `metadata` part, parsed. */
  metadata: Record<string, unknown>;
  /** Contents by path, as the parts are named. */
  files: Map<string, Uint8Array<ArrayBuffer>>;
}

/** A running stand-in. */
export interface Recorder {
  /** The address, to be written into a profile. */
  url: string;
  /** What was uploaded since this was last called. */
  takeUploads(): Upload[];
  /** Requests that a deploy is not known to send, and requests without the token. */
  unexpected: string[];
  stop(): Promise<void>;
}

/** Starts the stand-in for one project and one access token. */
export function startRecorder(project: string, token: string): Recorder {
  const unexpected: string[] = [];
  let uploads: Upload[] = [];
  const api = `/v1/projects/${project}`;

  async function answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const call = `${request.method} ${pathname}`;
    if (request.headers.get("authorization") !== `Bearer ${token}`) {
      unexpected.push(`${call} without the token`);
      return Response.json({ message: "Unauthorized" }, { status: 401 });
    }
    switch (call) {
      case `GET ${api}`:
        return Response.json({ id: project, ref: project, name: "recorder", status: "ACTIVE_HEALTHY" });
      case `GET ${api}/functions`:
        return Response.json([]);
      case `POST ${api}/functions/deploy`: {
        const upload = await read(searchParams.get("slug") ?? "", await request.formData());
        uploads.push(upload);
        return Response.json(deployed(upload), { status: 201 });
      }
      // Several functions are uploaded one by one and then made current in one go.
      case `PUT ${api}/functions`:
        return Response.json({ functions: await request.json() });
      default:
        unexpected.push(call);
        return Response.json({ message: "Not Found" }, { status: 404 });
    }
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    takeUploads() {
      const taken = uploads;
      uploads = [];
      return taken;
    },
    unexpected,
    stop: () => server.shutdown(),
  };
}

async function read(slug: string, form: FormData): Promise<Upload> {
  const upload: Upload = { slug, metadata: {}, files: new Map() };
  for (const [part, value] of form) {
    if (part === "metadata") upload.metadata = JSON.parse(typeof value === "string" ? value : await value.text());
    else if (part === "file" && value instanceof File) upload.files.set(value.name, await value.bytes());
    else throw new Error(`a part named ${part}`);
  }
  return upload;
}

function deployed({ slug, metadata }: Upload): Record<string, unknown> {
  return {
    id: crypto.randomUUID(),
    slug,
    name: metadata.name,
    version: 1,
    status: "ACTIVE",
    verify_jwt: metadata.verify_jwt,
    entrypoint_path: metadata.entrypoint_path,
    created_at: 0,
    updated_at: 0,
  };
}
