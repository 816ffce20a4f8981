/** The bytes that a deploy uploads. Owns asking the real CLI, and compressing what it sent. */
import { join, root } from "../../scripts/local/paths.ts";
import { Deployer } from "../deploy/cli.ts";
import { startRecorder } from "../deploy/recorder.ts";

/** Files and bytes of one function. */
export interface Shipped {
  files: { path: string; raw: number; gzip: number }[];
  raw: number;
  gzip: number;
}

/** Measures ours as the CLI uploads it. The twin's own source is one file; supabase-js comes on top of it from npm. */
export async function measureShipped(folder: string): Promise<Record<"ours" | "twin", Shipped>> {
  const [project, token] = ["abcdefghijklmnopqrst", `sbp_${"0123456789".repeat(4)}`];
  const recorder = startRecorder(project, token);
  try {
    const deployer = await Deployer.prepare(folder, project, token);
    const { code, output } = await deployer.deploy(recorder.url, "generate-image", "--use-api");
    const [upload] = recorder.takeUploads();
    if (code !== 0 || !upload) throw new Error(`the CLI does not deploy:\n${output}`);
    const twin = await Deno.readFile(join(root, "tests/bench/twin/index.ts"));
    return { ours: await sum(upload.files), twin: await sum(new Map([["index.ts", twin]])) };
  } finally {
    await recorder.stop();
  }
}

async function sum(files: Map<string, Uint8Array<ArrayBuffer>>): Promise<Shipped> {
  const listed = await Promise.all([...files].map(async ([path, bytes]) => {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
    return { path, raw: bytes.byteLength, gzip: (await new Response(stream).bytes()).byteLength };
  }));
  const total = (of: "raw" | "gzip") => listed.reduce((bytes, file) => bytes + file[of], 0);
  return { files: listed, raw: total("raw"), gzip: total("gzip") };
}
