/**
 * The engines of the matrix: every protocol that the hub speaks, each played by easel. Owns how a function is told to use
 * each of them, and how an order is told from all else that an engine is asked. Knows no fault.
 */
import { easelBinary } from "../../scripts/local/paths.ts";
import { type Child, startChild } from "../../scripts/local/process.ts";
import type { Seen } from "../edge/support/easel.ts";

/** Every protocol, and the dialects that are played apart. */
export const engineNames = [
  "hf-inference",
  "fal-ai",
  "replicate",
  "together",
  "openai",
  "webui-a1111",
  "webui-forge",
  "webui-sdcpp",
  "sdcpp",
] as const;

/** The name of an engine of the matrix. */
export type EngineName = typeof engineNames[number];

/** Flags of the easel that plays all but two of them. */
export const easelArgs = [
  ...["--mapping", "easel/fal=fal-ai:easel/fal/sketch"],
  ...["--mapping", "easel/replicate=replicate:easel/replicate-sketch"],
  ...["--mapping", "easel/together=together:easel/together-sketch"],
];

/** An engine of the matrix. */
export interface MatrixEngine {
  name: EngineName;
  /** What its function is told: text of TypeScript, in which `base` is the stack's own easel and `key` its key. */
  settings: string;
  /** The easel that plays it, where it is not the stack's own. */
  url?: string;
  /** The model that is recorded of a picture. */
  model: string;
  /** Whether a request is an order, and nothing that follows one. */
  isOrder(seen: Seen): boolean;
}

const isAt = (path: string) => (seen: Seen) => seen.method === "POST" && seen.path.split("?")[0] === path;

const webUi = (name: EngineName, url?: string): MatrixEngine => ({
  name,
  settings: `{ IMAGE_ENGINES: "webui", WEBUI_URL: ${url ? JSON.stringify(url) : "base"} }`,
  url,
  model: "sketch-1",
  isOrder: isAt("/sdapi/v1/txt2img"),
});

const routed = (name: EngineName, model: string, path: string): MatrixEngine => ({
  name,
  settings: `{ IMAGE_ENGINES: "huggingface/${name}:${model}" }`,
  model,
  isOrder: isAt(path),
});

/** The engines, two of which are processes of their own. */
export function engines(forgeUrl: string, sdcppUrl: string): MatrixEngine[] {
  return [
    routed("hf-inference", "easel/sketch-1", "/hf-inference/models/easel/sketch-1"),
    routed("fal-ai", "easel/fal", "/fal-ai/easel/fal/sketch"),
    routed("replicate", "easel/replicate", "/replicate/v1/models/easel/replicate-sketch/predictions"),
    routed("together", "easel/together", "/together/v1/images/generations"),
    {
      name: "openai",
      settings: `{ IMAGE_ENGINES: "openai:easel/sketch-1", OPENAI_BASE_URL: base + "/v1", OPENAI_API_KEY: key }`,
      model: "easel/sketch-1",
      isOrder: isAt("/v1/images/generations"),
    },
    webUi("webui-a1111"),
    webUi("webui-forge", forgeUrl),
    webUi("webui-sdcpp", sdcppUrl),
    {
      name: "sdcpp",
      settings: `{ IMAGE_ENGINES: "sdcpp:sketch-1", SDCPP_URL: base }`,
      model: "sketch-1",
      isOrder: isAt("/sdcpp/v1/img_gen"),
    },
  ];
}

/** A running easel of the matrix's own. */
export interface OwnEasel {
  url: string;
  stop(): Promise<void>;
}

/** Starts an easel whose web UI is of that dialect. */
export async function startEasel(dialect: "forge" | "sdcpp"): Promise<OwnEasel> {
  const listening = Promise.withResolvers<string>();
  const child: Child = startChild({
    command: [easelBinary, "--listen", "127.0.0.1:0", "--control", "--webui", dialect],
    env: {},
    deathSignal: "KILL",
    onLine(line) {
      const url = /^easel listening on (\S+)$/.exec(line)?.[1];
      if (url) listening.resolve(url);
    },
  });
  child.ended.then(() => listening.reject(new Error("easel ended before it listened")));
  return { url: await listening.promise, stop: () => child.stop() };
}
